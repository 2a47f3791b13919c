"""Run one case of a lesson on this machine and print what was observed, as JSON.

    /usr/bin/python3 tests/kernel/on_machine.py CASE PROGRAM [--count N] [--patience S]

It judges nothing: it makes events whose truth it knows, runs the lesson as a
learner does, and prints one JSON object. The tests compare the two. It is run
as root by the Python of whichever machine is tested, in a VM too, so it needs
nothing but the standard library of Python 3.9.

Bytes are written as the text that latin-1 makes of them: a process name may hold
any byte, and each must come through. Times are nanoseconds of CLOCK_MONOTONIC,
the clock of bpf_ktime_get_ns(); seconds are seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import itertools
import json
import os
import platform
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PYTHON = "/usr/bin/python3"
NOBODY = 65534
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_GET_NAME = 16
F_SETPIPE_SZ = 1031
BPF_PROG_GET_NEXT_ID = 11
BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
TRACEPOINT = Path("/sys/kernel/tracing/events/syscalls/sys_enter_execve/enable")
# BPF programs are freed a moment after their last user is gone.
FREEING_SECONDS = 5.0

# Each is the name of a process that calls execve. The kernel keeps 15 bytes.
COMMS = (
    b"plain",
    b"fifteen-letters",
    b"sixteen-letters-",
    b"two words",
    b"12 34 digits",
    " 名前".encode(),
    b"\xff\xfe raw \x85",
    b"",
)

libc = ctypes.CDLL(None, use_errno=True)

Observation = dict[str, Any]


class CaseError(Exception):
    """A case that could not be carried out, so that there is nothing to judge."""


# What the machine says.


def text(data: bytes | bytearray) -> str:
    """Return bytes as text that keeps each of them."""
    return bytes(data).decode("latin-1")


def set_name(name: bytes) -> bytes:
    """Name this thread; return the name that the kernel made of it."""
    libc.prctl(PR_SET_NAME, name, 0, 0, 0)
    return name_of_this_thread()


def name_of_this_thread() -> bytes:
    """Return the name that the kernel has for this thread."""
    kept = ctypes.create_string_buffer(16)
    libc.prctl(PR_GET_NAME, kept, 0, 0, 0)
    return kept.value


def die_with_parent() -> None:
    """Have this process killed when its parent ends, however that ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def loaded_programs() -> set[int]:
    """Return the identities of the BPF programs in the kernel."""
    attributes = (ctypes.c_uint32 * 32)()
    found = set()
    while (
        libc.syscall(
            ctypes.c_long(BPF_SYSCALL),
            ctypes.c_long(BPF_PROG_GET_NEXT_ID),
            ctypes.byref(attributes),
            ctypes.c_long(ctypes.sizeof(attributes)),
        )
        == 0
    ):
        found.add(attributes[1])
        attributes[0], attributes[1] = attributes[1], 0
    error = ctypes.get_errno()
    if error != 2:  # ENOENT: there is no next one
        raise OSError(error, os.strerror(error))
    return found


def held_programs() -> set[int]:
    """Return the identities of the BPF programs that living processes hold."""
    held = set()
    for info in Path("/proc").glob("[0-9]*/fdinfo/*"):
        with contextlib.suppress(OSError):
            for found in re.finditer(r"^prog_id:\s*(\d+)", info.read_text(), re.M):
                held.add(int(found[1]))
    return held


def session_members(session: int) -> list[int]:
    """Return the living processes of a session."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name, in brackets, may hold brackets and blanks.
            fields = stat.read_bytes().rpartition(b")")[2].split()
            if int(fields[3]) == session and fields[0] != b"Z":
                members.append(int(stat.parent.name))
    return members


def signal_is(pid: int, mask: str, number: signal.Signals) -> bool:
    """Tell whether a signal is in a process's SigCgt, SigIgn or SigBlk mask."""
    found = re.search(
        rf"^{mask}:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.M
    )
    return bool(found and int(found[1], 16) >> (number - 1) & 1)


def environment() -> dict[str, str]:
    """Return this environment without what steers Python, as sudo makes it.

    With PYTHONUNBUFFERED, a line is two writes, and Ctrl-C can come between.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
    }


def said_by_bcc() -> bytes:
    """Return what bcc itself writes on stderr here, whenever it compiles.

    bcc 0.18 on Debian 11 defines three macros that the headers of its kernel 5.10
    define again, and clang says so, whatever the lesson. It is in debian-11.stderr.
    """
    settings = Path("/etc/os-release").read_text().replace('"', "").splitlines()
    named = dict(line.split("=", 1) for line in settings if "=" in line)
    system = f"{named['ID']}-{named.get('VERSION_ID', '')}"
    path = Path(__file__).with_name(f"{system}.stderr")
    return path.read_bytes() if path.exists() else b""


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
                programs -= held_programs()
            processes = session_members(session)
            if not (programs or processes):
                break
        return {
            "programs": sorted(programs),
            "processes": processes,
            "tracepoint_before": self._tracepoint,
            "tracepoint_after": TRACEPOINT.read_text().strip(),
        }


def waiting(seconds: float, step: float = 0.02) -> Iterator[float]:
    """Yield the seconds gone by, again and again, until they are over."""
    start = time.monotonic()
    yield 0.0
    while (gone := time.monotonic() - start) < seconds:
        time.sleep(step)
        yield gone


# The lesson.


class Lesson:
    """One run of the program. Leaving the block ends it, whatever happened.

    Its stdout goes to a pipe that is read here; or to ``into``, if given; or,
    with ``terminal``, to a terminal of its own, together with its stderr. What
    bcc itself says before the header is not counted or returned as the lesson's.
    """

    def __init__(
        self,
        program: Path,
        patience: float,
        *,
        terminal: bool = False,
        into: int | None = None,
    ) -> None:
        self.patience = patience
        self.stdout = bytearray()
        self.stderr = bytearray()
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
            [program],
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
        """Take what it writes until a line has this PID; False as above."""
        start = len(self.stdout)
        line = re.compile(rb" %d +\S+ \S+\r?\n" % pid)
        return self.pump_until(
            lambda: line.search(self.stdout, max(0, start - 99)) is not None, seconds
        )

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


# Events with a known truth.


def child(
    cpu: int, name: bytes | None, command: list[str], *, in_thread: bool = False
) -> Observation:
    """Have a child on one CPU call execve; return what is true of that call.

    ``before`` is taken by the child itself just before the call, ``after`` by
    its parent when the child has ended.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            _call_execve(writer, cpu, name, command, in_thread)
        os._exit(127)  # execve has failed, as in one case it should
    os.close(writer)
    _, wait_status = os.waitpid(pid, 0)
    after = time.monotonic_ns()
    with os.fdopen(reader, "rb") as truth:
        told: Observation = json.loads(truth.read())
    return {
        "pid": pid,
        "cpu": cpu,
        "after": after,
        "command": command,
        "status": os.waitstatus_to_exitcode(wait_status),
        **told,
    }


def _call_execve(
    writer: int, cpu: int, name: bytes | None, command: list[str], in_thread: bool
) -> None:
    die_with_parent()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.sched_setaffinity(0, {cpu})

    def call() -> None:
        comm = set_name(name) if name is not None else name_of_this_thread()
        told = {
            "tid": threading.get_native_id(),
            "comm": text(comm),
            "before": time.monotonic_ns(),
        }
        os.write(writer, json.dumps(told).encode())
        os.execv(command[0], command)

    def call_or_end() -> None:
        with contextlib.suppress(BaseException):
            call()
        os._exit(127)

    if in_thread:
        thread = threading.Thread(target=call_or_end)
        thread.start()
        thread.join()
    else:
        call()


class Storm:
    """Workers that call execve as fast as they can, each on the CPU given for it."""

    def __init__(self, count: int, cpus: Sequence[int]) -> None:
        self._workers: dict[int, BinaryIO] = {}
        for number, cpu in enumerate(cpus):
            share = count // len(cpus) + (number < count % len(cpus))
            result = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
            self._workers[self._worker(cpu, share, result.fileno())] = result

    def __enter__(self) -> Storm:
        return self

    def __exit__(self, *exception: object) -> None:
        for pid, result in self._workers.items():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            result.close()

    @staticmethod
    def _worker(cpu: int, count: int, result: int) -> int:
        pid = os.fork()
        if pid:
            return pid
        with contextlib.suppress(BaseException):
            die_with_parent()
            os.sched_setaffinity(0, {cpu})
            comm = text(name_of_this_thread())
            truths = []
            for _ in range(count):
                before = time.monotonic_ns()
                spawned = os.posix_spawn("/bin/true", ["true"], {})
                os.waitpid(spawned, 0)
                truths.append((spawned, before, time.monotonic_ns()))
            told = [
                {
                    "pid": spawned,
                    "comm": comm,
                    "cpu": cpu,
                    "before": before,
                    "after": after,
                }
                for spawned, before, after in truths
            ]
            with os.fdopen(os.dup(result), "wb") as file:
                file.write(json.dumps(told).encode())
            os._exit(0)
        os._exit(1)

    def done(self) -> bool:
        """Tell whether all workers have ended."""
        return all(
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            for pid in self._workers
        )

    def truth(self) -> list[Observation]:
        """Return what is true of every call, when all workers have ended."""
        truths: list[Observation] = []
        for result in self._workers.values():
            result.seek(0)
            truths += json.loads(result.read())
        return truths


def drain(lesson: Lesson) -> list[Observation]:
    """Wait until the lesson has had everything; return the truth of what did it.

    A CPU's events arrive in order, so when a last child of each CPU is on a
    line, all that came before has been printed, or never will be.
    """
    truths: list[Observation] = []
    for cpu in sorted(os.sched_getaffinity(0)):
        for _ in waiting(lesson.patience):
            last = child(cpu, b"last", ["/bin/true"])
            truths.append(last)
            # It may itself be lost when the buffer is full: then send another.
            if lesson.pump_until_printed(last["pid"], 5.0):
                break
    return truths


# The cases. Each takes its options and returns what it observed.


def columns(program: Path, count: int, patience: float) -> Observation:
    """Make calls of execve of every kind, ``count`` times on each CPU."""
    truths: list[Observation] = []
    with Lesson(program, patience) as lesson:
        ready = lesson.wait_ready()
        for _, cpu in itertools.product(range(count), sorted(os.sched_getaffinity(0))):
            truths += [child(cpu, name, ["/bin/true"]) for name in COMMS]
            truths.append(child(cpu, None, ["/bin/ls", "/"]))
            truths.append(child(cpu, b"a thread", ["/bin/true"], in_thread=True))
            truths.append(child(cpu, b"fails", ["/nonexistent/program"]))
            # One process, two calls: the second is made under the new name.
            chain = child(cpu, b"chain", ["/usr/bin/env", "/bin/true"])
            truths += [chain, {**chain, "comm": "env"}]
            lesson.pump(0)
        truths += drain(lesson)
        lesson.send(signal.SIGINT)
        return lesson.finish(ready=ready, truth=truths)


def storm(program: Path, count: int, patience: float) -> Observation:
    """Make ``count`` calls of execve as fast as all CPUs can."""
    with Lesson(program, patience) as lesson:
        lesson.wait_ready()
        start = time.monotonic()
        with Storm(count, sorted(os.sched_getaffinity(0)) * 4) as execs:
            lesson.pump_until(execs.done, 4 * patience)
            seconds = time.monotonic() - start
            truths = execs.truth()
        truths += drain(lesson)
        lesson.send(signal.SIGINT)
        return lesson.finish(truth=truths, storm_seconds=seconds)


def ctrl_c_starting(program: Path, count: int, patience: float) -> Observation:
    """Interrupt it at ``count`` moments before its header.

    CPython's own start cannot be controlled by a program: from the moment that
    the interpreter catches SIGINT to the program's own first lines, Ctrl-C is a
    KeyboardInterrupt. The moments begin when the program has taken SIGINT over.
    """

    def taken_over(lesson: Lesson) -> float:
        caught = False
        while lesson.running and time.monotonic() - lesson.started < patience:
            now = signal_is(lesson.pid, "SigCgt", signal.SIGINT)
            if caught and not now:
                return time.monotonic() - lesson.started
            caught = caught or now
        raise CaseError("the program does not take SIGINT over from the interpreter")

    with Lesson(program, patience) as lesson:
        first = taken_over(lesson)
        ready = lesson.wait_ready()
    runs = []
    for number in range(count):
        moment = first + (ready - first) * number / count
        with Lesson(program, patience) as lesson:
            taken_over(lesson)
            lesson.pump_for(lesson.started + moment - time.monotonic())
            was_ready = lesson.lines > 0
            lesson.send(signal.SIGINT)
            runs.append(lesson.finish(moment=moment, was_ready=was_ready))
    return {"taken_over": first, "ready": ready, "runs": runs}


def ctrl_c_ready(program: Path, count: int, patience: float) -> Observation:
    """Interrupt it at the very instant that its header is read, ``count`` times."""
    runs = []
    for _ in range(count):
        with Lesson(program, patience) as lesson:
            lesson.wait_ready()
            lesson.send(signal.SIGINT)
            runs.append(lesson.finish())
    return {"runs": runs}


def ctrl_c_idle(program: Path, count: int, patience: float) -> Observation:
    """Interrupt it 0.3 s after its header, ``count`` times."""
    return {
        "runs": [_signal_idle(program, patience, signal.SIGINT) for _ in range(count)]
    }


def sigterm(program: Path, count: int, patience: float) -> Observation:
    """Terminate it 0.3 s after its header, ``count`` times."""
    return {
        "runs": [_signal_idle(program, patience, signal.SIGTERM) for _ in range(count)]
    }


def _signal_idle(program: Path, patience: float, number: signal.Signals) -> Observation:
    with Lesson(program, patience) as lesson:
        lesson.wait_ready()
        lesson.pump_for(0.3)
        lesson.send(number)
        return lesson.finish()


def ctrl_c_storm(program: Path, count: int, patience: float) -> Observation:
    """Interrupt it in the middle of a storm, ``count`` times.

    The storm leaves CPU time over, and ends soon after the signal. One that does
    not can keep any process from its CPU for seconds, and the kernel from letting
    go of a BPF program (it waits for RCU): that would measure the scheduler.
    """
    runs = []
    for number in range(count):
        with Lesson(program, patience) as lesson:
            lesson.wait_ready()
            with Storm(1_000_000, [max(os.sched_getaffinity(0))]):
                # Not always at the same line: the moment within a line matters.
                reached = lesson.pump_until_lines(60 + 7 * number)
                lesson.send(signal.SIGINT)
                lesson.pump_until(lambda: not lesson.running, 1.0)
                ended_in_storm = not lesson.running
            runs.append(lesson.finish(reached=reached, ended_in_storm=ended_in_storm))
    return {"runs": runs}


def ctrl_c_terminal(program: Path, count: int, patience: float) -> Observation:
    """Press Ctrl-C on its terminal, after some events, ``count`` times."""
    runs = []
    for _ in range(count):
        with Lesson(program, patience, terminal=True) as lesson:
            lesson.wait_ready()
            truths = drain(lesson)
            before = text(lesson.stdout)
            lesson.type(b"\x03")
            runs.append(lesson.finish(truth=truths, before=before))
    return {"runs": runs}


def ctrl_c_full_pipe(program: Path, count: int, patience: float) -> Observation:
    """Interrupt it while it cannot write, because nobody reads, ``count`` times.

    ``blocked`` tells whether it had indeed stopped before all was written.
    """
    runs = []
    for _ in range(count):
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb", 0) as pipe:
            size = fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
            with Lesson(program, patience, into=writer) as lesson:
                os.close(writer)
                stdout = pipe.readline()
                # Enough to fill the pipe twice, and not the buffer of the events.
                cpu = min(os.sched_getaffinity(0))
                truths = [child(cpu, b"fill", ["/bin/true"]) for _ in range(size // 32)]
                lesson.pump_for(1.0)
                lesson.send(signal.SIGINT)
                run = lesson.finish(events=len(truths))
            stdout += pipe.read()
        run.update(stdout=text(stdout), blocked=stdout.count(b"\n") - 1 < len(truths))
        runs.append(run)
    return {"runs": runs}


def closed_pipe(program: Path, count: int, patience: float) -> Observation:
    """Run ``program | head -COUNT`` while there are events."""
    reader, writer = os.pipe()
    with subprocess.Popen(
        ["head", "-n", str(count)], stdin=reader, stdout=subprocess.PIPE
    ) as head:
        os.close(reader)
        with Lesson(program, patience, into=writer) as lesson:
            os.close(writer)
            for _ in waiting(patience, 0.05):
                if not lesson.running:
                    break
                child(min(os.sched_getaffinity(0)), b"event", ["/bin/true"])
            run = lesson.finish()
        assert head.stdout is not None
        return {**run, "stdout": text(head.stdout.read())}


def closed_pipe_at_once(program: Path, count: int, patience: float) -> Observation:
    """Run it into a pipe whose reader is gone from the start, ``count`` times."""
    runs = []
    for _ in range(count):
        reader, writer = os.pipe()
        os.close(reader)
        with Lesson(program, patience, into=writer) as lesson:
            os.close(writer)
            runs.append(lesson.finish())
    return {"runs": runs}


def not_root(program: Path, count: int, patience: float) -> Observation:
    """Run it as nobody. It is copied: the checkout may be readable by few."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, program.name)
        shutil.copy(program, copy)
        for path in (folder, copy):
            os.chmod(path, 0o755)
        return _refused(
            [str(copy)], patience, user=NOBODY, group=NOBODY, extra_groups=[]
        )


def no_bcc(program: Path, count: int, patience: float) -> Observation:
    """Run it by a Python that sees the standard library only."""
    return _refused([PYTHON, "-I", "-S", str(program)], patience)


def _refused(argv: Sequence[str], patience: float, **identity: Any) -> Observation:
    ended = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(),
        timeout=patience,
        check=False,
        **identity,
    )
    return {
        "status": ended.returncode,
        "stdout": text(ended.stdout),
        # A person reads it, so it is text, not any bytes.
        "stderr": ended.stderr.decode(),
    }


# Each case, and how many times it does its thing if --count does not say.
CASES: dict[str, tuple[Callable[[Path, int, float], Observation], int]] = {
    "columns": (columns, 5),
    "storm": (storm, 2000),
    "ctrl_c_starting": (ctrl_c_starting, 5),
    "ctrl_c_ready": (ctrl_c_ready, 20),
    "ctrl_c_idle": (ctrl_c_idle, 1),
    "ctrl_c_storm": (ctrl_c_storm, 5),
    "ctrl_c_terminal": (ctrl_c_terminal, 2),
    "ctrl_c_full_pipe": (ctrl_c_full_pipe, 1),
    "sigterm": (sigterm, 1),
    "closed_pipe": (closed_pipe, 3),
    "closed_pipe_at_once": (closed_pipe_at_once, 1),
    "not_root": (not_root, 1),
    "no_bcc": (no_bcc, 1),
}


def _stop(number: int, _frame: object) -> NoReturn:
    raise SystemExit(f"on_machine: ended by {signal.Signals(number).name}")


def main() -> None:
    """Run the case that is named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("program", type=lambda path: Path(path).resolve())
    parser.add_argument("--count", type=int, help="how many times it does its thing")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds a wait")
    parser.add_argument("--limit", type=int, default=280, help="seconds for it all")
    options = parser.parse_args()
    # End through every `finally` when this process is told to end, or hangs.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _stop)
    signal.alarm(options.limit)
    run, usual = CASES[options.case]
    try:
        observed = run(options.program, options.count or usual, options.patience)
    except CaseError as error:
        raise SystemExit(f"on_machine: {options.case}: {error}") from error
    json.dump(observed, sys.stdout)
    print()


if __name__ == "__main__":
    main()
