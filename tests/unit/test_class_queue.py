"""Fair waiting: whose turn is next, and what one is told meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bcclessons.live.classroom.fair_queue import FairQueue


async def served(limit: int, arrivals: list[int]) -> list[int]:
    """Return the order in which learners get a turn who all ask at once."""
    queue, order = FairQueue(limit), []

    async def ask(learner: int) -> None:
        async with queue.turn(learner):
            order.append(learner)
            await asyncio.sleep(0.001)

    await asyncio.gather(*map(ask, arrivals))
    return order


@pytest.mark.parametrize(
    ("limit", "arrivals", "order"),
    [
        (1, [1, 2, 3], [1, 2, 3]),
        (1, [1, 1, 1, 2, 3], [1, 2, 3, 1, 1]),
        (1, [1, 1, 2, 2, 3], [1, 2, 3, 1, 2]),
        (2, [1, 2, 1, 2, 3, 4], [1, 2, 3, 4, 1, 2]),
    ],
)
def test_turns_go_round_by_learner(
    limit: int, arrivals: list[int], order: list[int]
) -> None:
    assert asyncio.run(served(limit, arrivals)) == order


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 10))


def test_no_more_than_the_limit_run() -> None:
    async def work() -> None:
        queue, running, most = FairQueue(2), 0, 0

        async def ask(learner: int) -> None:
            nonlocal running, most
            async with queue.turn(learner):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0.001)
                running -= 1

        await asyncio.gather(*map(ask, range(9)))
        assert most == 2

    run(work)


def test_one_is_told_each_place_once() -> None:
    async def work() -> None:
        queue = FairQueue(1)
        told: dict[int, list[int]] = {learner: [] for learner in range(4)}

        async def ask(learner: int) -> None:
            async with queue.turn(learner, told[learner].append):
                await asyncio.sleep(0.001)

        await asyncio.gather(*map(ask, range(4)))
        assert told == {0: [], 1: [1], 2: [2, 1], 3: [3, 2, 1]}

    run(work)


def test_a_late_first_turn_is_before_a_second() -> None:
    async def work() -> None:
        queue, places = FairQueue(1), list[int]()
        release = asyncio.Event()

        async def hold(learner: int) -> None:
            async with queue.turn(learner, places.append if learner == 2 else print):
                await release.wait()

        tasks = [asyncio.create_task(hold(learner)) for learner in (1, 1, 1)]
        await asyncio.sleep(0)
        assert queue.places() == {1: 1}
        tasks.append(asyncio.create_task(hold(2)))
        await asyncio.sleep(0)
        assert places == [1]
        assert queue.places() == {2: 1, 1: 2}
        release.set()
        await asyncio.gather(*tasks)

    run(work)


def test_who_leaves_the_queue_or_fails_frees_the_turn() -> None:
    async def work() -> None:
        queue, order = FairQueue(1), list[int]()

        async def ask(learner: int) -> None:
            async with queue.turn(learner):
                order.append(learner)
                await asyncio.sleep(0.001)
                if learner == 1:
                    raise ValueError

        tasks = [asyncio.create_task(ask(learner)) for learner in (1, 2, 3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [1, 3]
        assert queue.places() == {}
        async with queue.turn(4):
            pass

    run(work)


def test_one_cancelled_as_his_turn_comes_frees_it() -> None:
    async def work() -> None:
        queue = FairQueue(1)

        async def hold(learner: int) -> None:
            async with queue.turn(learner):
                raise AssertionError("it was cancelled before")

        async with queue.turn(1):
            second = asyncio.create_task(hold(2))
            await asyncio.sleep(0)
        second.cancel()  # its turn has come, and it does not know yet
        await asyncio.gather(second, return_exceptions=True)
        assert second.cancelled()
        async with queue.turn(3):
            pass

    run(work)


def test_who_has_something_running_comes_after_who_has_not() -> None:
    async def work() -> None:
        queue, order = FairQueue(2), list[int]()

        async def ask(learner: int) -> None:
            async with queue.turn(learner):
                order.append(learner)

        async with queue.turn(1):
            await ask(2)  # a turn after that of 1, and it has ended
            async with queue.turn(3):
                tasks = [asyncio.create_task(ask(learner)) for learner in (1, 2)]
                await asyncio.sleep(0)
            await asyncio.gather(*tasks)
        assert order == [2, 2, 1]

    run(work)
