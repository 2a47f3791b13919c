"""The VMs of a class: one for a learner, started in turn, asleep while nobody uses it."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem, Text
from bcclessons.live.classroom import checkout
from bcclessons.live.classroom.fair_queue import FairQueue
from bcclessons.machines.vm import kvm
from bcclessons.machines.vm.client import Vm
from bcclessons.machines.vm.store import Store
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.files import unwritable

if TYPE_CHECKING:
    from bcclessons.console.console import Console

# Of a learner who does not type, but has a page open; of one who has none.
IDLE_SECONDS = 600.0
ABSENT_SECONDS = 60.0
_TICK_SECONDS = 5.0
# A VM takes 370 MB with a lesson in it; so much must be left for the others to grow.
_MEMORY_BYTES = 700 << 20
_SET_CLOCK = ("date", "-u", "-s")
GRACE_SECONDS = 60.0
_WARNING = Text(
    ja=f"自分のファイルが多すぎる（{checkout.MOST_BYTES >> 20} MB，{checkout.MOST_FILES} "
    f"個まで）．シェルで消す．{GRACE_SECONDS:.0f} 秒後に VM を止める．",
    en=f"your files are too many (at most {checkout.MOST_BYTES >> 20} MB, "
    f"{checkout.MOST_FILES} files); delete some in the shell. The VM stops in "
    f"{GRACE_SECONDS:.0f} s.",
)
_TOO_LARGE = Text(
    ja=f"自分のファイルが多すぎる（{checkout.MOST_BYTES >> 20} MB，{checkout.MOST_FILES} "
    f"個，{checkout.MOST_DEPTH} 階層まで）ので VM は動かない．講師に伝える．",
    en=f"your files are too many (at most {checkout.MOST_BYTES >> 20} MB, "
    f"{checkout.MOST_FILES} files, {checkout.MOST_DEPTH} levels of folders), so the VM "
    "does not run; tell the instructor.",
)


def _now() -> float:
    """Return the time of this host, in seconds since 1970."""
    return time.time()


def _available_bytes() -> int:
    """Return the memory that new programs of this host can have."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return _MEMORY_BYTES


class Seat:
    """A learner's folder and VM. ``shown`` tells how many pages of his are open."""

    def __init__(
        self, fleet: Fleet, folder: Path, console: Console, shown: Callable[[], int]
    ) -> None:
        self.folder = folder
        self.checkout = folder / "checkout"
        self.asleep = False
        self.in_use = 0
        self._fleet = fleet
        self.console = console
        self._shown = shown
        self._vm: Vm | None = None
        self._starting = asyncio.Lock()
        self._used = time.monotonic()
        self._warned: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_running(self) -> bool:
        """Whether his VM runs, asleep or not."""
        return self._vm is not None and self._vm.is_running()

    @property
    def idle_seconds(self) -> float:
        """How long his VM has not been used."""
        return 0.0 if self.in_use else time.monotonic() - self._used

    async def vm(self) -> Vm:
        """Return his VM, running and awake. Raise Problem if it cannot be started."""
        async with self._starting:
            if self._vm is None or not self._vm.is_running():
                await asyncio.to_thread(self._end)
                await self._fleet.make_room(self)
                self._vm = await asyncio.to_thread(self._start)
        self.touch()
        return self._vm

    def refresh(self) -> None:
        """Make the learner's copy of the checkout, or make good what is damaged."""
        try:
            checkout.refresh(self._fleet.workspace.checkout, self.checkout)
        except OSError as error:
            raise unwritable(error) or Problem(
                ja=f"受講者のファイルを用意できない（{error}）．",
                en=f"the learner's files cannot be prepared ({error}).",
            ) from error

    def _start(self) -> Vm:
        self.refresh()
        if checkout.is_too_large(self.checkout):
            raise Problem(ja=_TOO_LARGE.ja, en=_TOO_LARGE.en)
        own = Workspace(self.checkout, self._fleet.workspace.cache, self.console)
        return Vm(own, folder=self.folder / "vm", confined=True).__enter__()

    def touch(self) -> None:
        """Note that he uses his VM; one that sleeps goes on from where it was."""
        self._used = time.monotonic()
        if self.asleep and self._vm is not None:
            self.asleep = False
            self._vm.wake()
            task = asyncio.create_task(self._set_clock(self._vm))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _set_clock(self, vm: Vm) -> None:
        """Tell the guest what time it is; its clock has stood still."""
        process = await asyncio.create_subprocess_exec(
            *vm.command([*_SET_CLOCK, f"@{_now():.0f}"]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()

    def sleep_if_idle(self) -> None:
        """Put his VM to sleep if it has not been used for long."""
        longest = IDLE_SECONDS if self._shown() else ABSENT_SECONDS
        if self.is_running and not self.asleep and self.idle_seconds > longest:
            assert self._vm is not None
            self._vm.sleep()
            self.asleep = True

    async def check_size(self) -> None:
        """End his VM if his files are too many, after a time in which he can delete some."""
        copy = self.checkout
        if not await asyncio.to_thread(checkout.is_too_large, copy):
            self._warned = None
            return
        now = time.monotonic()
        if self._warned is None:
            self._warned = now
            self.console.say(_WARNING)
        much_too_large = await asyncio.to_thread(checkout.is_too_large, copy, 4)
        if much_too_large or now - self._warned > GRACE_SECONDS:
            self._warned = None
            self.console.say(_TOO_LARGE)
            await self.end()

    async def end(self) -> None:
        """End his VM; his files stay."""
        async with self._starting:
            await asyncio.to_thread(self._end)

    def _end(self) -> None:
        if self._vm is not None:
            self._vm.__exit__()
            self._vm = None
        self.asleep = False


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

    async def make_room(self, wanted: Seat) -> None:
        """End VMs that sleep if memory is short. Raise Problem if it stays so."""
        sleeping = sorted(
            (
                seat
                for seat in self.seats.values()
                if seat.asleep and seat is not wanted
            ),
            key=lambda seat: -seat.idle_seconds,
        )
        while _available_bytes() < _MEMORY_BYTES:
            if not sleeping:
                raise Problem(
                    ja="このクラスのマシンのメモリが足りない．講師に伝える．",
                    en="this class's machine is short of memory; tell the instructor.",
                )
            await sleeping.pop(0).end()

    async def watch(self) -> None:
        """Put idle VMs to sleep, and end those that fill the disk, for ever."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
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
