"""A case for a lesson that counts: how many calls each user and name has made."""

from __future__ import annotations

import functools
import itertools
import os
import signal
from typing import TYPE_CHECKING

from tests.kernel.on_machine.calls import Call, Child, Worker
from tests.kernel.on_machine.columns import COMMS, IDS
from tests.kernel.on_machine.run import Lesson
from tests.kernel.on_machine.system import Observation, set_name

if TYPE_CHECKING:
    from tests.kernel.on_machine.run import Asked

ABSENT = Call(b"/nonexistent/program")
# How many calls each of two processes a CPU makes, as fast as it can.
FAST = 5000
# Longer than the lesson sleeps between two looks at its map.
TURN = 2.5


def counted(asked: Asked) -> Observation:
    """Make calls of every kind, ``times`` times a CPU, and many at the same time."""
    cpus = sorted(os.sched_getaffinity(0))
    with Lesson(asked) as lesson:
        lesson.wait_ready()
        first = [Child(cpus[0], name=b"first").call()]
        lesson.pump_for(TURN)
        truths: list[Observation] = []
        for _, cpu in itertools.product(range(asked.times), cpus):
            truths += [Child(cpu, name=name).call() for name in COMMS]
            truths.append(Child(cpu, name=b"a thread", in_thread=True).call())
            truths.append(Child(cpu, ABSENT, name=b"absent").call())
            truths += [Child(cpu, name=b"a user", ids=ids).call() for ids in IDS]
            # One process, two calls: the second is made under the new name.
            argv = (b"env", b"/bin/true")
            chain = Child(cpu, Call(b"/usr/bin/env", argv), name=b"a chain").call()
            truths.append(chain)
        lesson.pump_for(TURN)
        quiet = len(lesson.stdout)
        workers = [Worker(functools.partial(_call_fast, cpu)) for cpu in cpus * 2]
        try:
            lesson.pump_until(lambda: all(worker.done() for worker in workers))
            fast = sum(worker.result() for worker in workers)
        finally:
            for worker in workers:
                worker.__exit__()
        lesson.pump_for(TURN)
        found = {
            "first": first,
            "truth": truths,
            "quiet": quiet,
            "fast": fast,
            "skipped": lesson.skipped,
        }
        lesson.send(signal.SIGINT)
        return lesson.finish(**found)


def _call_fast(cpu: int) -> int:
    """Call execve ``FAST`` times on a CPU, under a name of its own; return how often."""
    os.sched_setaffinity(0, {cpu})
    set_name(b"fast")
    call = ABSENT.prepared()
    for _ in range(FAST):
        call()
    return FAST
