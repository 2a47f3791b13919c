"""A person at a terminal who answers a command's question."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence


def answer(
    command: Sequence[str], typed: bytes, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run a command in a terminal, type once it asks; return its status and output."""
    ours, theirs = pty.openpty()
    # Ctrl-C is a signal only from the terminal of a session.
    setsid = shutil.which("setsid")
    assert setsid is not None
    process = subprocess.Popen(
        [setsid, "--ctty", *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    shown, answered, end = b"", False, time.monotonic() + 20
    try:
        while time.monotonic() < end:
            if select.select([ours], [], [], 1)[0]:
                shown += os.read(ours, 4096)
            else:  # a Ctrl-C just before Python waits for a line is lost
                answered = False
            if typed and b"[Y/n]" in shown and not answered:
                os.write(ours, typed)
                answered = True
    except OSError:  # how a terminal whose other side is closed ends
        pass
    os.close(ours)  # hangs up on one that still waits
    try:
        return process.wait(10), shown.decode().replace("\r\n", "\n")
    finally:
        process.kill()
