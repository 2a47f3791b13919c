"""Calls of execve, and what is true of each."""

from __future__ import annotations

import ctypes
import functools
import json
import os
import signal
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bcclessons.grading import execve
from tests.kernel.on_machine.system import (
    Observation,
    die_with_parent,
    libc,
    name_of_this_thread,
    set_name,
    text,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.kernel.on_machine.run import Lesson

_PTRACE_SEIZE = 0x4206


def forked(do: Callable[[], object]) -> int:
    """Have a child do something, and end; return its PID."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        die_with_parent()
        do()
        status = 0
    except BaseException:  # it must not go on as its parent
        traceback.print_exc()
    finally:
        os._exit(status)


class Worker:
    """A process of its own that does something, and tells what that returned."""

    def __init__(self, do: Callable[[], object]) -> None:
        self._result = file = os.memfd_create("result")
        self.pid = forked(lambda: os.write(file, json.dumps(do()).encode()))

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._result)

    def done(self) -> bool:
        """Tell whether it has ended."""
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, options) is not None

    def result(self) -> Any:
        """Wait for its end, and return its result."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        return json.loads(os.pread(self._result, os.fstat(self._result).st_size, 0))


def in_a_process(do: Callable[[], object]) -> Any:
    """Have a process of its own do something; return what that returned."""
    with Worker(do) as worker:
        return worker.result()


class Call(NamedTuple):
    """What execve is called with; None is a null pointer.

    ``absent`` is "file", "argv" or "argv[0]" if that one is on a page that nobody
    has touched, so that it is not in memory.
    """

    file: bytes | None = b"/bin/true"
    argv: Sequence[bytes] | None = (b"true",)
    absent: str | None = None

    def truth(self) -> Observation:
        """Return the file and ``argv[0]``, None for what is not in memory."""
        file = None if self.absent == "file" else self.file
        arg = self.argv[0] if self.argv else None
        if self.absent in ("argv", "argv[0]"):
            arg = None
        return {
            "file": None if file is None else text(file),
            "arg": None if arg is None else text(arg),
        }

    def prepared(self) -> Callable[[], object]:
        """Return what makes the call, with all its memory made ready."""
        absent = () if self.absent is None else (self.absent,)
        return execve.prepared(self.file, self.argv, absent)


TRUE = Call()


class Child:
    """A child that calls execve when asked to, on one CPU.

    It calls it under a ``name``, if given; from a second thread, if ``in_thread``;
    and with real and effective numbers of a user and a group of its own, if
    ``ids``.

    The truth holds times just around the call: ``before`` is taken by the child itself,
    ``after`` by its parent when the child has ended.
    """

    def __init__(
        self,
        cpu: int,
        call: Call = TRUE,
        *,
        name: bytes | None = None,
        in_thread: bool = False,
        ids: tuple[int, int, int, int] | None = None,
    ) -> None:
        self._parent = {
            "cpu": cpu,
            "ppid": os.getpid(),
            "parent": text(name_of_this_thread()),
        }
        reader, writer = os.pipe()
        go, self._go = os.pipe()

        def make_call() -> None:
            if ids is not None:
                user, effective_user, group, effective_group = ids
                os.setresgid(group, effective_group, 0)
                os.setresuid(user, effective_user, 0)
            comm = name_of_this_thread() if name is None else set_name(name)
            call_execve = call.prepared()
            os.read(go, 1)
            truth = {
                "pid": os.getpid(),
                "tid": threading.get_native_id(),
                "comm": text(comm),
                "uid": os.getuid(),
                "gid": os.getgid(),
                "before": time.monotonic_ns(),
                **call.truth(),
            }
            os.write(writer, json.dumps(truth).encode())
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            call_execve()
            os._exit(127)

        def live() -> None:
            os.sched_setaffinity(0, {cpu})
            if in_thread:
                thread = threading.Thread(target=make_call)
                thread.start()
                thread.join()
            else:
                make_call()

        self.pid = forked(live)
        os.close(writer)
        os.close(go)
        self._truth = reader

    def call(self) -> Observation:
        """Have it call execve, and wait for its end; return what is true of the call."""
        os.write(self._go, b"!")
        _, wait_status = os.waitpid(self.pid, 0)
        after = time.monotonic_ns()
        os.close(self._go)
        with os.fdopen(self._truth, "rb") as stream:
            truth: Observation = json.loads(stream.read())
        status = os.waitstatus_to_exitcode(wait_status)
        return {**truth, **self._parent, "after": after, "status": status}


def call_traced(cpu: int) -> Observation:
    """Have a child call execve while a process that is not its parent traces it."""
    child = Child(cpu, name=b"traced")

    def trace() -> None:
        if libc.ptrace(_PTRACE_SEIZE, child.pid, None, None) != 0:
            raise OSError(ctypes.get_errno(), "PTRACE_SEIZE")
        os.waitpid(child.pid, 0)  # or its parent would wait for ever

    with Worker(trace):
        for _ in waiting(5.0, 0.001):
            if "TracerPid:\t0\n" not in Path(f"/proc/{child.pid}/status").read_text():
                break
        return child.call()


def spawn(cpu: int, count: int) -> list[Observation]:
    """Have children made as by vfork() call execve on one CPU, one after another.

    Return what is true of the calls.
    """
    os.sched_setaffinity(0, {cpu})
    me = text(name_of_this_thread())
    made = []
    for _ in range(count):
        before = time.monotonic_ns()
        opened = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        pid = os.posix_spawn("/bin/true", ["true"], {}, file_actions=[opened])
        os.waitpid(pid, 0)
        made.append((pid, before, time.monotonic_ns()))
    same = {
        "cpu": cpu,
        "comm": me,
        "ppid": os.getpid(),
        "parent": me,
        "uid": os.getuid(),
        "gid": os.getgid(),
        "file": "/bin/true",
        "arg": "true",
        "status": 0,
    }
    return [
        {
            **same,
            "pid": pid,
            "tid": pid,
            "before": before,
            "after": after,
        }
        for pid, before, after in made
    ]


class Storm:
    """Workers that call execve as fast as they can, each on the CPU given for it."""

    def __init__(self, count: int, cpus: Sequence[int]) -> None:
        self._workers = []
        for number, cpu in enumerate(cpus):
            share = count // len(cpus) + (number < count % len(cpus))
            self._workers.append(Worker(functools.partial(spawn, cpu, share)))

    def __enter__(self) -> Storm:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.__exit__()

    def done(self) -> bool:
        """Tell whether all workers have ended."""
        return all(worker.done() for worker in self._workers)

    def truth(self) -> list[Observation]:
        """Return what is true of every call, when all workers have ended."""
        return [truth for worker in self._workers for truth in worker.result()]


def drain(lesson: Lesson) -> list[Observation]:
    """Wait until the lesson has had everything; return the truth of what did it.

    A CPU's events arrive in order, so when a last child of each CPU is on a
    line, all that came before has been printed, or never will be.
    """
    truths: list[Observation] = []
    for cpu in sorted(os.sched_getaffinity(0)):
        for _ in waiting(lesson.patience):
            last = Child(cpu, name=b"last").call()
            truths.append(last)
            # It may itself be lost when the buffer is full: then send another.
            if lesson.pump_until_printed(last["pid"], 5.0) or not lesson.running:
                break
    return truths
