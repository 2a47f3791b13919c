"""The VMs of a class: one for a learner, started in turn, ended where memory is short."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem
from bcclessons.live.classroom.fair_queue import FairQueue
from bcclessons.live.classroom.seat import ABSENT_SECONDS, Seat
from bcclessons.machines.vm import kvm
from bcclessons.machines.vm.store import Store
from bcclessons.machines.workspace import Workspace

if TYPE_CHECKING:
    from bcclessons.console.console import Console

_TICK_SECONDS = 5.0
# A VM takes 370 MB with a lesson in it; so much must be left for the others to grow.
_MEMORY_BYTES = 700 << 20
# Of that, so much is left once a VM has been started, for those that run to grow.
_RESERVE_BYTES = 300 << 20


def _available_bytes() -> int:
    """Return the memory that new programs of this host can have."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return _MEMORY_BYTES


class Fleet:
    """The seats of a class, by the learner's number, and what they share."""

    def __init__(self, folder: Path, workspace: Workspace) -> None:
        """``folder`` holds a folder for each learner; ``workspace`` is of the host."""
        self.workspace = workspace
        self.queue = FairQueue(os.cpu_count() or 1)
        self.seats: dict[int, Seat] = {}
        self._folder = folder

    def prepare(self) -> None:
        """Build now what each VM starts from, if it is not there."""
        store = Store(self.workspace)
        image = store.image()
        if not kvm.works(image, self.workspace.cache, self.workspace.console):
            store.snapshot(image)

    def seat(self, learner: int, console: Console, shown: Callable[[], int]) -> Seat:
        """Return a learner's seat, whose folder is made if need be."""
        if learner not in self.seats:
            folder = folder_of(self._folder, learner)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.seats[learner] = Seat(self, folder, console, shown)
        return self.seats[learner]

    def low_memory(self) -> int | None:
        """Return how many bytes are left if no other VM can be started, else None."""
        available = _available_bytes()
        return available if available < _MEMORY_BYTES else None

    async def make_room(self, wanted: Seat) -> None:
        """End VMs that sleep if memory is short. Raise Problem if it stays so."""
        await self._end_sleeping(_MEMORY_BYTES, wanted)
        if self.low_memory() is not None:
            raise Problem(
                ja="このクラスのマシンのメモリが足りない．講師に伝える．",
                en="this class's machine is short of memory; tell the instructor.",
            )

    async def _end_sleeping(self, wanted_bytes: int, spared: Seat | None) -> None:
        """End VMs that sleep, the longest first, until so much memory is available."""
        seats = sorted(self.seats.values(), key=lambda seat: -seat.idle_seconds)
        for seat in seats:
            if _available_bytes() >= wanted_bytes:
                return
            if seat.asleep and seat is not spared:
                await seat.end_for_memory()

    async def keep_reserve(self) -> None:
        """End VMs, before those that grow have no memory left and the host kills some."""
        if _available_bytes() < _RESERVE_BYTES:
            for seat in self.seats.values():
                seat.sleep_if_idle(ABSENT_SECONDS)
            await self._end_sleeping(_RESERVE_BYTES, None)

    async def watch(self) -> None:
        """Put idle VMs to sleep, and end those that take too much, for ever."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                await self.keep_reserve()
            except Exception:
                logging.exception("VMs that sleep could not be ended")
            for seat in list(self.seats.values()):
                seat.sleep_if_idle()
                if seat.is_running and not seat.asleep:
                    try:
                        await seat.check_size()
                    except Exception:  # one learner's files, and no other's
                        logging.exception("a learner's files could not be measured")


def folder_of(folder: Path, learner: int) -> Path:
    """Return the folder of a learner's, among those of all."""
    return folder / str(learner)


def delete(folder: Path, learner: int) -> None:
    """Delete a learner's files."""
    # Not rmtree, which no more than a thousand levels of folders end with an error.
    command = ["rm", "-rf", "--", str(folder_of(folder, learner))]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Problem(
            ja=f"受講者のファイルを消せない（{done.stderr.strip()}）．",
            en=f"the learner's files cannot be deleted ({done.stderr.strip()}).",
        )
