"""The VMs of a class where memory is short, and the data of a class at its end."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bcclessons.cli.main import main
from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem
from bcclessons.live import messages
from bcclessons.live.classroom import classroom as stored
from bcclessons.live.classroom import fleet
from bcclessons.live.classroom.classroom import Classroom
from bcclessons.live.classroom.fair_queue import FairQueue
from bcclessons.live.classroom.fleet import Fleet
from bcclessons.live.control import Control
from bcclessons.live.session import Page
from bcclessons.live.terminal import Size
from bcclessons.machines.workspace import Workspace
from tests.conftest import CHECKOUT


class SeatThatSleeps:
    """A seat whose VM gives 400 MB back when it ends."""

    is_running = False

    def __init__(self, memory: list[int], idle_seconds: float, *, asleep: bool) -> None:
        self.asleep = asleep
        self.idle_seconds = idle_seconds
        self._memory = memory

    def sleep_if_idle(self, seconds: float = 600) -> None:
        self.asleep |= self.idle_seconds > seconds

    async def end_for_memory(self) -> None:
        self.asleep = False
        self.idle_seconds = 0.0
        self._memory[0] += 400 << 20


@pytest.mark.parametrize(
    ("available", "left"),
    [
        (2000, [True, True, True]),
        (500, [True, False, True]),
        (200, [False, False, True]),
    ],
)
def test_where_memory_is_short_those_that_slept_longest_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, available: int, left: list[bool]
) -> None:
    memory = [available << 20]
    monkeypatch.setattr(fleet, "_available_bytes", lambda: memory[0])
    vms: Any = Fleet(tmp_path, Workspace(CHECKOUT, tmp_path, Console(Language.EN)))
    vms.seats = {
        1: SeatThatSleeps(memory, 100, asleep=True),
        2: SeatThatSleeps(memory, 200, asleep=True),
        3: SeatThatSleeps(memory, 50, asleep=True),
        4: SeatThatSleeps(memory, 900, asleep=False),
    }
    asyncio.run(vms.make_room(None))
    assert [vms.seats[number].asleep for number in (1, 2, 3)] == left


@pytest.mark.parametrize(
    ("available", "left"),
    [
        (400, [True, False, False]),  # no other could be started, but these can grow
        (200, [False, True, False]),
        (-200, [False, False, False]),
    ],
)
def test_while_they_grow_idle_ones_sleep_and_those_that_slept_longest_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, available: int, left: list[bool]
) -> None:
    memory = [available << 20]
    monkeypatch.setattr(fleet, "_available_bytes", lambda: memory[0])
    monkeypatch.setattr(fleet, "_TICK_SECONDS", 0.001)
    vms: Any = Fleet(tmp_path, Workspace(CHECKOUT, tmp_path, Console(Language.EN)))
    vms.seats = {
        1: SeatThatSleeps(memory, 100, asleep=True),
        2: SeatThatSleeps(memory, 90, asleep=False),
        3: SeatThatSleeps(memory, 10, asleep=False),
    }

    async def watch_for_a_moment() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(vms.watch(), 0.1)

    asyncio.run(watch_for_a_moment())
    assert [vms.seats[number].asleep for number in (1, 2, 3)] == left


def test_where_none_sleeps_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "_available_bytes", lambda: 0)
    vms: Any = Fleet(tmp_path, Workspace(CHECKOUT, tmp_path, Console(Language.EN)))
    vms.seats = {1: SeatThatSleeps([0], 100, asleep=False)}
    with pytest.raises(Problem, match="short of memory"):
        asyncio.run(vms.make_room(None))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of state with a class of one, for ./lab."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    workspace = Workspace(CHECKOUT, tmp_path, Console(Language.EN))

    async def class_of_one() -> None:
        room = Classroom(folder / "bcc-lessons/class", workspace)
        await room.learners.enter("Ada", "1234")
        await room.close()

    asyncio.run(class_of_one())
    return folder


def test_nothing_is_deleted_unasked(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/null").open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert main(["class", "--delete", "all", "--lang", "en"]) == 1
        assert "add --yes" in capsys.readouterr().err
        assert main(["class", "--export", str(state / "a.csv"), "--lang", "en"]) == 0
        assert main(["class", "--delete", "ADA", "--yes", "--lang", "en"]) == 0
    assert "Deleted Ada." in capsys.readouterr().err
    assert main(["class", "--delete", "all", "--yes", "--lang", "en"]) == 1
    assert "there is no learner" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["ja", "en"])
def test_while_the_class_runs_the_board_removes(
    state: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    with stored.in_use(state / "bcc-lessons/class"):
        assert main(["class", "--delete", "Ada", "--yes", "--lang", language]) == 1
    said = capsys.readouterr().err
    assert {"ja": "受講者を消す", "en": "Remove learner"}[language] in said
    assert len(said.splitlines()) == 1


def test_who_waits_in_the_queue_can_be_removed(tmp_path: Path) -> None:
    async def work() -> None:
        room = Classroom(tmp_path, Workspace(CHECKOUT, tmp_path, Console(Language.EN)))
        room.fleet.queue = FairQueue(0)  # nobody's turn comes
        ada = await room.learners.enter("Ada", "1234")
        session = room.session(ada)
        control = Control(session, Page())
        for asked in (messages.Run(what="02"), messages.Check(exercise="02/1")):
            control.handle(asked)
        session.terminal("02.shell", Size(80, 24))
        session.open_shell("02.shell", session.lesson("02"))
        while not room.fleet.queue.places():
            await asyncio.sleep(0)
        await asyncio.wait_for(room.remove(ada), 10)
        assert room.fleet.queue.places() == {}
        await room.close()

    asyncio.run(work())


def test_what_a_removal_has_left_is_deleted_at_the_start(state: Path) -> None:
    folder = state / "bcc-lessons/class"
    for number in (1, 7):
        (folder / f"learners/{number}/checkout").mkdir(parents=True)
    workspace = Workspace(CHECKOUT, state, Console(Language.EN))

    async def start() -> None:
        await Classroom(folder, workspace).close()

    asyncio.run(start())
    assert [each.name for each in (folder / "learners").iterdir()] == ["1"]


def test_a_csv_that_cannot_be_written_is_said(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = str(state / "missing" / "a.csv")
    assert main(["class", "--export", wanted, "--lang", "ja"]) == 1
    assert "別の場所を指定する" in capsys.readouterr().err
