"""Run a learner's program on this machine, do what its exercise says, tell what came.

    /usr/bin/python3 -m bcclessons.grading.on_machine <ORDERS >OBSERVED

Both are a line of JSON; checking.py has their meaning. It ends at once when its
standard input is closed, as it is when the ./lab that asks has ended. It judges
nothing. It is run as root by the Python of whichever machine the exercise runs on, in
a VM too, so it needs nothing but the standard library of Python 3.9. The program may
do anything: hang, flood, fork, ignore Ctrl-C. Nothing of it is left when this ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

TRACING = Path("/sys/kernel/tracing")

libc = ctypes.CDLL(None, use_errno=True)
libc.execve.argtypes = [ctypes.c_void_p] * 3
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
    ctypes.c_long,
]  # fmt: skip

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36

Json = dict[str, Any]


class Program:
    """A run of the learner's program, in a session of its own."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.flooded = False
        self.last = time.monotonic()
        self._most = most_bytes
        self._process = subprocess.Popen(
            [path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=path.parent,
            env=_environment(),
            start_new_session=True,
            preexec_fn=_restore_signals,
        )
        pairs = (
            (self._process.stdout, self.stdout),
            (self._process.stderr, self.stderr),
        )
        self._readers = []
        for stream, kept in pairs:
            assert stream is not None
            reader = threading.Thread(
                target=self._read, args=(stream.fileno(), kept), daemon=True
            )
            reader.start()
            self._readers.append(reader)

    def _read(self, stream: int, kept: bytearray) -> None:
        while data := os.read(stream, 65536):
            self.last = time.monotonic()
            if len(kept) + len(data) > self._most:
                self.flooded = True
                return
            kept += data

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def shows(self, line: str) -> bool:
        """Tell whether it has printed this line."""
        return line.encode() in bytes(self.stdout).split(b"\n")[:-1]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it has started in its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def settle(self, quiet: float) -> None:
        """Wait until it prints nothing more, for so many seconds; ten at most."""
        begin = self.last = time.monotonic()
        while self.running and not self.flooded and time.monotonic() - begin < 10:
            if time.monotonic() - self.last > quiet:
                return
            time.sleep(0.02)

    def wait(self, seconds: float) -> None:
        """Wait for its end, and for the rest of what it printed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            for reader in self._readers:
                # Not for ever: what it has started may hold its streams.
                reader.join(1.0)


def _environment() -> dict[str, str]:
    """Return this environment as sudo makes it: without what steers Python.

    But what print() writes comes at once, as it does on the learner's own terminal.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def _restore_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent()


def die_with_parent() -> None:
    """Have this process killed when its parent ends, however that ends."""
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def observe(orders: Json) -> Json:
    """Run the program as ordered; return what it printed, and what is true."""
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    calls: list[Json] = []
    with tempfile.TemporaryDirectory(prefix="bcc-lessons-") as folder:
        path = Path(folder) / "my_sample"
        path.write_text(orders["program"], encoding="utf-8")
        path.chmod(0o755)
        empty_trace_pipe()
        try:
            program = Program(path, orders["most_bytes"])
        except OSError as error:
            return {"ended": "unstartable", "said": error.strerror}
        try:
            ended = _drive(program, orders, calls)
        finally:
            left = _end_descendants()
    return {
        "ended": ended,
        "stdout": program.stdout.decode(errors="replace"),
        "stderr": program.stderr.decode(errors="replace"),
        "calls": calls,
        "left": left,
    }


def _drive(program: Program, orders: Json, calls: list[Json]) -> str:
    """Wait for the header, take the steps, press Ctrl-C; return how it ended."""
    end = time.monotonic() + orders["ready_seconds"]
    printed = False
    while not program.shows(orders["ready"]):
        if not printed and b"\n" in program.stdout:
            # What has begun to print would have its header soon, if it had it at all.
            printed = True
            end = min(end, time.monotonic() + orders["header_seconds"])
        if program.flooded:
            return "flooded"
        if not program.running:
            program.wait(0)
            return "early"
        if time.monotonic() > end:
            return "hung"
        time.sleep(0.01)
    quiet = orders["quiet_seconds"]
    for number, step in enumerate(orders["steps"]):
        kind = step["kind"]
        if kind == "call":
            calls.extend([{**make_call(step), "step": number}] * step["times"])
        elif kind == "marker":
            _write_marker(step["text"].encode())
        elif kind == "echo":
            last = (bytes(program.stdout).splitlines() or [b""])[-1]
            _write_marker(step["text"].encode() + last)
        elif kind == "settle":
            program.settle(quiet)
        else:
            program.send(signal.SIGSTOP if kind == "stop" else signal.SIGCONT)
    program.settle(quiet)
    if program.flooded:
        return "flooded"
    if not program.running:
        program.wait(0)
        return "by itself"
    program.send(signal.SIGINT)
    program.wait(orders["end_seconds"])
    return "deaf" if program.running else "interrupted"


def _write_marker(line: bytes) -> None:
    """Write a line to the trace buffer, as any program may."""
    with open(TRACING / "trace_marker", "wb", 0) as marker:
        marker.write(line)


def make_call(step: Json) -> Json:
    """Have a child of its own call execve as a step says; return what is true of it."""
    if not step["thread"]:
        return _child_calls(step)
    facts: list[Json] = []
    thread = threading.Thread(target=lambda: facts.append(_child_calls(step)))
    thread.start()
    thread.join()
    return facts[0]


def _child_calls(step: Json) -> Json:
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            os.close(told)
            _become(step, tell)
        os._exit(0)
    os.close(tell)
    with os.fdopen(told, "rb") as stream:
        said = stream.read()  # to its end: execve closes the pipe
    after = time.monotonic_ns()
    os.waitpid(child, 0)
    facts: Json = {}
    for line in said.splitlines():
        facts.update(json.loads(line))
    return {"result": 0, **facts, "after": after}


def _become(step: Json, tell: int) -> None:
    """Become the caller, below ancestors of the names asked for, and call execve."""
    die_with_parent()
    # All calls on one CPU, so that it is one buffer that they fill.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for name in step["ancestors"]:
        set_name(name)
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return
    set_name(step["name"])
    os.setresgid(*[step["gid"]] * 3)
    os.setresuid(*[step["uid"]] * 3)
    facts = {
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "before": time.monotonic_ns(),
    }
    os.write(tell, json.dumps(facts).encode() + b"\n")
    kept: list[Any] = []
    file = step["file"].encode() + b"\0"
    address = untouched(file) if step["absent"] else _address(file, kept)
    args = [_address(word.encode() + b"\0", kept) for word in step["argv"]]
    argv = _address(struct.pack(f"{len(args) + 1}P", *args, 0), kept)
    for _ in range(step["times"]):
        libc.execve(address, argv, None)
    os.write(tell, json.dumps({"result": -ctypes.get_errno()}).encode() + b"\n")


def _address(data: bytes, kept: list[Any]) -> int:
    """Put data into memory that ``kept`` keeps; return where it is."""
    kept.append(ctypes.create_string_buffer(data, len(data)))
    return ctypes.addressof(kept[-1])


def untouched(data: bytes) -> int:
    """Return the address of data that is in a file and, so far, not in memory."""
    file = os.memfd_create("data")
    os.write(file, data)
    address: int = libc.mmap(None, len(data), mmap.PROT_READ, mmap.MAP_PRIVATE, file, 0)
    return address


def set_name(name: str) -> None:
    """Name this thread."""
    libc.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


def empty_trace_pipe() -> None:
    """Read the trace pipe dry: it keeps each line until somebody has read it.

    Where another program reads it, it is that one's.
    """
    with contextlib.suppress(OSError):  # EBUSY from open(), EAGAIN when it is dry
        pipe = os.open(TRACING / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        try:
            while os.read(pipe, 65536):
                pass
        finally:
            os.close(pipe)


def _end_descendants() -> int:
    """Kill what is left below this process; return how many were still there.

    Orphans are this process's children, whatever sessions they have made.
    """
    count = 0
    while left := _children(os.getpid()):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        count += len(left)
    with contextlib.suppress(ChildProcessError):  # until none is left
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return count


def _children(parent: int) -> list[int]:
    """Return the children of a process, but for those that have ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, ppid = stat.read_bytes().rpartition(b")")[2].split()[:2]
            if int(ppid) == parent and state != b"Z":
                found.append(int(stat.parent.name))
    return found


def _end_when_alone() -> None:
    """End this process when nobody is left who could want its answer."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM)


def _stop(number: int, _frame: object) -> NoReturn:
    # Ctrl-C pressed twice must not cut the first one's cleaning short.
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(f"ended by {signal.Signals(number).name}")


def main() -> None:
    """Follow the orders on standard input."""
    # End through every `finally` when this process is told to end, or hangs.
    for number in _ENDING:
        signal.signal(number, _stop)
    orders = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_when_alone, daemon=True).start()
    signal.alarm(orders["most_seconds"])
    json.dump(observe(orders), sys.stdout)
    print()


if __name__ == "__main__":
    main()
