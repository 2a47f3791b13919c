"""What the supervisor of a VM and its users tell each other: files, a lock, signals."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bcclessons.setup.files import write_atomically

LOCK = "supervisor"
"""The file that a supervisor holds the lock of."""

SLEEP, WAKE = signal.SIGUSR1, signal.SIGUSR2
"""The signals that pause a supervisor's guest, and let it go on."""


@dataclass(frozen=True)
class State:
    """A supervisor whose guest can be logged in to, and how: port, control socket.

    ``started`` tells its process from another of the same number: a number of
    /proc/PID/stat.
    """

    pid: int
    started: str
    port: int
    control: str

    def write(self, folder: Path) -> None:
        """Leave it for the users of this folder."""
        write_atomically(folder / "state.json", json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> State:
        """Read what ``write`` left. Raise OSError or ValueError if there is none."""
        try:
            return cls(**json.loads((folder / "state.json").read_text()))
        except TypeError as error:  # of another version
            raise ValueError("not a state") from error

    @staticmethod
    def remove(folder: Path) -> None:
        """Remove what ``write`` left."""
        (folder / "state.json").unlink(missing_ok=True)

    def is_alive(self) -> bool:
        """Tell whether the supervisor has not ended."""
        return start_time(self.pid) == self.started

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to the supervisor; return False if it has ended."""
        try:
            process = os.pidfd_open(self.pid)
        except OSError:
            return False
        with os.fdopen(process):
            if not self.is_alive():
                return False
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, number)
            return True


def start_time(pid: int) -> str:
    """Return when a process was started, in ticks since boot; "" if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def is_supervised(folder: Path) -> bool:
    """Tell whether a supervisor holds its lock."""
    try:
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def state_of(folder: Path) -> State | None:
    """Return the state of the supervisor that holds the lock; None if there is none.

    A supervisor that was killed leaves its state behind.
    """
    try:
        state = State.read(folder)
    except (OSError, ValueError):
        return None
    return state if is_supervised(folder) and state.is_alive() else None
