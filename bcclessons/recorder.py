"""Recording a run: a lesson in a real terminal of a VM, and somebody who types."""

from __future__ import annotations

import codecs
import datetime
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect

from bcclessons import picture
from bcclessons.demo import SHELL_SETTINGS
from bcclessons.lesson import MAIN, Lesson, Run
from bcclessons.machine import debian
from bcclessons.machine.vm import Vm
from bcclessons.panes import environment, tmux
from bcclessons.recording import Recording
from bcclessons.text import Problem, Text

if TYPE_CHECKING:
    from bcclessons.console import Console
    from bcclessons.machine.debian import Release

_SIZE = os.terminal_size((80, 28))
_LOWER_LINES = 8
# The pictures are for readers of any language: no line of words below.
_SETTINGS = ("set -g status off", "set -g pane-active-border-style default")
_PROMPT = "$"
_SHELL = ("bash", "--noprofile", "--norc", "-i")
_AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
_FACTS = "uname -r; /usr/bin/python3 -c 'import bcc; print(bcc.__version__)'"
# For an emulated machine that is busy otherwise; a lesson starts in 4 to 14 s.
_PATIENCE = 120.0
# Longer than a lesson is silent while more is to come.
_QUIET = 1.5
_KEY = 0.06
_BREATH = 0.6
_IDLE_LIMIT = 2.0
_RULE = "─" * 40


@dataclass(frozen=True)
class Taken:
    """A run that was recorded: as text, and as an asciicast of its terminal."""

    recording: Recording
    cast: str


class _Terminal:
    """A terminal with tmux in it, and somebody who looks at it and types."""

    def __init__(self, command: list[str], *, hurried: bool) -> None:
        self._tmux = command
        self._hurried = hurried
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._seen: list[tuple[float, str]] = []
        self._process = pexpect.spawn(
            command[0],
            [*command[1:], "attach-session"],
            dimensions=(_SIZE.lines, _SIZE.columns),
            env={**environment(), "TERM": "xterm-256color"},
        )
        self._process.delaybeforesend = None
        self._begin = time.monotonic()

    def close(self) -> None:
        """End the terminal, but not tmux."""
        self._process.close(force=True)

    def cast(self) -> str:
        """Return what has been on the terminal, as an asciicast of version 2."""
        header = {
            "version": 2,
            "width": _SIZE.columns,
            "height": _SIZE.lines,
            "idle_time_limit": _IDLE_LIMIT,
        }
        lines = [header, *([round(at, 3), "o", text] for at, text in self._seen)]
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

    def ask(self, *arguments: str) -> str:
        """Return what tmux answers."""
        done = subprocess.run(
            [*self._tmux, *arguments], stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    def watch(self, seconds: float) -> None:
        """Look at the terminal for some seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                received = self._process.read_nonblocking(65536, timeout=left)
            except pexpect.TIMEOUT:
                return
            except pexpect.EOF as error:
                raise _no_answer() from error
            if text := self._decoder.decode(received):
                self._seen.append((time.monotonic() - self._begin, text))

    def watch_until(self, fits: Callable[[], bool]) -> None:
        """Look at the terminal until something is so. Raise Problem if it stays away."""
        end = time.monotonic() + _PATIENCE
        while not fits():
            if time.monotonic() > end:
                raise _no_answer()
            self.watch(0.1)

    def breathe(self) -> None:
        """Do nothing for a moment."""
        self.watch(0 if self._hurried else _BREATH)

    def press(self, keys: str) -> None:
        """Press keys, one by one."""
        for key in keys:
            self._process.send(key)
            self.watch(0 if self._hurried else _KEY)


class _Window:
    """A window of the terminal, with a shell in it."""

    def __init__(self, terminal: _Terminal, pane: int) -> None:
        self._terminal = terminal
        self._pane = f":.{pane}"

    def text(self) -> str:
        """Return all that it has shown; long lines are whole."""
        shown = self._terminal.ask(*f"capture-pane -p -J -S - -t {self._pane}".split())
        return "\n".join(line.rstrip() for line in shown.splitlines()).rstrip()

    def said(self) -> str:
        """Return all that it has shown before the prompt that it ends with."""
        return self.text().removesuffix(_PROMPT).rstrip()

    def prompts(self) -> bool:
        """Tell whether the shell waits for a command."""
        last = self.text().rpartition("\n")[2]
        return last.removeprefix("^C") == _PROMPT and not self._screen_taken()

    def _screen_taken(self) -> bool:
        """Tell whether a pager or the like has the whole window."""
        format_ = "#{alternate_on}"
        answer = self._terminal.ask("display-message", "-p", "-t", self._pane, format_)
        return answer.strip() == "1"

    def type(self, command: str) -> None:
        """Type a command at the prompt."""
        self._terminal.watch_until(self.prompts)
        self.enter()
        self._terminal.press(command)
        self._terminal.watch_until(lambda: self.text().endswith(command))
        self._terminal.press("\r")

    def leave_screen(self, keys: str) -> None:
        """Press the keys that end the command, once it has drawn its screen.

        One that ends at once gets no keys.
        """
        self._terminal.watch_until(lambda: self._screen_taken() or self.prompts())
        if self._screen_taken():
            self._terminal.breathe()
            self._terminal.press(keys)

    def enter(self) -> None:
        """Make it the window that keys go to."""
        self._terminal.breathe()
        self._terminal.ask("select-pane", "-t", self._pane)

    def settle(self) -> None:
        """Wait until nothing more appears."""
        before = None
        while before != (now := self.text()):
            before = now
            self._terminal.watch(_QUIET)


def record(
    lesson: Lesson, run: Run, cache: Path, console: Console, *, hurried: bool = False
) -> Taken:
    """Record a run in a VM of its own; ``hurried``, nobody types at a human's pace.

    Raise Problem if it does not go as ``run`` says.
    """
    release = release_of(run)
    with tempfile.TemporaryDirectory(prefix="bcc-lessons-") as name:
        private = Path(name)
        _copy(lesson, run, private / "checkout")
        machine = Vm(
            private / "checkout", release, cache, console, folder=private / "vm"
        )
        with machine:
            kernel, bcc = _call(machine, _FACTS).split()
            _call(machine, run.prepare)
            with _terminal(machine, lesson, run, hurried=hurried) as terminal:
                body = _play(terminal, lesson, run)
                cast = terminal.cast()
    if run.name == MAIN and not re.search(lesson.output.line, body, re.MULTILINE):
        raise _not_as_planned(lesson, run, body)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    command = f"./lab record {lesson.label} {run.name}"
    return Taken(Recording(command, today, release.title, kernel, bcc, body), cast)


def write(taken: Taken, lesson: Lesson, run: Run, checkout: Path) -> list[Path]:
    """Write a run beside its lesson, as text and as cast, and return the paths.

    A picture that the checkout has of this run is drawn anew, too.
    """
    texts = {
        lesson.folder / f"{run.stem}.txt": str(taken.recording),
        lesson.folder / f"{run.stem}.cast": taken.cast,
    }
    drawn = checkout / "docs/pictures" / f"{run.stem}-{lesson.label}.svg"
    if drawn.exists():
        texts[drawn] = picture.draw(taken.recording, lesson.program)
    for path, text in texts.items():
        path.with_name(f".{path.name}.new").write_text(text, encoding="utf-8")
    for path in texts:
        path.with_name(f".{path.name}.new").replace(path)
    return list(texts)


def release_of(run: Run) -> Release:
    """Return the release that a run takes place on."""
    return debian.release(run.on) if run.on else debian.RELEASES[0]


def changed(lesson: Lesson, run: Run) -> str:
    """Return the lesson's program as a run has it. Raise Problem if it cannot be."""
    program = lesson.source.read_text(encoding="utf-8")
    for change in run.change:
        if (count := program.count(change.from_)) != 1:
            raise Problem(
                Text(
                    ja=f"{lesson.program} に「{change.from_}」が {count} か所ある．"
                    f"1 か所だけに合うように，lesson.toml の runs（{run.name}）を直す．",
                    en=f"{lesson.program} has '{change.from_}' in {count} places, not "
                    f"in one; mend the run {run.name} in lesson.toml.",
                )
            )
        program = program.replace(change.from_, change.to)
    return program


def _copy(lesson: Lesson, run: Run, checkout: Path) -> None:
    """Make a checkout with nothing but the lesson, for every user to read."""
    folder = checkout / "lessons" / lesson.folder.name
    no_recordings = shutil.ignore_patterns("run*.txt", "run*.cast")
    shutil.copytree(lesson.folder, folder, ignore=no_recordings)
    (folder / lesson.program).write_text(changed(lesson, run), encoding="utf-8")
    for path in (checkout, *checkout.rglob("*")):
        executable = path.is_dir() or os.access(path, os.X_OK)
        path.chmod(0o755 if executable else 0o644)


def _call(machine: Vm, script: str) -> str:
    """Run a script on the machine, out of sight, and return what it prints."""
    done = subprocess.run(
        machine.command(["sh", "-ec", script]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Problem(
            Text(
                ja=f"VM の中でコマンドが失敗した: {script}",
                en=f"a command failed in the VM: {script}",
            )
        )
    return done.stdout


@contextmanager
def _terminal(
    machine: Vm, lesson: Lesson, run: Run, *, hurried: bool
) -> Iterator[_Terminal]:
    """Open a terminal: a window for the lesson, and below it one for the steps."""
    shell = machine.command(
        _SHELL if run.user == "root" else [*_AS_NOBODY, *_SHELL],
        folder=f"lessons/{lesson.folder.name}",
        terminal=True,
        environment={**SHELL_SETTINGS, "PS1": f"{_PROMPT} "},
    )
    with tmux(_SETTINGS, _SIZE, [shell] * (2 if run.steps else 1)) as command:
        terminal = _Terminal(command, hurried=hurried)
        try:
            if run.steps:
                terminal.ask("resize-pane", "-t", ":.1", "-y", str(_LOWER_LINES))
            yield terminal
        finally:
            terminal.close()


def _play(terminal: _Terminal, lesson: Lesson, run: Run) -> str:
    """Do in the terminal what the run says, and return what it showed."""
    upper, lower = _Window(terminal, 0), _Window(terminal, 1)
    for line in run.typed or [f"sudo ./{lesson.program}"]:
        upper.type(line)
    if run.steps:
        ready = re.compile(f"^{re.escape(lesson.output.ready)}$", re.MULTILINE)
        terminal.watch_until(
            lambda: bool(ready.search(upper.text())) or upper.prompts()
        )
        for step in run.steps:
            lower.type(step.command)
            if step.keys:
                lower.leave_screen(step.keys)
            terminal.watch_until(lower.prompts)
            upper.settle()
        upper.enter()
        terminal.press("\x03")
    terminal.watch_until(upper.prompts)
    terminal.watch(_BREATH)
    shown = [upper, lower] if run.both else [upper]
    return f"\n{_RULE}\n".join(window.said() for window in shown) + "\n"


def _no_answer() -> Problem:
    return Problem(
        Text(
            ja="録画している端末に，待っているものが現れない．もう一度実行する．",
            en="what is waited for does not appear on the recorded terminal; "
            "run it again.",
        )
    )


def _not_as_planned(lesson: Lesson, run: Run, body: str) -> Problem:
    last = body.rpartition("\n")[2]
    return Problem(
        Text(
            ja=f"レッスン {lesson.label} の {run.name} が，lesson.toml のとおりに"
            f"進まなかった（最後の行: {last}）．",
            en=f"lesson {lesson.label} did not go as lesson.toml says for {run.name} "
            f"(its last line: {last}).",
        )
    )
