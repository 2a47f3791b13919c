"""The case of a lesson that reads the trace pipe, which is everybody's."""

from __future__ import annotations

import functools
import os
import signal
from typing import TYPE_CHECKING

from tests.kernel.on_machine.calls import Child, drain, in_a_process
from tests.kernel.on_machine.endings import refused
from tests.kernel.on_machine.run import Lesson
from tests.kernel.on_machine.system import TRACING, Observation, overwritten, text

if TYPE_CHECKING:
    from tests.kernel.on_machine.run import Asked

EARLIER = b"written before anybody reads"
OTHERS = (
    b"a line of another program",
    b"key: value: bytes \xff\xfe",
    # The second line looks like one of the kernel's; BCC takes it for one, and
    # cannot make numbers of its words.
    b"broken\nsixteen letters- a b c d: e: f",
)


def trace_pipe(asked: Asked) -> Observation:
    """Write to the pipe, break its lines, start a second reader, let it overflow."""
    cpu = min(os.sched_getaffinity(0))
    with Lesson(asked) as lesson:
        _write(EARLIER)
        lesson.wait_ready()
        second = refused([asked.program], asked)
        for line in OTHERS:
            _write(line)
        broken = Child(cpu, name=b"two\nlines").call()
        drain(lesson)
        with lesson.stopped():
            before = overwritten()
            filled = in_a_process(functools.partial(_fill, cpu))
            lost = overwritten() - before
        truths = drain(lesson)
        lesson.send(signal.SIGINT)
        return lesson.finish(
            second=second,
            writer=os.getpid(),
            broken=broken,
            filled=filled,
            overwritten=lost,
            truth=truths,
        )


def _write(line: bytes) -> None:
    with open(TRACING / "trace_marker", "wb", 0) as marker:
        marker.write(line)


def _fill(cpu: int) -> list[str]:
    """Write lines until the first of them are overwritten; return all."""
    os.sched_setaffinity(0, {cpu})
    before = overwritten()
    lines: list[bytes] = []
    while overwritten() < before + 20:
        lines.append(b"line %d %s" % (len(lines), b"." * 900))
        _write(lines[-1])
    return [text(line) for line in lines]
