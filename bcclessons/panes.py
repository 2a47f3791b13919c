"""Two panes in one terminal (tmux): the lesson above, a shell below."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.text import Language, Text

if TYPE_CHECKING:
    from bcclessons.lesson import Lesson
    from bcclessons.machine import Machine

_KEYS = Text(
    ja=" Ctrl-Q: 終了 | Ctrl-C: 上のプログラムを止める | F2: 窓を移る ",
    en=" Ctrl-Q: leave | Ctrl-C: stop the program above | F2: other pane ",
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
    # In a folder of our own: nobody else's tmux, nobody else's settings.
    with tempfile.TemporaryDirectory(prefix="bcc-lessons-") as private:
        settings = Path(private) / "tmux.conf"
        settings.write_text(_settings(lesson, language))
        tmux = ["tmux", "-u", "-S", f"{private}/tmux", "-f", str(settings)]
        environment = {k: v for k, v in os.environ.items() if k != "TMUX"}
        size = shutil.get_terminal_size()
        try:
            subprocess.run(
                [*tmux, "new-session", "-d", "-x", str(size.columns), "-y", str(size.lines),
                 shlex.join(upper), ";", "split-window", "-v", shlex.join(lower)],
                check=True, env=environment,
            )  # fmt: skip
            subprocess.run([*tmux, "attach-session"], check=False, env=environment)
        finally:
            subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


def _settings(lesson: Lesson, language: Language) -> str:
    keys = _KEYS.to(language)
    name = f" {lesson.label} {lesson.program}"
    return "\n".join(
        (
            "set -g default-terminal screen-256color",
            "set -g mouse on",
            "set -g escape-time 0",
            "set -g exit-empty on",
            "set -g status-style bg=colour24,fg=colour231",
            "set -g status-left-length 25",
            f"set -g status-left '{name} '",
            "set -g status-right-length 120",
            f"set -g status-right '{keys}'",
            "set -g window-status-format ''",
            "set -g window-status-current-format ''",
            "bind -n C-q kill-session",
            "bind -n F2 select-pane -t :.+",
            "",
        )
    )
