"""Cases for what a lesson prints of each call of execve."""

from __future__ import annotations

import functools
import itertools
import os
import signal
import threading
from typing import TYPE_CHECKING

from tests.kernel.on_machine.calls import (
    Call,
    Child,
    Storm,
    call_traced,
    drain,
    in_a_process,
)
from tests.kernel.on_machine.run import Lesson
from tests.kernel.on_machine.system import Observation, overwritten, set_name

if TYPE_CHECKING:
    from tests.kernel.on_machine.run import Asked

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
PARENTS = (b"sixteen-letters-", b" two words", b"\xff\xfe raw \x85", b"")

# What execve is called with. Of what a program copies, it keeps 63 and 31 bytes.
CALLS = (
    Call(argv=(b"not the file's name", b"and an argument")),
    *(Call(b"/" * (length - 8) + b"bin/true") for length in (62, 63, 64, 200)),
    *(Call(argv=(b"a" * length,)) for length in (30, 31, 32, 200)),
    Call(b"/nonexistent/\xff\xfe \x85", (" 名前".encode(),)),
    Call(b"", (b"",)),
    Call(argv=()),
    Call(argv=None),
    Call(file=None),
    Call(absent="file"),
    Call(b"/nonexistent/program", absent="file"),
    Call(absent="argv"),
    Call(absent="argv[0]"),
)
# Real and effective user, real and effective group.
IDS = ((1001, 1002, 1003, 1004), (0, 0, 54321, 0), (4294967294, 0, 0, 0))
# How many calls each CPU makes in a burst. The trace pipe is the smallest buffer of
# all: 3 pages a CPU, as long as nobody has changed that.
BURST = 80
# How many calls are made while the lesson reads nothing.
UNREAD = 300


def columns(asked: Asked) -> Observation:
    """Make calls of execve of every kind, the simple ones ``times`` times a CPU."""
    cpus = sorted(os.sched_getaffinity(0))
    truths: list[Observation] = []
    with Lesson(asked) as lesson:
        lesson.wait_ready()
        first = Child(cpus[0], name=b"first").call()
        truths.append(first)
        prompt = lesson.pump_until_printed(first["pid"], 5.0)
        for _, cpu in itertools.product(range(asked.times), cpus):
            truths += [Child(cpu, name=name).call() for name in COMMS]
            truths.append(Child(cpu, Call(b"/bin/ls", (b"ls", b"/"))).call())
            truths.append(Child(cpu, name=b"a thread", in_thread=True).call())
            truths.append(Child(cpu, Call(b"/nonexistent/program")).call())
            # One process, two calls: the second is made under the new name.
            chain = Child(cpu, Call(b"/usr/bin/env", (b"env", b"/bin/true"))).call()
            second = {"comm": "env", "file": "/bin/true", "arg": "/bin/true"}
            truths += [chain, {**chain, **second}]
            lesson.pump(0)
        cpu = cpus[0]
        truths += [Child(cpu, call).call() for call in CALLS]
        lesson.pump(0)
        truths += [Child(cpu, ids=ids).call() for ids in IDS]
        truths.append(call_traced(cpu))
        for name, in_thread in itertools.product(PARENTS, (False, True)):
            child_of = functools.partial(_child_of, name, cpu, in_thread=in_thread)
            truths.append(in_a_process(child_of))
        truths += drain(lesson)
        lesson.send(signal.SIGINT)
        return lesson.finish(truth=truths, prompt=prompt)


def _child_of(name: bytes, cpu: int, *, in_thread: bool) -> Observation:
    """Have a child of a parent of this name, or of its thread, call execve."""
    truths = []

    def parent() -> None:
        set_name(name)
        truths.append(Child(cpu).call())

    if in_thread:
        thread = threading.Thread(target=parent)
        thread.start()
        thread.join()
    else:
        parent()
    return truths[0]


def storm(asked: Asked) -> Observation:
    """Make calls of execve as fast as all CPUs can, ``times`` bursts, then unread ones.

    A burst fits in the smallest buffer that a lesson has, so however late the
    lesson gets a CPU, nothing may be lost. The unread calls, ``UNREAD`` on one CPU
    while the lesson is stopped, fit in some and not in others.
    """
    cpus = sorted(os.sched_getaffinity(0))
    bursts: list[Observation] = []
    with Lesson(asked) as lesson:
        lesson.wait_ready()
        for _ in range(asked.times):
            with Storm(BURST * len(cpus), cpus * 2) as execs:
                lesson.pump_until(execs.done)
                bursts += execs.truth()
            bursts += drain(lesson)
        skipped = lesson.skipped
        before = overwritten()
        with lesson.stopped(), Storm(UNREAD, cpus[:1] * 2) as execs:
            unread = execs.truth()
        last = drain(lesson)
        found = {
            "bursts": bursts,
            "bursts_skipped": skipped,
            "unread": unread,
            "unread_skipped": lesson.skipped - skipped,
            "unread_overwritten": overwritten() - before,
            "last": last,
        }
        lesson.send(signal.SIGTERM)
        return lesson.finish(**found)


def in_turn(asked: Asked) -> Observation:
    """Make calls on each CPU in turn while the lesson is stopped, then have it go on."""
    cpus = sorted(os.sched_getaffinity(0))
    with Lesson(asked) as lesson:
        lesson.wait_ready()
        with lesson.stopped():
            each = itertools.chain.from_iterable([cpus] * asked.times)
            truths = [Child(cpu, name=b"in turn").call() for cpu in each]
        drain(lesson)
        skipped = lesson.skipped
        lesson.send(signal.SIGINT)
        return lesson.finish(truth=truths, skipped=skipped)
