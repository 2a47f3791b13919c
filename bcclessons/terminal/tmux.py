"""A tmux of one's own: its sessions, its terminal, and its end."""

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

from bcclessons.console.text import Problem

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
    server ends with the block. Raise Problem if it does not start.
    """
    lines = "".join(f"{line}\n" for line in (*_ALWAYS, *settings))
    first, *more = map(shlex.join, panes)
    start = f"new-session -d -x {size.columns} -y {size.lines}".split()
    start.append(first)
    for pane in more:
        start += [";", "split-window", "-v", pane]
    try:
        private = Path(tempfile.mkdtemp(prefix="bcc-lessons-"))
    except OSError as error:
        raise _not_started(error.strerror) from error
    command = ["tmux", "-u", "-S", f"{private}/tmux", "-f", f"{private}/tmux.conf"]
    try:
        try:
            (private / "tmux.conf").write_text(lines)
        except OSError as error:
            raise _not_started(error.strerror) from error
        started = subprocess.run(
            [*command, *start],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment(),
        )
        if started.returncode != 0:
            raise _not_started(started.stderr.strip())
        yield command
    finally:
        with signals_blocked():
            subprocess.run([*command, "kill-server"], capture_output=True, check=False)
            shutil.rmtree(private, ignore_errors=True)


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Block the signals that would end this process, to the end of the block.

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
