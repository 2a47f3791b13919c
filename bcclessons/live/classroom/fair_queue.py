"""Fair waiting for the CPU: so many pieces of heavy work at once, in turn by learner."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class _Waiting:
    """Somebody who waits; ``place`` is told where he stands, 1 for the next."""

    learner: int
    place: Callable[[int], None]
    admitted: asyncio.Event = field(default_factory=asyncio.Event)
    told: int = 0


class FairQueue:
    """Lets ``limit`` pieces of work run at once.

    Next comes the learner of whom the fewest run, of these the one whose last turn is
    the longest ago, of these who came first. So nobody has a second turn before
    another's first, however much he asks for.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running: Counter[int] = Counter()
        self._last: dict[int, int] = {}
        self._turns = 0
        self._waiting: list[_Waiting] = []

    @asynccontextmanager
    async def turn(
        self, learner: int, place: Callable[[int], None] = lambda place: None
    ) -> AsyncIterator[None]:
        """Wait for the learner's turn, and hold it while the block runs.

        ``place`` is called with his place, from 1, whenever it changes; not at all if
        he does not wait.
        """
        mine = _Waiting(learner, place)
        self._waiting.append(mine)
        self._admit()
        try:
            await mine.admitted.wait()
        except BaseException:
            if mine.admitted.is_set():  # at this very moment
                self._leave(learner)
            else:
                self._waiting.remove(mine)
                self._admit()
            raise
        try:
            yield
        finally:
            self._leave(learner)

    def places(self) -> dict[int, int]:
        """Return the place of each learner who waits: 1 for the next."""
        places: dict[int, int] = {}
        for number, waiting in enumerate(self._in_order(), 1):
            places.setdefault(waiting.learner, number)
        return places

    def _leave(self, learner: int) -> None:
        self._running[learner] -= 1
        self._running += Counter()  # without those of whom nothing runs
        self._admit()

    def _admit(self) -> None:
        """Start what may start, and tell the others where they stand."""
        while self._waiting and self._running.total() < self._limit:
            first = self._in_order()[0]
            self._waiting.remove(first)
            self._running[first.learner] += 1
            self._turns += 1
            self._last[first.learner] = self._turns
            first.admitted.set()
        for number, waiting in enumerate(self._in_order(), 1):
            if number != waiting.told:
                waiting.told = number
                waiting.place(number)

    def _in_order(self) -> list[_Waiting]:
        """Return who waits, in the order in which they come if nobody else does."""
        left, running, last = (
            list(self._waiting),
            self._running.copy(),
            dict(self._last),
        )
        order: list[_Waiting] = []
        while left:
            first = min(
                left, key=lambda w: (running[w.learner], last.get(w.learner, 0))
            )
            left.remove(first)
            running[first.learner] += 1
            last[first.learner] = self._turns + len(order) + 1
            order.append(first)
        return order
