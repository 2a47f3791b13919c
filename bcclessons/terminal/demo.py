"""Playing a lesson's demo: the lesson in one terminal, a typing user in another."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pexpect

from bcclessons.console.text import Problem, Text

if TYPE_CHECKING:
    from bcclessons.console.console import Console
    from bcclessons.course.lesson import Lesson
    from bcclessons.course.output import Output
    from bcclessons.machines import Machine

# LESSOPEN is as Ubuntu's own .bashrc sets it, so that the demo shows a chain of
# programs: less reads its input through lesspipe, which it starts by a shell.
SHELL_SETTINGS = {
    # The lesson's file is in UTF-8; to another locale, less calls it binary.
    "LC_ALL": "C.UTF-8",
    "LESSOPEN": "| /usr/bin/lesspipe %s",
}
_PROMPT = "demo-prompt> "
# For an emulated machine that is busy otherwise; a lesson starts in 0.5 to 5 s.
_READY_SECONDS = 120.0
_QUIET_SECONDS = 0.7


class _Program:
    """The lesson's program: prints each line as it comes, and remembers when."""

    def __init__(
        self, process: pexpect.spawn[bytes], output: Output, show: Callable[[str], None]
    ) -> None:
        self.process = process
        self._show = show
        self.ready = threading.Event()
        # Set once nothing else is drawn on the terminal.
        self.may_show = threading.Event()
        self.broken: BrokenPipeError | None = None
        self.lines: list[str] = []
        self.events = 0
        self.last = time.monotonic()
        self._output = output
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                received = self.process.readline()
            except (OSError, pexpect.EOF, pexpect.TIMEOUT):
                break
            if not received:
                break
            line = received.decode(errors="replace").rstrip("\r\n")
            if line.startswith("^C"):
                continue
            self.lines.append(line)
            self.last = time.monotonic()
            if line == self._output.ready:
                self.ready.set()
            if self.ready.is_set():
                self.may_show.wait()
                self.events += bool(re.search(self._output.line, line))
                try:
                    self._show(line)
                except BrokenPipeError as error:
                    self.broken = error
                    break
        self.ready.set()

    def wait_until_quiet(self) -> None:
        """Wait for a first event, and then for a pause; for 5 seconds at most."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            quiet = time.monotonic() - self.last > _QUIET_SECONDS
            if (quiet and self.events) or self.broken:
                return
            time.sleep(0.02)

    def join(self) -> None:
        """Wait until the program has closed its terminal."""
        self._thread.join(10)


def play(
    machine: Machine,
    lesson: Lesson,
    show: Callable[[str], None],
    console: Console,
) -> None:
    """Run the lesson, type its demo in another terminal, and show what comes.

    Each line is shown as it comes, from the header on. Raise Problem if the lesson
    does not start, or prints no event.
    """
    folder = f"lessons/{lesson.folder.name}"
    shell = _spawn(
        machine.command(
            ["bash", "--noprofile", "--norc", "-i"],
            folder=folder,
            terminal=True,
            environment={**SHELL_SETTINGS, "PS1": _PROMPT, "TERM": "vt100"},
        )
    )
    process = _spawn(
        machine.command(
            [f"./{lesson.program}"], folder=folder, root=True, terminal=True
        )
    )
    try:
        program = _Program(process, lesson.output, show)
        _type(shell, lesson, program, console)
        program.wait_until_quiet()
        process.sendcontrol("c")
        program.join()
        if program.broken:  # nobody reads on, as with "| head"
            raise program.broken
        if not program.events:
            raise _no_event(lesson, program.lines)
    finally:
        for child in (shell, process):
            child.close(force=True)


def _spawn(argv: list[str]) -> pexpect.spawn[bytes]:
    child = pexpect.spawn(argv[0], argv[1:], timeout=_READY_SECONDS, echo=False)
    child.delaybeforesend = None
    return child


def _type(
    shell: pexpect.spawn[bytes], lesson: Lesson, program: _Program, console: Console
) -> None:
    """Type the demo's steps, each at a fresh prompt, once the lesson is ready."""
    prompt = _PROMPT.encode()
    try:
        waiting = Text(
            ja=f"{lesson.program} の見出しを待つ（BCC がコンパイルし，カーネルに読み込む）",
            en=f"Waiting for the header of {lesson.program}: BCC compiles, the kernel "
            "loads",
        )
        with console.waiting(waiting):
            shell.expect_exact(prompt)
            ready = program.ready.wait(_READY_SECONDS)
        program.may_show.set()
        if not ready or not program.process.isalive():
            program.join()
            raise _no_event(lesson, program.lines)
        for step in lesson.demo.steps:
            shell.sendline(step.command)
            if step.keys:
                # As a person would, wait until the command has taken the screen
                # over (it switches the keypad's mode). One that ends at once gets
                # no keys.
                if shell.expect_exact([b"\x1b=", prompt]) == 1:
                    continue
                program.wait_until_quiet()
                shell.send(step.keys)
            shell.expect_exact(prompt)
    except (pexpect.EOF, pexpect.TIMEOUT) as error:
        raise Problem(
            ja="デモを打ち込む端末が応えない．もう一度実行する．",
            en="the terminal that the demo is typed in does not answer; run it again.",
        ) from error


def _no_event(lesson: Lesson, lines: list[str]) -> Problem:
    said = [line for line in lines if line and line != lesson.output.ready][-8:]
    for line in said:
        print(line, file=sys.stderr)
    return Problem(
        ja=f"レッスン {lesson.label} はイベントを表示せずに終わった．"
        "このマシンを調べる: ./lab doctor",
        en=f"lesson {lesson.label} ended without showing an event; "
        "to look at this machine: ./lab doctor",
    )
