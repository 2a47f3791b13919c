"""Run a learner's program on this machine, take the exercise's steps, tell what came.

    /usr/bin/python3 -m bcclessons.grading.observer <REQUEST >OBSERVATION

Both are a line of JSON; see contract.py. A line that says that it has started is
printed before. It judges nothing. It is run as root by the
Python of whichever machine the exercise runs on, in a VM too, so it needs nothing but
the standard library of Python 3.9. It ends when its standard input does, as it does
when the ./lab that asks has ended. Nothing of the program is left when it ends.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from bcclessons.course.steps import Step
from bcclessons.grading import execve
from bcclessons.grading.contract import (
    STARTED,
    CallFacts,
    Ending,
    Load,
    Observation,
    Request,
)
from bcclessons.grading.execve_count import ExecveCount
from bcclessons.grading.processes import (
    alone_on_machine,
    become_subreaper,
    processes_made,
)
from bcclessons.grading.program import Program

TRACING = Path("/sys/kernel/tracing")


def observe(request: Request) -> Observation:
    """Run the program as requested; return what it printed, and what is true."""
    become_subreaper()
    calls: list[CallFacts] = []
    with (
        tempfile.TemporaryDirectory(prefix="bcc-lessons-") as folder,
        ExecveCount() as count,
    ):
        path = Path(folder) / "my_sample"
        path.write_text(request.program, encoding="utf-8")
        path.chmod(0o755)
        for name, data in request.files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(base64.b64decode(data))
        empty_trace_pipe()
        begin, made = time.monotonic(), processes_made()
        try:
            program = Program(path, request.limits)
        except OSError as error:
            return Observation("not started", reason=str(error.strerror))
        with program:
            ending = _drive(program, request, calls)
        ours = program.made + sum(map(_processes_of, request.steps))
        others = max(0, processes_made() - made - ours)
        return Observation(
            ending,
            program.stdout.decode(errors="replace"),
            program.stderr.decode(errors="replace"),
            calls,
            program.left,
            status=program.status,
            load=Load(time.monotonic() - begin, others, count.others, program.waited),
        )


def _processes_of(step: Step) -> int:
    """Return how many processes and threads it takes to take a step."""
    if step.kind != "call":
        return 0
    return 1 + len(step.ancestors) + step.caller_thread + 2 * step.parent_thread


def _drive(program: Program, request: Request, calls: list[CallFacts]) -> Ending:
    """Wait for the header, take the steps, press Ctrl-C; return how it ended."""
    limits = request.limits
    if not _wait_for_header(program, request):
        return _stopped(program) or ("hung" if program.running else _ended(program))
    for number, step in enumerate(request.steps):
        _take(step, number, program, limits.quiet_seconds, calls)
    program.settle(limits.quiet_seconds)
    if stopped := _stopped(program):
        return stopped
    if not program.running:
        program.wait(0)
        return _stopped(program) or "by itself"
    program.send(signal.SIGINT)
    program.wait(limits.end_seconds)
    if program.running and b"KeyboardInterrupt" in program.stderr:
        # It came in a callback, and ctypes has dropped it: one presses it again.
        program.send(signal.SIGINT)
        program.wait(limits.end_seconds)
    return _stopped(program) or ("deaf" if program.running else "interrupted")


def _stopped(program: Program) -> Ending | None:
    if program.bomb:
        return "bomb"
    return "flooded" if program.flooded else None


def _ended(program: Program) -> Ending:
    program.wait(0)
    return _stopped(program) or "early"


def _wait_for_header(program: Program, request: Request) -> bool:
    """Wait until the header is shown; return False if it does not come."""
    limits = request.limits
    end = time.monotonic() + limits.ready_seconds
    # The time that it waits for a CPU does not count, up to twice as much.
    most = 2 * limits.ready_seconds
    printed = False
    while not program.shows(request.ready):
        if not printed and b"\n" in program.stdout:
            # What has started to print would have its header soon, if it had it at all.
            printed = True
            end = min(end, time.monotonic() + limits.header_seconds)
        late = time.monotonic() > end + min(program.waited, most)
        if program.flooded or not program.running or late:
            program.wait(0)
            return program.shows(request.ready) and not program.flooded
        program.pump(0.02)
    return True


def _take(
    step: Step, number: int, program: Program, quiet: float, calls: list[CallFacts]
) -> None:
    if step.kind == "call":
        calls.append(CallFacts(step=number, **execve.call(step)))
    elif step.kind == "marker":
        _write_marker(step.text.encode())
    elif step.kind == "echo":
        program.pump(0)
        last = (bytes(program.stdout).splitlines() or [b""])[-1]
        _write_marker(step.text.encode() + last)
    elif step.kind == "settle":
        program.settle(quiet)
    elif step.kind == "wait":
        program.run(step.seconds)
    else:
        program.send(signal.SIGSTOP if step.kind == "stop" else signal.SIGCONT)


def _write_marker(line: bytes) -> None:
    """Write a line to the trace buffer, as any program may."""
    with open(TRACING / "trace_marker", "wb", 0) as marker:
        marker.write(line)


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


_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM)


def _stop(number: int, _frame: object) -> NoReturn:
    # Ctrl-C pressed twice must not cut the first one's cleaning short.
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(f"ended by {signal.Signals(number).name}")


def main() -> None:
    """Serve the request on standard input."""
    # End through every `finally` when this process is told to end, or hangs.
    for number in _ENDING:
        signal.signal(number, _stop)
    request = Request.from_json(sys.stdin.readline())
    with alone_on_machine():
        print(STARTED, flush=True)
        signal.alarm(request.limits.most_seconds)
        sys.stdout.write(observe(request).to_json())


if __name__ == "__main__":
    main()
