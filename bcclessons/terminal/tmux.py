"""A tmux of one's own: its sessions, its terminal, and its end."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bcclessons.console.text import Problem
from bcclessons.setup.temporary import temporary_folder

_ALWAYS = (
    "set -g default-terminal screen-256color",
    "set -g escape-time 0",
    "set -g exit-empty on",
)


@contextmanager
def session(
    settings: Sequence[str], size: os.terminal_size, panes: Sequence[Sequence[str]]
) -> Iterator[list[str]]:
    """Run a command in each pane of a session, from above; yield tmux's own command.

    It works in a folder of its own: nobody else's tmux, nobody else's settings. The
    server ends with the block, or with this process. Raise Problem if it does not start.
    """
    lines = "".join(f"{line}\n" for line in (*_ALWAYS, *settings))
    first, *more = map(shlex.join, panes)
    start = f"new-session -d -x {size.columns} -y {size.lines}".split()
    start.append(first)
    for pane in more:
        start += [";", "split-window", "-v", pane]
    with ExitStack() as stack:
        try:
            private = stack.enter_context(
                temporary_folder('tmux -S "$0/tmux" kill-server')
            )
            (private / "tmux.conf").write_text(lines)
        except OSError as error:
            raise _not_started(error.strerror) from error
        command = ["tmux", "-u", "-S", f"{private}/tmux", "-f", f"{private}/tmux.conf"]
        started = subprocess.run(
            [*command, *start],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            # It looks at its terminal, if there is one, though it draws nothing.
            env={**environment(), "TERM": "xterm-256color"},
        )
        if started.returncode != 0:
            raise _not_started(started.stderr.strip())
        yield command


# Leave the other screen, show the cursor, no mouse, no pasted brackets, plain letters.
_RESET = "\x1b[?1049l\x1b[?25h\x1b[?1000;1002;1003;1006;2004l\x1b[?1l\x1b>\x1b[m\r"


def attach(command: Sequence[str]) -> None:
    """Show a session on this process's terminal until its user leaves it.

    Raise Problem, with the terminal as it was, if tmux ends in another way.
    """
    before = termios.tcgetattr(sys.stdin)
    client = subprocess.run(
        # It ends with this process, even by SIGKILL.
        ["setpriv", "--pdeathsig", "TERM", *command, "attach-session"],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**environment(), "TERM": terminal_type()},
    )
    if client.returncode == 0:
        # Over tmux's own last line, "[exited]": it is English, and says nothing.
        sys.stdout.write("\x1b[A\x1b[2K")
        sys.stdout.flush()
        return
    if client.returncode < 0:  # killed, so that it could not clean up
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        sys.stdout.write(_RESET)
        sys.stdout.flush()
        reason = signal.Signals(-client.returncode).name
    else:
        reason = client.stderr.strip() or f"status {client.returncode}"
    raise Problem(
        ja=f"2 つのペインを表示していた tmux が終わった（{reason}）．もう一度実行する．",
        en=f"tmux, which showed the two panes, has ended ({reason}); run this again.",
    )


def environment() -> dict[str, str]:
    """Return the environment of a tmux that may run within another."""
    return {name: value for name, value in os.environ.items() if name != "TMUX"}


def terminal_type() -> str:
    """Return a TERM that tmux can draw on here. Raise Problem if there is none."""
    name = os.environ.get("TERM", "")
    if name in ("", "dumb", "unknown"):
        raise Problem(
            ja=f"この端末（TERM={name}）は画面を 2 つに分けられない．ほかの端末で動かすか，"
            "デモだけを見る: ./lab run 02 --demo",
            en=f"this terminal (TERM={name}) cannot show two panes; use another one, or "
            "watch the demo: ./lab run 02 --demo",
        )
    # tmux moves the cursor by "cup"; tput fails where a terminal is not described.
    known = subprocess.run(
        ["tput", "-T", name, "cup", "0", "0"], capture_output=True, check=False
    )
    # What is newer than this system's descriptions draws as xterm does.
    return name if known.returncode == 0 else "xterm-256color"


def _not_started(reason: str | None) -> Problem:
    return Problem(
        ja=f"tmux が始まらない（{reason}）．ディスクの空きと /tmp を確かめるか，デモだけを"
        "見る: ./lab run 02 --demo",
        en=f"tmux does not start ({reason}); check the free disk space and /tmp, or "
        "watch the demo: ./lab run 02 --demo",
    )
