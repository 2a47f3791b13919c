"""Two panes in one terminal (tmux): the lesson above, a shell below."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Language, Text

if TYPE_CHECKING:
    from bcclessons.course.lesson import Lesson
    from bcclessons.machines import Machine

_KEYS = Text(
    ja=" Ctrl-Q: 終了 | Ctrl-C: 上のプログラムを止める | F2: 窓を移る ",
    en=" Ctrl-Q: leave | Ctrl-C: stop the program above | F2: other pane ",
)

_ALWAYS = (
    "set -g default-terminal screen-256color",
    "set -g escape-time 0",
    "set -g exit-empty on",
)


def show(machine: Machine, lesson: Lesson, language: Language) -> None:
    """Run the lesson in the upper pane until the reader leaves with Ctrl-Q."""
    folder = f"lessons/{lesson.folder.name}"
    shell = machine.inside(["bash"], root=os.geteuid() == 0)
    run = shlex.join(machine.inside([f"./{lesson.program}"], root=True))
    # Ctrl-C ends the program, not this script: a shell follows, to run it again.
    script = (
        f"trap : INT; echo {shlex.quote('# ' + run)}; {run}; exec {shlex.join(shell)}"
    )
    upper = machine.command(["sh", "-c", script], folder=folder, terminal=True)
    lower = machine.command(shell, folder=folder, terminal=True)
    size = shutil.get_terminal_size()
    with tmux(_settings(lesson, language), size, [upper, lower]) as command:
        subprocess.run([*command, "attach-session"], check=False, env=environment())


@contextmanager
def tmux(
    settings: Sequence[str], size: os.terminal_size, panes: Sequence[Sequence[str]]
) -> Iterator[list[str]]:
    """Run a command in each pane of a tmux, from above; yield tmux's own command.

    It works in a folder of its own: nobody else's tmux, nobody else's settings.
    """
    private = tempfile.mkdtemp(prefix="bcc-lessons-")
    try:
        file = Path(private) / "tmux.conf"
        file.write_text("".join(f"{line}\n" for line in (*_ALWAYS, *settings)))
        command = ["tmux", "-u", "-S", f"{private}/tmux", "-f", str(file)]
        first, *more = map(shlex.join, panes)
        start = f"new-session -d -x {size.columns} -y {size.lines}".split()
        start.append(first)
        for pane in more:
            start += [";", "split-window", "-v", pane]
        subprocess.run([*command, *start], check=True, env=environment())
        yield command
    finally:
        with _undisturbed():
            subprocess.run([*command, "kill-server"], capture_output=True, check=False)
            shutil.rmtree(private, ignore_errors=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put off what would end this process, until what is done here is done.

    Where a terminal closes, tmux ends at once, and the signal comes a moment later.
    """
    signals = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def environment() -> dict[str, str]:
    """Return the environment of a tmux that may run within another."""
    return {name: value for name, value in os.environ.items() if name != "TMUX"}


def _settings(lesson: Lesson, language: Language) -> list[str]:
    keys = _KEYS.to(language)
    name = f" {lesson.label} {lesson.program}"
    return [
        "set -g mouse on",
        "set -g status-style bg=colour24,fg=colour231",
        "set -g status-left-length 25",
        f"set -g status-left '{name} '",
        "set -g status-right-length 120",
        f"set -g status-right '{keys}'",
        "set -g window-status-format ''",
        "set -g window-status-current-format ''",
        "bind -n C-q kill-session",
        "bind -n F2 select-pane -t :.+",
    ]
