"""Cases for a lesson that accounts for its events: calls of which the number is known.

They run the lesson with its two settings changed, and so that it takes notice of the
calls of one user only: others' must not count.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.kernel.on_machine.calls import Call, Worker
from tests.kernel.on_machine.run import Lesson
from tests.kernel.on_machine.system import CaseError, Observation

if TYPE_CHECKING:
    from tests.kernel.on_machine.run import Asked

USER = 54321
ABSENT = Call(b"/nonexistent/program")
SETTINGS = "pages, delay = 8, 0\n"
CALLED = "    add_1(CALLED);\n"
OPEN = """b["events"].open_perf_buffer(print_event, pages, lost_cb=reported.append)
"""
READY = """print("PID    COMM", flush=True)
"""
# So that Ctrl-C comes in the middle of BCC's event().
INTERRUPT = """import sys
def interrupt(frame, event, arg):
    if frame.f_code.co_name == "event":
        sys.setprofile(None)
        signal.raise_signal(signal.SIGINT)
sys.setprofile(interrupt)
"""
# How long the buffer is not open yet, and how many calls are made then and later.
UNOPENED_SECONDS, UNOPENED, OPENED = 3.0, 70, 40
# In which the lesson reads all that is left in buffers of one page.
READ_SECONDS = 1.0


class Setting(NamedTuple):
    """How the lesson reads, and how it is called.

    ``delay`` is in seconds an event, ``pause`` in seconds between two calls. It is
    interrupted when so large a ``share`` of the calls has been made. With ``more``, once
    all has been read, each CPU has one more call.
    """

    pages: int
    delay: float
    pause: float = 0.0
    share: float = 1.0
    more: bool = False


RUNS = {
    "fast": Setting(8, 0),
    "one page": Setting(1, 0),
    "one more": Setting(1, 0, more=True),
    "many pages": Setting(256, 0),
    "slow reader": Setting(1, 0.002),
    "slow reader, more pages": Setting(16, 0.002),
    "paced": Setting(128, 0, 0.0005),
    "interrupted": Setting(2, 0.0001, 0.0002, 0.5),
}


def balance(asked: Asked) -> Observation:
    """Make ``times`` calls in each of two processes a CPU, for each of the settings."""
    return {name: _run(asked, setting) for name, setting in RUNS.items()}


def _run(asked: Asked, setting: Setting) -> Observation:
    settings = f"pages, delay = {setting.pages}, {setting.delay}\n"
    cpus = sorted(os.sched_getaffinity(0)) * 2
    with (
        _changed(asked, {SETTINGS: settings}) as folder,
        Lesson(_of(asked, folder)) as lesson,
    ):
        lesson.wait_ready()
        workers = [_caller(cpu, asked.times, setting.pause) for cpu in cpus]
        try:
            if setting.share < 1:
                lesson.pump_for(setting.share * setting.pause * asked.times)
                lesson.send(signal.SIGINT)
            _wait(lesson, workers)
        finally:
            for worker in workers:
                worker.__exit__()
        made = asked.times * len(cpus)
        if setting.more:
            lesson.pump_for(READ_SECONDS)
            for cpu in set(cpus):
                _call(lesson, cpu, 1)
                made += 1
            lesson.pump_for(READ_SECONDS)
        if setting.share == 1:
            lesson.send(signal.SIGINT)
        return lesson.finish(made=made, release=os.uname().release)


def unopened(asked: Asked) -> Observation:
    """Make calls while the program is attached, and its buffer is not open yet."""
    late = f"time.sleep({UNOPENED_SECONDS})\n{OPEN}"
    changes = {OPEN: "", READY: READY + late}
    with _changed(asked, changes) as folder, Lesson(_of(asked, folder)) as lesson:
        lesson.wait_ready()
        for calls in (UNOPENED, OPENED):
            _call(lesson, min(os.sched_getaffinity(0)), calls)
            lesson.pump_for(UNOPENED_SECONDS + 1)
        lesson.send(signal.SIGINT)
        return lesson.finish(unopened=UNOPENED, opened=OPENED)


def interrupted_in_event(asked: Asked) -> Observation:
    """Make a call; the program is interrupted in the middle of BCC's ``event()``."""
    changes = {READY: INTERRUPT + READY}
    with _changed(asked, changes) as folder, Lesson(_of(asked, folder)) as lesson:
        lesson.wait_ready()
        _call(lesson, min(os.sched_getaffinity(0)), 1)
        return lesson.finish()


def _changed(asked: Asked, changes: dict[str, str]) -> tempfile.TemporaryDirectory[str]:
    """Return a folder with a copy of the program, changed; leaving it deletes it."""
    program = asked.program.read_text()
    only = f"    if ((u32)bpf_get_current_uid_gid() != {USER})\n        return 0;\n"
    for old, new in {**changes, CALLED: only + CALLED}.items():
        if program.count(old) != 1:
            raise CaseError(f"the program has {old!r} not once")
        program = program.replace(old, new)
    folder = tempfile.TemporaryDirectory()
    copy = Path(folder.name, asked.program.name)
    copy.write_text(program)
    copy.chmod(0o755)
    return folder


def _of(asked: Asked, folder: str) -> Asked:
    return asked._replace(program=Path(folder, asked.program.name))


def _caller(cpu: int, times: int, pause: float) -> Worker:
    """Return a process of the user that calls execve so often on a CPU."""

    def call() -> None:
        os.sched_setaffinity(0, {cpu})
        os.setresuid(USER, USER, USER)
        execve = ABSENT.prepared()
        for _ in range(times):
            execve()
            if pause:
                time.sleep(pause)

    return Worker(call)


def _call(lesson: Lesson, cpu: int, times: int) -> None:
    """Have the user call execve so often on a CPU, and wait for that."""
    with _caller(cpu, times, 0) as worker:
        _wait(lesson, [worker])


def _wait(lesson: Lesson, workers: list[Worker]) -> None:
    """Wait for the end of the workers, taking what the lesson writes."""
    if not lesson.pump_until(lambda: all(worker.done() for worker in workers)):
        for _ in range(200):  # the lesson has ended
            if all(worker.done() for worker in workers):
                return
            time.sleep(0.05)
        raise CaseError("the calls did not end")
