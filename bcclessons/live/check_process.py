"""A check in a process of its own, so that no program holds up the server's pages.

What a program prints is the learner's to choose, and a pattern may read it for long.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection

from bcclessons.console.text import Problem, Text
from bcclessons.course.exercise import Exercise
from bcclessons.grading.check import Observer, check
from bcclessons.grading.feedback import Feedback

# Of the CPU's time, which no other process takes: a check takes some tenths.
_MOST_SECONDS = 5.0
_STARTED = "started"

# Its processes are forks of one that has imported this module, and has no threads.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


async def check_apart(
    exercise: Exercise, program: str, observer: Observer, started: Callable[[], None]
) -> Feedback | None:
    """Do as ``check``; cancelled, end it.

    Raise Problem also if it takes too long, and where its process is killed.
    """
    answers, answer = _context.Pipe(duplex=False)
    process = _context.Process(
        target=_run, args=(answer, exercise, program, observer), daemon=True
    )
    try:
        await asyncio.to_thread(process.start)
        answer.close()  # so that reading ends with the process
        while (found := await asyncio.to_thread(answers.recv)) == _STARTED:
            started()
    except EOFError as error:
        await asyncio.to_thread(process.join)
        if process.exitcode != -signal.SIGPROF:
            raise RuntimeError(f"a check ended with {process.exitcode}") from error
        raise Problem(
            ja="プログラムが表示したものを確かめるのに，時間がかかりすぎた．表示を短くして，"
            "もう一度確かめる．",
            en="it took too long to check what the program printed; have it print less, "
            "and check again.",
        ) from error
    finally:
        answer.close()
        if process.pid is not None:
            # Its pipes close: the observer ends, and cleans up.
            process.kill()
            await asyncio.to_thread(process.join)
    if isinstance(found, Text):
        raise Problem(ja=found.ja, en=found.en)
    return found  # type: ignore[no-any-return]  # what _run sends


def _run(
    answer: Connection, exercise: Exercise, program: str, observer: Observer
) -> None:
    # The timer is of this process alone: the observer does not inherit it.
    signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)
    # Ctrl-C in the terminal is for the server, which ends its checks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        found: object = check(
            exercise, program, observer, started=lambda: answer.send(_STARTED)
        )
    except Problem as problem:
        found = problem.text
    answer.send(found)
