"""A class with real VMs: two learners apart, sleep, files and progress after a restart."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Text
from bcclessons.grading.feedback import Feedback
from bcclessons.live import control, messages
from bcclessons.live.classroom import checkout, fleet, machine, seat
from bcclessons.live.classroom.classroom import Classroom
from bcclessons.live.classroom.fair_queue import FairQueue
from bcclessons.live.classroom.session import ClassTerminal, LearnerSession
from bcclessons.live.control import Control
from bcclessons.live.session import Page
from bcclessons.live.terminal import Size
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT

HEADER = b"MESSAGE"
SOLUTION = CHECKOUT / "lessons/02_perf_output/exercises/1_seconds/solution"


def classroom(folder: Path) -> Classroom:
    workspace = Workspace(CHECKOUT, cache_folder(os.environ), Console(Language.EN))
    return Classroom(folder, workspace)


class Browser:
    """A learner's page, as its control connection and terminals use it."""

    def __init__(self, session: LearnerSession) -> None:
        self.session = session
        self.page = Page()
        self.control = Control(session, self.page)
        self.control.handle(messages.Hello(language=Language.EN, lesson="02"))

    async def expect(self, kind: str, **values: object) -> dict[str, Any]:
        """Return the next message of a kind, with these values."""
        while True:
            message: dict[str, Any] = await self.page.messages.get()
            if message["type"] == kind and message.items() >= values.items():
                return message

    async def run(self) -> None:
        """Run lesson 02, and wait for its header."""
        self.control.handle(messages.Run(what="02"))
        await self.expect("running")
        await self.shows("02.lesson", HEADER)

    async def shell(self, typed: str, answer: str) -> str:
        """Type into the shell; return what answers, by a pattern."""
        terminal = self.terminal("02.shell")
        self.session.open_shell("02.shell", self.session.lesson("02"))
        terminal.type(typed.encode() + b"\r")
        return await self.shows("02.shell", answer.encode())

    def terminal(self, name: str) -> ClassTerminal:
        """Return a terminal of his."""
        found = self.session.terminal(name, Size(80, 24))
        assert isinstance(found, ClassTerminal)
        return found

    async def shows(self, name: str, pattern: bytes) -> str:
        """Wait until a terminal shows what fits a pattern; return that."""
        while not (found := re.search(pattern, self.terminal(name).kept)):
            await asyncio.sleep(0.05)
        return found[0].decode()

    def leave(self) -> None:
        """Close the page."""
        self.session.leave(self.page)


async def joined(room: Classroom, name: str) -> Browser:
    return Browser(room.session(await room.learners.enter(name, "1234")))


def run(
    folder: Path, work: Callable[[Classroom], Coroutine[Any, Any, None]], seconds: float
) -> None:
    """Have a class in a folder while the work is done."""

    async def all_of_it() -> None:
        room = classroom(folder)
        try:
            await asyncio.wait_for(work(room), seconds)
        finally:
            await room.close()

    asyncio.run(all_of_it())
    assert guests(folder) == []


def guests(folder: Path) -> list[int]:
    """Return the processes of VMs whose files are in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = entry.read_bytes()
            if line.startswith((b"qemu", b"ssh")) and os.fsencode(folder) in line:
                found.append(int(entry.parent.name))
    return found


def test_two_learners_have_machines_and_files_of_their_own(tmp_path: Path) -> None:
    async def work(room: Classroom) -> None:
        ada, bob = await joined(room, "Ada"), await joined(room, "Bob")
        ada.control.handle(messages.Open(exercise="02/1"))
        file = await ada.expect("file")
        ada.control.handle(
            messages.Save(exercise="02/1", text="# Ada's\n", base=file["revision"])
        )
        await ada.expect("saved")
        names = "ls exercises/1_seconds; echo seen:$(cat exercises/*/my_sample)."
        for each, seen in ((ada, "seen:# Ada's\\."), (bob, "seen:\\.")):
            await each.shell(names, seen)
        # What one makes in his VM, the other has not; nor does he reach it.
        await ada.shell("touch /tmp/mine /bcc-lessons/mine; echo made''.", r"made\.")
        await bob.shell("ls /tmp/mine /bcc-lessons/mine; echo $?.", r"\n2\.")
        kept = bob.terminal("02.shell").kept
        assert b"Ada" not in kept
        assert {row.exercise for row in room.progress.all()} == {"02/1"}
        # No kernel but a VM's: it is not this host's.
        release = await bob.shell("uname -r", r"6\.\d+\.\d+\+deb13-amd64")
        assert release != os.uname().release

    run(tmp_path, work, 120)


def test_a_check_is_of_the_learners_file_and_kept(tmp_path: Path) -> None:
    async def first(room: Classroom) -> None:
        ada = await joined(room, "Ada")
        ada.control.handle(messages.Check(exercise="02/1"))
        verdict = await ada.expect("verdict")
        assert not verdict["solved"]
        ada.control.handle(messages.Open(exercise="02/1"))
        file = await ada.expect("file")
        text = SOLUTION.read_text()
        ada.control.handle(
            messages.Save(exercise="02/1", text=text, base=file["revision"])
        )
        await ada.expect("saved")
        ada.control.handle(messages.Check(exercise="02/1"))
        assert (await ada.expect("verdict"))["solved"]

    async def again(room: Classroom) -> None:
        """After a restart of the server, or of the machine."""
        ada = await joined(room, "Ada")
        state = await ada.expect("state")
        assert (state["solved"], state["learner"]) == (["02/1"], "Ada")
        ada.control.handle(messages.Open(exercise="02/1"))
        assert (await ada.expect("file"))["text"] == SOLUTION.read_text()
        (row,) = room.progress.all()
        assert (row.reached, row.checks) == ("solved", 2)

    run(tmp_path, first, 200)
    run(tmp_path, again, 20)


def test_a_check_without_a_result_says_what_to_press(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Text(ja="忙しい．", en="It was busy.")
    in_terminal = Text(ja="--vm", en="--vm")
    found = Feedback(busy, undecided=True, retry=in_terminal)

    async def check_apart(*_: object) -> Feedback:
        return found

    monkeypatch.setattr(control, "check_apart", check_apart)

    async def work(room: Classroom) -> None:
        ada = await joined(room, "Ada")
        ada.control.handle(messages.Check(exercise="02/1"))
        verdict = await ada.expect("verdict")
        assert verdict["text"] == (
            "It was busy. Press Check again; if it stays so, tell the instructor."
        )
        assert room.progress.all() == []

    run(tmp_path, work, 60)


def test_a_vm_sleeps_with_its_programs_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat, "ABSENT_SECONDS", 0.5)
    monkeypatch.setattr(fleet, "_TICK_SECONDS", 0.2)

    async def work(room: Classroom) -> None:
        watching = asyncio.create_task(room.fleet.watch())
        ada = await joined(room, "Ada")
        his = room.fleet.seats[1]
        await ada.run()
        # A loop, which would take the CPU for ever.
        await ada.shell("cd /tmp; while :; do :; done & echo in:$PWD.", r"in:/tmp\.")
        await asyncio.sleep(1)
        assert not his.asleep  # his page is open
        ada.leave()
        while not his.asleep:
            await asyncio.sleep(0.1)
        (qemu, *_) = [each for each in guests(tmp_path) if is_qemu(each)]
        before = ticks(qemu)
        await asyncio.sleep(3)
        assert ticks(qemu) - before <= 6  # of 300

        # He is back: the shell is where it was, the lesson sees what he runs there.
        # Its clock is then right: that of a host on which much time has passed.
        now = time.time() + 100_000
        monkeypatch.setattr(seat, "_now", lambda: now)
        ada = Browser(ada.session)
        assert not his.asleep
        await ada.shell("kill %1; /bin/echo back:$PWD.", r"back:/tmp\.")
        for _ in range(50):
            await ada.shell(f"echo $(($(date +%s) - {now:.0f})).", r"\r-?\d+\.")
            if re.search(rb"\r\d\d?\.", ada.terminal("02.shell").kept):
                break
            await asyncio.sleep(0.2)
        else:
            raise AssertionError("its clock was not set")
        await ada.shows("02.lesson", rb"bash +\d+ +Hello")
        # Typing wakes it, too.
        ada.leave()
        while not his.asleep:
            await asyncio.sleep(0.1)
        ada.terminal("02.shell").type(b"echo typ''ed\r")
        await ada.shows("02.shell", rb"typed")
        watching.cancel()

    run(tmp_path, work, 120)


def test_a_vm_that_sleeps_ends_before_memory_runs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "ABSENT_SECONDS", -1.0)

    async def work(room: Classroom) -> None:
        ada = await joined(room, "Ada")
        await ada.shell("echo o''k", "ok")
        his = room.fleet.seats[1]
        monkeypatch.setattr(fleet, "_available_bytes", lambda: 1 << 30)
        await room.fleet.keep_reserve()
        assert his.is_running
        monkeypatch.setattr(fleet, "_available_bytes", lambda: 1 << 28)
        await room.fleet.keep_reserve()
        assert not his.is_running
        assert his.ended_for_memory
        message = await ada.expect("state")
        while "short of memory" not in message["machine"]["text"]:
            message = await ada.expect("state")
        monkeypatch.setattr(fleet, "_available_bytes", lambda: 1 << 30)
        while ada.terminal("02.shell").is_running:
            await asyncio.sleep(0.05)
        await ada.shell("echo ag''ain", "again")
        assert not his.ended_for_memory

    run(tmp_path, work, 90)


def is_qemu(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"qemu")


def ticks(pid: int) -> int:
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])


def test_one_waits_for_others_and_is_told_his_place(tmp_path: Path) -> None:
    async def work(room: Classroom) -> None:
        room.fleet.queue = FairQueue(1)
        ada, bob = await joined(room, "Ada"), await joined(room, "Bob")
        for each in (ada, bob):
            each.control.handle(messages.Run(what="02"))
        said = ""
        while "number 1" not in said:
            said = str((await bob.expect("state"))["machine"])
        assert room.fleet.queue.places() == {2: 1}
        # His program is started when the other's needs the CPU no longer.
        await bob.expect("running")
        assert HEADER in ada.terminal("02.lesson").kept
        await bob.shows("02.lesson", HEADER)

    run(tmp_path, work, 120)


def test_an_observer_that_never_answers_ends_with_the_vm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_TURN_SECONDS", 8.0)

    async def work(room: Classroom) -> None:
        ada = await joined(room, "Ada")
        path = "/bcc-lessons/bcclessons/grading/observer.py"
        await ada.shell(f"echo 'import time; time.sleep(999)' >{path}; echo o''k", "ok")
        ada.control.handle(messages.Check(exercise="02/1"))
        assert "could not be tried" in (await ada.expect("problem"))["text"]
        # The next one is by an observer that is ours again.
        monkeypatch.setattr(machine, "_TURN_SECONDS", 120.0)
        ada.control.handle(messages.Check(exercise="02/1"))
        assert "TIME(s)" in (await ada.expect("verdict"))["text"]

    run(tmp_path, work, 200)


def test_a_vm_that_was_killed_is_started_again(tmp_path: Path) -> None:
    async def work(room: Classroom) -> None:
        ada = await joined(room, "Ada")
        await ada.shell("echo o''k", "ok")
        (qemu,) = filter(is_qemu, guests(tmp_path))
        os.kill(qemu, signal.SIGKILL)
        # Its supervisor notices a moment after the shell's end.
        his = room.fleet.seats[1]
        while ada.terminal("02.shell").is_running or his.is_running:
            await asyncio.sleep(0.05)
        await ada.run()
        await ada.shell("echo a''gain", "again")

    run(tmp_path, work, 180)


def test_who_is_removed_leaves_nothing(tmp_path: Path) -> None:
    async def work(room: Classroom) -> None:
        ada, bob, eve = [await joined(room, name) for name in ("Ada", "Bob", "Eve")]
        await ada.shell("echo o''k", "ok")
        ada.control.handle(messages.Check(exercise="02/1"))
        eve.control.handle(messages.Run(what="02"))
        # Whose VM is about to start, has none either.
        while not eve.session.learners_machine.seat.is_starting:
            await asyncio.sleep(0.01)
        for each in (ada, eve):
            await room.remove(each.session.learner)
        assert guests(tmp_path) == []
        assert [each.name for each in room.learners.all()] == ["Bob"]
        assert list(room.sessions) == list(room.fleet.seats) == [2]
        assert [each.name for each in (tmp_path / "learners").iterdir()] == ["2"]
        # Another of that name has nothing of the first one's, and Bob goes on.
        again = await joined(room, "Ada")
        assert again.session.learner.id == 4
        await bob.shell("echo o''n", "on")

    run(tmp_path, work, 120)


def test_files_that_fill_the_disk_end_the_vm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout, "MOST_BYTES", 4 << 20)
    monkeypatch.setattr(fleet, "_TICK_SECONDS", 0.2)
    monkeypatch.setattr(seat, "GRACE_SECONDS", 2.0)

    async def work(room: Classroom) -> None:
        watching = asyncio.create_task(room.fleet.watch())
        ada = await joined(room, "Ada")
        his = room.fleet.seats[1]
        large = "head -c 6000000 /dev/zero >/bcc-lessons/big"
        await ada.shell(f"{large}; echo o''ne", "one")
        message = await ada.expect("state")
        while "too many" not in message["machine"]["text"]:
            message = await ada.expect("state")
        # Who deletes them in time goes on, who does not is stopped.
        await ada.shell("rm /bcc-lessons/big; echo t''wo", "two")
        await asyncio.sleep(3)
        assert his.is_running
        await ada.shell(f"{large}; echo th''ree", "three")
        begin = time.monotonic()
        while his.is_running:
            await asyncio.sleep(0.1)
        assert time.monotonic() - begin > 1
        # Far more is not waited for.
        (his.checkout / "big").unlink()
        monkeypatch.setattr(seat, "GRACE_SECONDS", 999.0)
        await ada.shell("echo fo''ur", "four")
        (his.checkout / "big").write_bytes(bytes(17 << 20))
        while his.is_running:
            await asyncio.sleep(0.1)
        watching.cancel()

    run(tmp_path, work, 90)


SERVER = """
import asyncio, sys
from pathlib import Path
from tests.kernel.test_class_vms import classroom, joined
async def serve():
    room = classroom(Path(sys.argv[1]))
    for name in ("Ada", "Bob"):
        await (await joined(room, name)).shell("echo rea''dy", "ready")
    print("ready", flush=True)
    await asyncio.sleep(600)
asyncio.run(serve())
"""


def test_no_vm_is_left_when_the_server_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        assert sum(map(is_qemu, guests(tmp_path))) == 2
        server.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while guests(tmp_path) and time.monotonic() < end:
        time.sleep(0.05)
    assert guests(tmp_path) == []
