"""Two panes in one terminal: the lesson above, a shell below."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

from bcclessons.console.text import Language, Text
from bcclessons.setup.system import utf8_settings
from bcclessons.terminal import tmux

if TYPE_CHECKING:
    from bcclessons.course.lesson import Lesson
    from bcclessons.machines import Machine

# The key to leave comes first: a narrow terminal cuts the end off.
_KEYS = Text(
    ja="Ctrl-Q: 終了 | F2: ペインを移る | Ctrl-C: プログラムを止める",
    en="Ctrl-Q: leave | F2: other pane | Ctrl-C: stop the program",
)


# Measured on 2026-11-25: 0.3 s on the host, 3 to 9 s in an emulated VM.
_COMPILING = Text(
    ja="まず BCC がコンパイルする（10 秒まで）",
    en="BCC compiles it first: up to 10 s",
)


def show(machine: Machine, lesson: Lesson, language: Language) -> None:
    """Run the lesson in the upper pane until the reader leaves with Ctrl-Q."""
    folder = f"lessons/{lesson.folder.name}"
    upper = program_command(machine, folder, lesson.program, language)
    lower = shell_command(machine, folder)
    size = shutil.get_terminal_size()
    with tmux.session(settings(lesson, language), size, [upper, lower]) as command:
        tmux.attach(command)


def program_command(
    machine: Machine, folder: str, program: str, language: Language
) -> list[str]:
    """Return the command that runs a program of a folder in a terminal, then a shell.

    Ctrl-C ends the program alone; in the shell, one can run it again.
    """
    run = shlex.join(machine.local_command([f"./{program}"], root=True))
    shell = shlex.join(machine.shell())
    said = f"# {run}\n# {_COMPILING.to(language)}"
    script = f"trap : INT; echo {shlex.quote(said)}; {run}; exec {shell}"
    return _in_terminal(machine, ["sh", "-c", script], folder)


def shell_command(machine: Machine, folder: str) -> list[str]:
    """Return the command of a shell in a folder."""
    return _in_terminal(machine, machine.shell(), folder)


def _in_terminal(machine: Machine, argv: list[str], folder: str) -> list[str]:
    settings = utf8_settings()
    return machine.command(argv, folder=folder, terminal=True, environment=settings)


def settings(lesson: Lesson, language: Language) -> list[str]:
    """Return tmux's settings: the keys, and a status line that names them."""
    return [
        "set -g mouse on",
        "set -g status-style bg=colour24,fg=colour231",
        "set -g status-left-length 200",
        f"set -g status-left ' {lesson.label}  {_KEYS.to(language)} '",
        "set -g status-right ''",
        "set -g window-status-format ''",
        "set -g window-status-current-format ''",
        "bind -n C-q kill-session",
        "bind -n F2 select-pane -t :.+",
    ]
