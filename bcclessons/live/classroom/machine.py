"""A learner's machine in a class: a VM of his own, for which he waits in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcclessons.console.text import Text
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved
from bcclessons.live.classroom.checkout import exercise_of
from bcclessons.machines import Machine

if TYPE_CHECKING:
    from bcclessons.live.classroom.fair_queue import FairQueue
    from bcclessons.live.classroom.seat import Seat

# A program whose header does not come holds its turn no longer than this.
_SETTLING_SECONDS = 60.0
# A check that takes longer is of an observer that its learner has changed: it ends with
# the VM, so that others have their turn.
_TURN_SECONDS = 240.0


class LearnersMachine:
    """A LiveMachine whose VM, files and progress are those of one learner."""

    def __init__(
        self,
        learner: int,
        seat: Seat,
        queue: FairQueue,
        checkout: Path,
        exercises: list[Exercise],
    ) -> None:
        """``checkout`` is the host's, from which the exercises are."""
        self.seat = seat
        self.lessons = list(
            {each.lesson.label: each.lesson for each in exercises}.values()
        )
        self.exercises: list[Exercise] = [
            exercise_of(each, checkout, seat.checkout) for each in exercises
        ]
        self.solved = Solved({"XDG_STATE_HOME": str(seat.folder / "state")})
        self.settling: Callable[[], Awaitable[None]] | None = None
        self._learner = learner
        self._queue = queue
        self._turns = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def ready(self, lesson: Lesson) -> Machine:
        """Return the VM, started in turn if need be."""
        del lesson
        if self.seat.is_running or self._turns:
            return await self.seat.vm()
        async with self._queue.turn(self._learner, self._say_place):
            return await self.seat.vm()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the learner's turn, with his VM started in a turn before.

        So everybody's VM is started before anybody's program. A turn that begins with a
        ``settling``, in which something is started, ends when that has returned.
        """
        settling, self.settling = self.settling, None
        await self.ready(self.lessons[0])
        async with AsyncExitStack() as stack:
            turn = self._queue.turn(self._learner, self._say_place)
            await stack.enter_async_context(turn)
            stack.callback(self._count, -1)
            self._count(1)
            with self._at_most(_TURN_SECONDS):
                yield
            if settling is not None:
                self._later(self._settle(settling, stack.pop_all()))

    @contextmanager
    def _at_most(self, seconds: float) -> Iterator[None]:
        """End the VM if the block takes longer."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, lambda: self._later(self.seat.end()))
        try:
            yield
        finally:
            timer.cancel()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settle(
        self, settling: Callable[[], Awaitable[None]], turn: AsyncExitStack
    ) -> None:
        async with turn:
            try:
                await asyncio.wait_for(settling(), _SETTLING_SECONDS)
            except TimeoutError:
                return

    def _count(self, change: int) -> None:
        self._turns += change
        self.seat.in_use = self._turns
        self.seat.touch()

    def _say_place(self, place: int) -> None:
        self.seat.console.say(
            Text(
                ja=f"マシンが混んでいる．順番を待つ（{place} 番目）．",
                en=f"the machine is busy; waiting for your turn (number {place}).",
            )
        )

    async def close(self) -> None:
        """End the VM for good; the files stay."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.seat.close()
