"""Run one tool that prints each execve on this machine, and measure it; prints JSON.

    /usr/bin/python3 -m tools.peer_run CALLS PATTERN COMMAND …

Run as root by the Python of whichever machine is measured: Python 3.9 and its standard
library. The tool prints to a terminal, as for who types it.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty
from contextlib import suppress
from pathlib import Path

# The names of who calls execve and of what it starts: tools print one of them.
CALLER = "peer-caller"
STARTED = "peer-started"
_PROCESSES = 2
_START_SECONDS = 180.0
_QUIET_SECONDS = 2.0
# What tools say when events were lost.
_LOST = re.compile(rb"\b[Ll]ost [1-9]|\bLOST [1-9]")
_TICK = os.sysconf("SC_CLK_TCK")


class _Output:
    """The lines that have a pattern among what a tool prints to its terminal."""

    def __init__(self, terminal: int, pattern: bytes) -> None:
        self.count = 0
        self.said: list[str] = []
        self.last = ""
        self.at = time.monotonic()
        self._terminal = terminal
        self._pattern = re.compile(pattern)
        self._rest = b""
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._terminal, 1 << 16)
            except OSError:  # nobody has the terminal any more
                return
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            self.last = next(
                (x.decode(errors="replace") for x in reversed(lines) if x.strip()),
                self.last,
            )
            found = sum(1 for line in lines if self._pattern.search(line))
            self.said += [line.decode() for line in lines if _LOST.search(line)]
            if found:
                self.count += found
                self.at = time.monotonic()


def call(path: str, times: int) -> None:
    """Call execve, under the caller's name, in children that then end."""
    Path("/proc/self/comm").write_text(CALLER)
    for _ in range(times):
        os.waitpid(os.posix_spawn(path, [path], {}), 0)


def _storm(path: str, times: int) -> None:
    argv = [sys.executable, "-B", "-m", "tools.peer_run", "call", path, str(times)]
    callers = [subprocess.Popen(argv) for _ in range(_PROCESSES)]
    for caller in callers:
        if caller.wait() != 0:
            raise SystemExit("a caller failed")


def _processes(session: int) -> list[Path]:
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                rest = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(rest[3]) == session:
                found.append(path)
    return found


def _cpu_seconds(session: int) -> float:
    total = 0
    for path in _processes(session):
        rest = (path / "stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, rest[11:15]))  # children that have ended, too
    return total / _TICK


def _peak_bytes(session: int) -> int:
    total = 0
    for path in _processes(session):
        found = re.search(r"VmHWM:\s+(\d+) kB", (path / "status").read_text())
        total += int(found[1]) * 1024 if found else 0
    return total


def measure(command: list[str], pattern: str, calls: int) -> dict[str, object]:
    """Start a tool, make calls of execve, end it; return what was measured.

    Seconds from its start to the first line of an event; the calls made, the lines of
    them; CPU seconds of the tool meanwhile, user and system; its peak of memory, bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/{STARTED}"
        os.symlink("/bin/true", path)
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        begin = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        output = _Output(ours, pattern.encode())
        try:
            name = Path("/proc/self/comm").read_text()
            while not output.count:
                if (
                    time.monotonic() - begin > _START_SECONDS
                    or process.poll() is not None
                ):
                    time.sleep(0.2)  # until what it said last is read
                    raise SystemExit(f"no event ({output.last.strip()})")
                call(path, 1)
                time.sleep(0.01)
            Path("/proc/self/comm").write_text(name)
            first = output.at - begin
            while time.monotonic() - output.at < _QUIET_SECONDS:
                time.sleep(0.1)
            before, cpu = output.count, _cpu_seconds(process.pid)
            started = time.monotonic()
            _storm(path, calls // _PROCESSES)
            seconds = time.monotonic() - started
            while time.monotonic() - output.at < _QUIET_SECONDS:
                time.sleep(0.1)
            cpu = _cpu_seconds(process.pid) - cpu
            peak = _peak_bytes(process.pid)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            output.reading.join(5)
    return {
        "start_seconds": first,
        "calls": calls // _PROCESSES * _PROCESSES,
        "printed": output.count - before,
        "storm_seconds": seconds,
        "cpu_seconds": cpu,
        "peak_bytes": peak,
        "said": output.said[:3],
    }


def main(arguments: list[str]) -> None:
    """Measure, or be a process that calls execve."""
    if arguments[0] == "call":
        call(arguments[1], int(arguments[2]))
        return
    calls, pattern, *command = arguments
    print(json.dumps(measure(command, pattern, int(calls))))


if __name__ == "__main__":
    main(sys.argv[1:])
