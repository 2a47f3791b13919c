"""A run of a learner's program, in a PID namespace. For machines: Python 3.9.

The program may do anything: hang, flood, fork without end, ignore Ctrl-C.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bcclessons.grading import namespace
from bcclessons.grading.contract import Limits

_F_SETPIPE_SZ = 1031


class Program:
    """A running program. Use as a context manager: leaving it ends all that it started.

    Raise OSError where the kernel does not start it.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.flooded = False
        self.bomb = False
        self.left = 0
        self.made = 0
        self.status: int | None = None
        self.waited = 0.0
        self._most_bytes = limits.most_bytes
        self._last_output = time.monotonic()
        self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        out, out_writer = os.pipe()
        err, err_writer = os.pipe()
        # So large that it is not the observer, busy with a step, who makes it wait.
        fcntl.fcntl(out, _F_SETPIPE_SZ, 1 << 20)
        self._streams = {out: self.stdout, err: self.stderr}
        self._parent = os.fork()
        if not self._parent:
            namespace.exit_after(
                lambda: namespace.hold(
                    path, limits.most_processes, theirs, out_writer, err_writer
                )
            )
        theirs.close()
        os.close(out_writer)
        os.close(err_writer)
        self.running = True
        self._pid = self._control.recv(4096).decode()
        started = self._control.recv(4096).decode() if self._pid.isdigit() else ""
        if started != namespace.STARTED:
            self.close()
            if not started:  # the traceback is on stderr
                raise RuntimeError("no PID namespace for the program")
            raise OSError(0, started)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, and wait until nothing of it is left."""
        if self.running and self._streams:
            self._ask_for_report()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._parent, signal.SIGKILL)
        # This process is a subreaper: it becomes the parent of the namespace's first.
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
        self._control.close()
        for stream in self._streams:
            os.close(stream)
        self._streams = {}
        self.running = False

    def _ask_for_report(self) -> None:
        """Have how many processes it made, though it has not ended."""
        self._control.settimeout(2.0)
        with contextlib.suppress(OSError, ValueError):
            self._control.send(bytes([namespace.REPORT]))
            self._end(self._report())

    def shows(self, line: str) -> bool:
        """Tell whether it has printed this line."""
        return line.encode() in bytes(self.stdout).split(b"\n")[:-1]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it has started in its session."""
        with contextlib.suppress(OSError):
            self._control.send(bytes([number]))

    def pump(self, seconds: float) -> None:
        """Take what it has written, waiting for it at most so long.

        Exit where standard input ends: then nobody wants to know any more.
        """
        self._note_waiting()
        control = [self._control.fileno()] if self.running else []
        ready, _, _ = select.select([0, *control, *self._streams], [], [], seconds)
        for source in ready:
            if source in self._streams:
                self._take(source)
            elif source in control:
                self._end(self._report())
            elif not os.read(0, 4096):
                raise SystemExit("nobody waits for the observation")

    def _note_waiting(self) -> None:
        """Note for how long its threads had to wait for a CPU, since it started."""
        total = 0
        with contextlib.suppress(OSError):  # it, or a thread of it, has ended
            for thread in os.listdir(f"/proc/{self._pid}/task"):
                path = Path(f"/proc/{self._pid}/task/{thread}/schedstat")
                total += int(path.read_text().split()[1])
        self.waited = max(self.waited, total / 1e9)

    def _take(self, stream: int) -> None:
        data = os.read(stream, 65536)
        kept = self._streams[stream]
        if data and len(kept) + len(data) <= self._most_bytes:
            kept += data
            self._last_output = time.monotonic()
            return
        self.flooded |= bool(data)
        os.close(stream)
        del self._streams[stream]

    def _report(self) -> bytes:
        try:
            return self._control.recv(4096)
        except ConnectionResetError:
            # It ended before it had read a signal; what it sent comes after this error.
            return self._control.recv(4096)

    def _end(self, report: bytes) -> None:
        self.running = False
        if report:
            data: dict[str, Any] = json.loads(report)
            self.bomb, self.left = data["bomb"], data["left"]
            self.made, self.status = data["made"], data["status"]

    def pump_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Take what it writes until ``done()``; return False if time is up.

        The time that it waits for a CPU does not count, up to twice as much.
        """
        end, before = time.monotonic() + seconds, self.waited
        while not done():
            left = end + min(self.waited - before, 2 * seconds) - time.monotonic()
            if left <= 0:
                return False
            self.pump(min(left, 0.05))
        return True

    def run(self, seconds: float) -> None:
        """Let it run for so long; less if it ends, or floods."""
        self.pump_until(lambda: not self.running or self.flooded, seconds)

    def settle(self, quiet: float) -> None:
        """Wait until it prints nothing more, for so many seconds; 12 times that at most.

        While it waits for a CPU, it cannot print, and is not quiet.
        """
        self._last_output = time.monotonic()
        before = self.waited

        def is_quiet() -> bool:
            nonlocal before
            self._last_output += self.waited - before
            before = self.waited
            return time.monotonic() - self._last_output > quiet

        self.pump_until(
            lambda: not self.running or self.flooded or is_quiet(), 12 * quiet
        )

    def wait(self, seconds: float) -> None:
        """Wait for its end, and for the rest of what it printed."""
        if self.pump_until(lambda: not self.running, seconds):
            self.pump_until(lambda: not self._streams, 1.0)
