"""Cases for how a lesson ends, and for what it does where it cannot start."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tests.kernel.on_machine.calls import Child, Storm, drain
from tests.kernel.on_machine.run import F_SETPIPE_SZ, Lesson, environment
from tests.kernel.on_machine.system import (
    PYTHON,
    CaseError,
    Observation,
    said_by_bcc,
    signal_is,
    text,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.kernel.on_machine.run import Asked

NOBODY = 65534
# No event of a lesson has more bytes, or fewer, than these.
ROOM = 200
SHORTEST = 10
# After so many seconds, Ctrl-C has had its chance.
LATE = 3.0


def ctrl_c_early(asked: Asked) -> Observation:
    """Interrupt it at the very instant that its header is read, and before.

    Each ``times`` times: ``ready`` are the former runs, ``starting`` the latter.
    """
    ready, seconds = [], []
    for _ in range(asked.times):
        with Lesson(asked) as lesson:
            seconds.append(lesson.wait_ready())
            lesson.send(signal.SIGINT)
            ready.append(lesson.finish())
    starting = []
    for number in range(asked.times):
        with Lesson(asked) as lesson:
            _wait_until_it_controls_signals(lesson)
            # The first is early: this start may be faster than those that were timed.
            moment = min(seconds) * (number + 0.25) / asked.times
            lesson.pump_for(lesson.started + moment - time.monotonic())
            was_ready = lesson.lines > 0
            lesson.send(signal.SIGINT)
            starting.append(lesson.finish(moment=moment, was_ready=was_ready))
    return {"ready": ready, "starting": starting}


def _wait_until_it_controls_signals(lesson: Lesson) -> None:
    """Wait until it has said what SIGINT and, after it, SIGPIPE are to do.

    No program controls CPython's own start: from the moment that the interpreter
    catches SIGINT to the program's own first lines, Ctrl-C is a KeyboardInterrupt.
    The interpreter ignores SIGPIPE and then, for good, SIGXFSZ.
    """
    for _ in waiting(lesson.patience, 0.001):
        if signal_is(lesson.pid, "SigIgn", signal.SIGXFSZ) and not signal_is(
            lesson.pid, "SigIgn", signal.SIGPIPE
        ):
            return
    raise CaseError("the program does not say what SIGPIPE is to do")


def ctrl_c_storm(asked: Asked) -> Observation:
    """Interrupt it in the middle of a storm, ``times`` times.

    The storm leaves CPU time over, and ends soon after the signal. One that does
    not can keep any process from its CPU for seconds, and the kernel from letting
    go of a BPF program (it waits for RCU): that would measure the scheduler.
    """
    runs = []
    for number in range(asked.times):
        with Lesson(asked) as lesson:
            lesson.wait_ready()
            with Storm(1_000_000, [max(os.sched_getaffinity(0))]):
                # Not always at the same line: the moment within a line matters.
                reached = lesson.pump_until_lines(60 + 7 * number)
                lesson.send(signal.SIGINT)
                lesson.pump_until(lambda: not lesson.running, 1.0)
                ended_in_storm = not lesson.running
            runs.append(lesson.finish(reached=reached, ended_in_storm=ended_in_storm))
    return {"runs": runs}


def ctrl_c_terminal(asked: Asked) -> Observation:
    """Press Ctrl-C on its terminal, after some events, ``times`` times."""
    runs = []
    for _ in range(asked.times):
        with Lesson(asked, terminal=True) as lesson:
            lesson.wait_ready()
            truths = drain(lesson)
            lesson.type(b"\x03")
            runs.append(lesson.finish(truth=truths))
    return {"runs": runs}


def ctrl_c_full_pipe(asked: Asked) -> Observation:
    """Interrupt it while it cannot write, because nobody reads, ``times`` times.

    ``blocked`` tells whether it had indeed stopped before all was written, ``again``
    whether it ran on after Ctrl-C, so that it was interrupted once more.
    """
    runs = []
    for _ in range(asked.times):
        reader, writer = os.pipe()
        with open(reader, "rb", 0) as pipe:
            size = fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
            with Lesson(asked, into=writer) as lesson:
                os.close(writer)
                stdout = pipe.readline()
                cpu = min(os.sched_getaffinity(0))
                more = 0
                for _ in waiting(asked.patience, 0):
                    last = Child(cpu, name=b"fill").call()
                    more += _bytes_in(pipe) > size - ROOM
                    if more > ROOM // SHORTEST:
                        break
                lesson.pump_for(1.0)
                lesson.send(signal.SIGINT)
                for _ in waiting(LATE):
                    if not lesson.running:
                        break
                again = lesson.running
                if again:
                    lesson.send(signal.SIGINT)
                run = lesson.finish(again=again)
            stdout += pipe.read()
        printed = any(asked.is_of(line, last["pid"]) for line in stdout.split(b"\n"))
        runs.append({**run, "stdout": text(stdout), "blocked": not printed})
    return {"runs": runs}


def _bytes_in(pipe: BinaryIO) -> int:
    """Return how many bytes wait in a pipe to be read."""
    (count,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))
    return int(count)


def closed_pipe(asked: Asked) -> Observation:
    """Run ``program | head -TIMES`` while there are events."""
    reader, writer = os.pipe()
    with subprocess.Popen(
        ["head", "-n", str(asked.times)], stdin=reader, stdout=subprocess.PIPE
    ) as head:
        os.close(reader)
        with Lesson(asked, into=writer) as lesson:
            os.close(writer)
            for _ in waiting(asked.patience, 0.05):
                if not lesson.running:
                    break
                Child(min(os.sched_getaffinity(0)), name=b"event").call()
            run = lesson.finish()
        assert head.stdout is not None
        return {**run, "stdout": text(head.stdout.read())}


def closed_pipe_at_once(asked: Asked) -> Observation:
    """Run it into a pipe whose reader is gone from the start, ``times`` times."""
    runs = []
    for _ in range(asked.times):
        reader, writer = os.pipe()
        os.close(reader)
        with Lesson(asked, into=writer) as lesson:
            os.close(writer)
            runs.append(lesson.finish())
    return {"runs": runs}


def not_root(asked: Asked) -> Observation:
    """Run it as nobody. It is copied: the checkout may be readable by few."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, asked.program.name)
        shutil.copy(asked.program, copy)
        for path in (folder, copy):
            os.chmod(path, 0o755)
        return refused([copy], asked, user=NOBODY, group=NOBODY, extra_groups=[])


def no_bcc(asked: Asked) -> Observation:
    """Run it by a Python that sees the standard library only."""
    return refused([PYTHON, "-I", "-S", asked.program], asked)


def refused(argv: Sequence[str | Path], asked: Asked, **identity: Any) -> Observation:
    """Run a command to its end; return how it ended and what it wrote."""
    ended = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(),
        timeout=asked.patience,
        check=False,
        **identity,
    )
    return {
        "status": ended.returncode,
        "stdout": text(ended.stdout),
        # A person reads it, so it is text, not any bytes.
        "stderr": ended.stderr.removeprefix(said_by_bcc()).decode(),
    }
