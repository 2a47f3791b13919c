"""One run of a lesson's program."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.kernel.on_machine.system import (
    TRACING,
    CaseError,
    Observation,
    die_with_parent,
    empty_trace_pipe,
    held_programs,
    loaded_programs,
    said_by_bcc,
    session_members,
    text,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

F_SETPIPE_SZ = 1031
TRACEPOINT = TRACING / "events/syscalls/sys_enter_execve/enable"
# BPF programs are freed a moment after their last user is gone.
FREEING_SECONDS = 5.0


class Asked(NamedTuple):
    """What a case is asked to do.

    ``line`` is the pattern of a line of the program's output, ``times`` how often
    the case does its thing, ``patience`` how many seconds it waits for anything.
    """

    program: Path
    line: re.Pattern[str]
    times: int
    patience: float

    def is_of(self, line: bytes | bytearray, pid: int) -> bool:
        """Tell whether a line of output has this PID."""
        found = self.line.fullmatch(text(line))
        return found is not None and int(found["pid"]) == pid


def environment() -> dict[str, str]:
    """Return this environment without what steers Python, as sudo makes it.

    With PYTHONUNBUFFERED, a line is two writes, and Ctrl-C can come between.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
    }


class Leftovers:
    """What was on the machine before the lesson, to find what it leaves there."""

    def __init__(self) -> None:
        self._programs = loaded_programs()
        self._tracepoint = TRACEPOINT.read_text().strip()

    def of(self, session: int) -> Observation:
        """Return what a lesson that has ended left behind."""
        for _ in waiting(FREEING_SECONDS):
            programs = loaded_programs() - self._programs
            if programs:
                # Another's lesson may run beside ours: its programs have a holder.
                programs -= held_programs().keys()
            processes = session_members(session)
            if not (programs or processes):
                break
        return {
            "programs": sorted(programs),
            "processes": processes,
            "tracepoint_before": self._tracepoint,
            "tracepoint_after": TRACEPOINT.read_text().strip(),
        }


class Lesson:
    """One run of the program. Leaving the block ends it, whatever happened.

    Its stdout goes to a pipe that is read here; or to ``into``, if given; or,
    with ``terminal``, to a terminal of its own, together with its stderr. What
    bcc itself says before the header is not counted or returned as the lesson's.
    """

    def __init__(
        self, asked: Asked, *, terminal: bool = False, into: int | None = None
    ) -> None:
        self.patience = asked.patience
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._asked = asked
        empty_trace_pipe()
        self._leftovers = Leftovers()
        # A terminal ends a line in two bytes.
        self._noise = said_by_bcc().replace(b"\n", b"\r\n" if terminal else b"\n")
        self._signalled: float | None = None
        self._streams: dict[int, bytearray] = {}
        ours: list[int] = []
        if terminal:
            self.master, slave = pty.openpty()
            self._streams[self.master] = self.stdout
            stdin = stdout = stderr = slave
            ours = [slave]
        else:
            stdin = os.open(os.devnull, os.O_RDONLY)
            reader, stderr = os.pipe()
            self._streams[reader] = self.stderr
            ours = [stdin, stderr]
            if into is None:
                reader, stdout = os.pipe()
                # So large that it is never we who make the lesson wait.
                fcntl.fcntl(stdout, F_SETPIPE_SZ, 1 << 20)
                self._streams[reader] = self.stdout
                ours.append(stdout)
            else:
                stdout = into

        def before_exec() -> None:
            die_with_parent()
            if terminal:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.started = time.monotonic()
        self._process = subprocess.Popen(
            [asked.program],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment(),
            start_new_session=True,
            preexec_fn=before_exec,
        )
        self.pid = self._process.pid
        for descriptor in ours:
            os.close(descriptor)

    def __enter__(self) -> Lesson:
        return self

    def __exit__(self, *exception: object) -> None:
        self._kill()
        for descriptor in self._streams:
            os.close(descriptor)
        self._streams = {}

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def lines(self) -> int:
        """The number of whole lines on its stdout so far."""
        return self.stdout.count(b"\n", self._bccs_own(self.stdout))

    @property
    def skipped(self) -> int:
        """How often the kernel has not run its BPF programs where it should have."""
        return sum(held_programs(self.pid).values())

    def _bccs_own(self, stream: bytearray) -> int:
        """Return how many bytes at the start of a stream are bcc's own words.

        A lesson that is ended while it starts may leave off in their middle.
        """
        start = bytes(stream[: len(self._noise)])
        return len(start) if self._noise.startswith(start) else 0

    def pump(self, seconds: float) -> None:
        """Take what it has written, waiting for it at most so long."""
        ready, _, _ = select.select(list(self._streams), [], [], max(seconds, 0))
        for descriptor in ready:
            try:
                data = os.read(descriptor, 65536)
            except OSError:  # EIO: the last user of the terminal has closed it
                data = b""
            if data:
                self._streams[descriptor] += data
            else:
                del self._streams[descriptor]
                os.close(descriptor)
        if not self._streams:
            time.sleep(min(seconds, 0.005))

    def pump_until(
        self, done: Callable[[], bool], seconds: float | None = None
    ) -> bool:
        """Take what it writes until ``done()``; False if it ended or time did."""
        end = time.monotonic() + (self.patience if seconds is None else seconds)
        while not done():
            left = end - time.monotonic()
            if left <= 0 or not self._streams:
                return False
            self.pump(min(left, 0.2))
        return True

    def pump_until_lines(self, count: int) -> bool:
        """Take what it writes until there are so many lines; False as above."""
        return self.pump_until(lambda: self.lines >= count)

    def pump_until_printed(self, pid: int, seconds: float) -> bool:
        """Take what it writes until a new line has this PID; False as above."""
        place = self.stdout.rfind(b"\n") + 1

        def printed() -> bool:
            nonlocal place
            while (end := self.stdout.find(b"\n", place)) >= 0:
                line = self.stdout[place:end].rstrip(b"\r")
                place = end + 1
                if self._asked.is_of(line, pid):
                    return True
            return False

        return self.pump_until(printed, seconds)

    def pump_for(self, seconds: float) -> None:
        """Take what it writes for so long."""
        self.pump_until(lambda: False, seconds)

    def wait_ready(self) -> float:
        """Wait for its header; return the seconds that it took from the start."""
        if not self.pump_until_lines(1):
            raise CaseError(
                f"no header; stdout {self.stdout!r}, stderr {self.stderr!r}"
            )
        return time.monotonic() - self.started

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; its time until the end is counted from here."""
        self._signalled = time.monotonic()
        os.kill(self.pid, number)

    def type(self, keys: bytes) -> None:
        """Press keys on its terminal; its time until the end is counted from here."""
        self._signalled = time.monotonic()
        os.write(self.master, keys)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Keep it from reading anything for the length of the block."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def finish(self, **also: object) -> Observation:
        """Wait for its end; return how it ended and all that it wrote.

        ``status`` is that of subprocess (minus the signal's number), and None
        if it had to be killed.
        """
        begin = time.monotonic() if self._signalled is None else self._signalled
        status: int | None = None
        seconds: float | None = None
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if self._streams:
                self.pump(0.05)
            else:  # it has closed its streams, so its end is near
                time.sleep(0.001)
            if not self.running:
                status, seconds = self._process.returncode, time.monotonic() - begin
                break
        self._kill()
        self.pump_for(1.0)
        return {
            "status": status,
            "seconds": seconds,
            "stdout": text(self.stdout[self._bccs_own(self.stdout) :]),
            "stderr": text(self.stderr[self._bccs_own(self.stderr) :]),
            "left": self._leftovers.of(self.pid),
            **also,
        }

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
