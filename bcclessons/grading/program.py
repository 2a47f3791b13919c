"""A run of a learner's program, in a PID namespace. For machines: Python 3.9.

The program may do anything: hang, flood, fork without end, ignore Ctrl-C. When the
first process of a PID namespace ends, the kernel kills all others in it at once, and
lets none be made; and that process is killed when the observer ends. So nothing is
left, whatever was done. The program sees the machine's own /proc.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from bcclessons.grading.contract import Limits
from bcclessons.grading.processes import die_with_parent, new_pid_namespace

_F_SETPIPE_SZ = 1031
_STARTED = "started"
_LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
"""The number of the process that was made last in this namespace."""


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
            _exit_after(
                lambda: _hold_namespace(
                    path, limits.most_processes, theirs, out_writer, err_writer
                )
            )
        theirs.close()
        os.close(out_writer)
        os.close(err_writer)
        self.running = True
        started = self._control.recv(4096).decode()
        if started != _STARTED:
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
        control = [self._control.fileno()] if self.running else []
        ready, _, _ = select.select([0, *control, *self._streams], [], [], seconds)
        for source in ready:
            if source in self._streams:
                self._take(source)
            elif source in control:
                self._end(self._control.recv(4096))
            elif not os.read(0, 4096):
                raise SystemExit("nobody waits for the observation")

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

    def _end(self, report: bytes) -> None:
        self.running = False
        if report:
            data: dict[str, Any] = json.loads(report)
            self.bomb, self.left = data["bomb"], data["left"]

    def pump_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Take what it writes until ``done()``; return False if time is up."""
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.pump(min(left, 0.05))
        return True

    def settle(self, quiet: float) -> None:
        """Wait until it prints nothing more, for so many seconds; ten at most."""
        self._last_output = time.monotonic()
        self.pump_until(
            lambda: (
                not self.running
                or self.flooded
                or time.monotonic() - self._last_output > quiet
            ),
            10,
        )

    def wait(self, seconds: float) -> None:
        """Wait for its end, and for the rest of what it printed."""
        if self.pump_until(lambda: not self.running, seconds):
            self.pump_until(lambda: not self._streams, 1.0)


def _exit_after(do: Callable[[], object]) -> NoReturn:
    """Do something in a child that was forked, and end it, whatever happens."""
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        die_with_parent()
        do()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _hold_namespace(
    path: Path, most: int, control: socket.socket, out: int, err: int
) -> None:
    """Make the namespace and its first process, and wait for the end of that."""
    new_pid_namespace()
    first = os.fork()
    if not first:
        _exit_after(lambda: _be_first(path, most, control, out, err))
    control.close()
    os.close(out)
    os.close(err)
    os.waitpid(first, 0)


def _be_first(
    path: Path, most: int, control: socket.socket, out: int, err: int
) -> None:
    """Be the namespace's first process: start the program, pass signals on, report."""
    # It must see a fork bomb before that has all of a slow machine.
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        program = subprocess.Popen(
            [path],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=path.parent,
            env=_environment(),
            start_new_session=True,
            preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, 0),
        )
    except OSError as error:
        control.send(str(error.strerror).encode())
        return
    os.close(out)
    os.close(err)
    control.send(_STARTED.encode())
    ended = os.pidfd_open(program.pid)
    bomb = False
    while not bomb:
        ready, _, _ = select.select([control.fileno(), ended], [], [], 0.1)
        if ended in ready:
            break
        if control.fileno() in ready:
            number = control.recv(1)
            if not number:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, number[0])
        last = _last_pid()
        bomb = last is not None and last > most
    control.send(json.dumps({"bomb": bomb, "left": _kill_rest()}).encode())


def _last_pid() -> int | None:
    try:
        return int(_LAST_PID.read_text())
    except OSError:  # a kernel without CONFIG_CHECKPOINT_RESTORE
        return None


def _kill_rest() -> int:
    """Kill all other processes of the namespace; return how many there were.

    For a second at most: the kernel kills the rest when this process ends.
    """
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # those that have ended already
            pass
    count = 0
    end = time.monotonic() + 1
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        while time.monotonic() < end:
            os.kill(-1, signal.SIGKILL)
            os.waitpid(-1, 0)
            count += 1
    return count


def _environment() -> dict[str, str]:
    """Return this environment as sudo makes it: without what steers Python.

    But what print() writes comes at once, as it does on the learner's own terminal.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return {**kept, "PYTHONUNBUFFERED": "1"}
