"""The processes that a test has started, told from all others by a word of its own.

The word is one that no other process knows, as the path of the test's own folder. To
see those of root, or those in a VM, run it there, on Python 3.9 or newer:

    /usr/bin/python3 tests/processes.py WORD
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def started_with(word: str) -> dict[int, str]:
    """Return the command lines of the processes that have the word, by their PIDs.

    They have it in the command line, the environment or the current folder. This
    process is none of them, nor are those from which it descends.
    """
    found = {}
    ours = _ancestors()
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        line = _read(process / "cmdline").replace("\0", " ").strip()
        # Those that have ended have no command line.
        if pid in ours or not line:
            continue
        texts = [line, _read(process / "environ"), _folder(process)]
        if any(word in text for text in texts):
            found[pid] = line
    return found


def left_of(word: str, seconds: float = 10) -> dict[int, str]:
    """Wait until no process has the word; return those that have it after all."""
    end = time.monotonic() + seconds
    while (left := started_with(word)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def _ancestors() -> set[int]:
    found = set()
    pid = os.getpid()
    while pid:
        found.add(pid)
        # The name, in brackets, may hold brackets and blanks.
        fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        pid = int(fields[1]) if fields else 0
    return found


def _read(path: Path) -> str:
    try:
        return os.fsdecode(path.read_bytes())
    except OSError:  # it has ended meanwhile, or is another user's
        return ""


def _folder(process: Path) -> str:
    try:
        return os.readlink(process / "cwd")
    except OSError:
        return ""


if __name__ == "__main__":
    for line in started_with(sys.argv[1]).values():
        print(line)
