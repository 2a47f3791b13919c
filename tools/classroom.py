"""Measuring a class: learners who all press Run at once, some of them in real browsers.

    python -m tools.classroom --learners 30 --browsers 3 --kill

runs under the Python of requirements-dev.txt; ./lab bench class starts it.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import async_playwright

from tools.class_people import PATIENCE, Browser, Learner
from tools.class_server import ClassServer, VmCost
from tools.site import BROWSER_FLAGS

MOST_MEGABYTES = 400
MOST_BOARD_SECONDS = 0.1
MOST_WAIT = 2.0
"""The longest wait for a first event, as a multiple of the mean."""


async def _watch_board(server: ClassServer, seconds: list[float]) -> None:
    """Ask for the board four times a second, for ever, as four instructors would."""
    while True:
        seconds.append(await asyncio.to_thread(server.board_seconds))
        await asyncio.sleep(0.25)


@dataclass(frozen=True)
class Result:
    """What was measured; times in seconds, memory in bytes."""

    learners: Sequence[Learner]
    board: Sequence[float]
    costs: Sequence[VmCost]
    idle_cpu: float

    @property
    def longest(self) -> float:
        """The longest wait for a first event, as a multiple of the mean."""
        events = [each.event for each in self.learners]
        return max(events) / statistics.mean(events)

    @property
    def board_p99(self) -> float:
        """The time in which 99 of 100 boards are there."""
        return sorted(self.board)[int(len(self.board) * 0.99)]

    @property
    def most_memory(self) -> int:
        """The memory that the largest VM takes for itself."""
        return max(cost.total for cost in self.costs)

    @property
    def is_good(self) -> bool:
        """Whether it reaches what we promise."""
        return (
            all(each.event for each in self.learners)
            and self.longest <= MOST_WAIT
            and self.board_p99 <= MOST_BOARD_SECONDS
            and self.most_memory <= MOST_MEGABYTES * 1_000_000
        )

    def __str__(self) -> str:
        events = sorted(each.event for each in self.learners)
        headers = sorted(each.header for each in self.learners)
        mean = statistics.mean(events)
        qemu = [cost.qemu / 1e6 for cost in self.costs]
        whole = [cost.total / 1e6 for cost in self.costs]
        lines = [
            f"{len(events)} learners pressed Run at once.",
            f"Header: {headers[0]:.0f} to {headers[-1]:.0f} s.",
            f"First event: {events[0]:.0f} to {events[-1]:.0f} s, mean {mean:.0f} s; "
            f"the longest is {self.longest:.2f} of the mean (at most {MOST_WAIT}).",
            f"Memory of a VM: QEMU {statistics.mean(qemu):.0f} MB (PSS), with what runs "
            f"beside it {statistics.mean(whole):.0f}, the largest {max(whole):.0f} (at "
            f"most {MOST_MEGABYTES}).",
            f"CPU of all VMs with lesson 02 running and nothing to do: "
            f"{self.idle_cpu:.1%} of one.",
            f"Board, {len(self.board)} times: median "
            f"{statistics.median(self.board) * 1000:.0f} ms, p99 "
            f"{self.board_p99 * 1000:.0f} ms (at most {MOST_BOARD_SECONDS * 1000:.0f}), "
            f"longest {max(self.board) * 1000:.0f} ms.",
        ]
        return "\n".join(lines)


async def measured(server: ClassServer, learners: int, browsers: int) -> Result:
    """Have so many learners, some of them in browsers, press Run at once."""
    begin, board = asyncio.Event(), list[float]()
    async with AsyncExitStack() as stack:
        people = [Learner(f"Learner {n}") for n in range(learners - browsers)]
        if browsers:
            playwright = await stack.enter_async_context(async_playwright())
            chromium = await playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=list(BROWSER_FLAGS)
            )
            stack.push_async_callback(chromium.close)
            for n in range(browsers):
                context = await chromium.new_context(locale="en-US")
                people.append(Browser(f"Browser {n}", page=await context.new_page()))
        work = [asyncio.create_task(each.work(server, begin)) for each in people]
        for each in people:
            await asyncio.wait_for(each.is_here.wait(), PATIENCE)
        watching = asyncio.create_task(_watch_board(server, board))
        begin.set()
        await asyncio.wait_for(asyncio.gather(*work), PATIENCE)
        await asyncio.sleep(5)
        costs = server.costs()
        idle = await asyncio.to_thread(server.cpu_share, 10.0)
        watching.cancel()
        return Result(people, board, costs, idle)


def main() -> int:
    """Measure a class; return the exit status: 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m tools.classroom")
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--browsers", type=int, default=3)
    parser.add_argument("--kill", action="store_true", help="then kill the server, too")
    given = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as state:
        with ClassServer(Path(state), port) as server:
            result = asyncio.run(measured(server, given.learners, given.browsers))
            print(result, flush=True)
            is_good = result.is_good
            if given.kill:
                left = server.kill()
                print(f"After SIGKILL of the server, {left} VMs are left.")
                is_good &= left == 0
        if given.kill:
            with ClassServer(Path(state), port) as again:
                back = again.learners()
            print(f"After a restart, {back} learners are back.")
            is_good &= back == given.learners
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
