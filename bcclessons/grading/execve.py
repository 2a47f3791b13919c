"""Calls of execve of which the facts are known. For machines: Python 3.9."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import struct
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from bcclessons.course.steps import Step
from bcclessons.grading.processes import (
    before_gap,
    die_with_parent,
    libc,
    set_name,
    untouched,
)

_CPUS = os.sched_getaffinity(0)


def prepared(
    file: bytes | None,
    argv: Sequence[bytes] | None,
    absent: Collection[str] = (),
    gap_after: Collection[str] = (),
) -> Callable[[], int]:
    """Return a function that calls execve, with all its memory ready before.

    It returns the error's number, if at all. None is a null pointer. ``absent`` names
    what is put on pages that are not in memory: "file", "argv", "argv[0]" …, and
    ``gap_after`` what is put before memory that nobody can read.
    """
    kept: list[Any] = []

    def address(data: bytes, name: str) -> int:
        if name in absent:
            return untouched(data)
        if name in gap_after:
            return before_gap(data)
        kept.append(ctypes.create_string_buffer(data, len(data)))
        return ctypes.addressof(kept[-1])

    where = None if file is None else address(file + b"\0", "file")
    table = None
    if argv is not None:
        words = [address(arg + b"\0", f"argv[{n}]") for n, arg in enumerate(argv)]
        table = address(struct.pack(f"{len(words) + 1}P", *words, 0), "argv")
    return functools.partial(_execve, kept, where, table)


def _execve(_kept: object, file: int | None, argv: int | None) -> int:
    libc.execve(file, argv, None)
    return ctypes.get_errno()


def call(step: Step) -> dict[str, int]:
    """Have a child of its own call execve as a step says; return what is true of it.

    The result has ``pid``, ``tid``, ``ppid``, ``before``, ``after`` and ``result``, as
    contract.CallFacts.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            os.close(reader)
            _live(step, writer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        lines = stream.read().splitlines()  # to its end: execve closes the pipe
    after = time.monotonic_ns()
    os.waitpid(child, 0)
    facts: dict[str, int] = {"result": 0}
    for line in lines:
        facts.update(json.loads(line))
    return {**facts, "after": after}


def _live(step: Step, writer: int) -> None:
    """Become the caller, or its parent, whose second thread forks it."""
    die_with_parent()
    # All calls on one CPU, so that it is one buffer that they fill.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if step.parent_thread:
        _in_a_thread(_fork, step, writer)
    else:
        _become(step, writer)


def _in_a_thread(do: Callable[[Step, int], None], step: Step, writer: int) -> None:
    """Do something in a second thread of this process, and wait for its end."""
    thread = threading.Thread(target=do, args=(step, writer))
    thread.start()
    thread.join()


def _fork(step: Step, writer: int) -> None:
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            _become(step, writer)
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)


def _become(step: Step, writer: int) -> None:
    """Become the caller, below ancestors of the names asked for, and call execve."""
    die_with_parent()
    for name in step.ancestors:
        set_name(name.encode())
        child = os.fork()
        if child:
            os.close(writer)
            os.waitpid(child, 0)
            return
        die_with_parent()
    os.setresgid(step.gid, step.gid, step.gid)
    os.setresuid(step.uid, step.uid, step.uid)
    if step.caller_thread:
        _in_a_thread(_call_execve, step, writer)
    else:
        _call_execve(step, writer)


def _call_execve(step: Step, writer: int) -> None:
    """Call execve in this thread, as often as asked for, and write the facts."""
    set_name(step.name.encode())
    argv = [word.encode() for word in step.argv]
    execve = prepared(step.file.encode(), argv, step.absent, step.gap_after)
    cpus = sorted(_CPUS) if step.each_on_next_cpu else []
    facts = {
        "pid": os.getpid(),
        "tid": threading.get_native_id(),
        "ppid": os.getppid(),
        "before": time.monotonic_ns(),
    }
    os.write(writer, json.dumps(facts).encode() + b"\n")
    error = 0
    for number in range(step.times):
        if cpus:
            os.sched_setaffinity(0, {cpus[number % len(cpus)]})
        error = execve()
    os.write(writer, json.dumps({"result": -error}).encode() + b"\n")
