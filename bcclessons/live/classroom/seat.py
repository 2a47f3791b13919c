"""A learner's seat: his folder, his VM, which sleeps while he does not use it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem, Text
from bcclessons.live.classroom import checkout
from bcclessons.machines.vm.client import Vm
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.files import unwritable

if TYPE_CHECKING:
    from bcclessons.console.console import Console
    from bcclessons.live.classroom.fleet import Fleet

# Of a learner who does not type, but has a page open; of one who has none.
IDLE_SECONDS = 600.0
ABSENT_SECONDS = 60.0
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

_ENDED = Text(
    ja="クラスのマシンのメモリが足りないので，休止していた VM を終えた．「実行」を押すと，また"
    "始まる．",
    en="the class's machine is short of memory, so your VM, which was asleep, has been "
    "ended; press Run to start another.",
)


def _now() -> float:
    """Return the time of this host, in seconds since 1970."""
    return time.time()


class Seat:
    """A learner's folder and VM. ``shown`` tells how many pages of his are open."""

    def __init__(
        self, fleet: Fleet, folder: Path, console: Console, shown: Callable[[], int]
    ) -> None:
        self.folder = folder
        self.checkout = folder / "checkout"
        self.asleep = False
        self.ended_for_memory = False
        self.in_use = 0
        self._fleet = fleet
        self.console = console
        self._shown = shown
        self._vm: Vm | None = None
        self._starting = asyncio.Lock()
        # Held in threads: a start goes on in its thread when its task is cancelled.
        self._changing = threading.Lock()
        self._is_closed = False
        self._used = time.monotonic()
        self._warned: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_running(self) -> bool:
        """Whether his VM runs, asleep or not."""
        return self._vm is not None and self._vm.is_running()

    @property
    def is_starting(self) -> bool:
        """Whether his VM is being started or ended."""
        return self._changing.locked()

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
                await asyncio.to_thread(self._start)
        self.touch()
        assert self._vm is not None
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

    def _start(self) -> None:
        with self._changing:
            if self._is_closed:
                raise Problem(ja="VM は終わった．", en="the VM has ended.")
            self.refresh()
            if checkout.is_too_large(self.checkout):
                raise Problem(ja=_TOO_LARGE.ja, en=_TOO_LARGE.en)
            own = Workspace(self.checkout, self._fleet.workspace.cache, self.console)
            vm = Vm(own, folder=self.folder / "vm", confined=True)
            self._vm = vm.__enter__()
            self.ended_for_memory = False

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

    def sleep_if_idle(self, seconds: float = IDLE_SECONDS) -> None:
        """Put his VM to sleep if it has not been used for so long, or no page is open."""
        longest = seconds if self._shown() else ABSENT_SECONDS
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

    async def end_for_memory(self) -> None:
        """End his VM, which sleeps, and tell him why."""
        await self.end()
        self.ended_for_memory = True
        self.console.say(_ENDED)

    async def close(self) -> None:
        """End his VM for good: no other is started."""
        self._is_closed = True
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        with self._changing:
            if self._vm is not None:
                self._vm.__exit__()
                self._vm = None
            self.asleep = False
