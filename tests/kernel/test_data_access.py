"""Lesson 03 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.lesson_run import (
    EveryLesson,
    Observation,
    Observer,
    find,
    lines_after,
)

LESSON = find("03")
UNREADABLE = "(-14)"  # EFAULT

pytestmark = pytest.mark.timeout(300)


class Event(NamedTuple):
    """The line of an event; names are padded as they are printed."""

    pid: int
    uid: int
    comm: str
    ppid: int
    parent: str
    strings: str
    """FILE and ARG: nothing but the blank between them keeps the two apart."""


Pairs = list[tuple[Observation, Event]]


@pytest.fixture(scope="module")
def observe(machine: Runner) -> Observer:
    """Return what runs the lesson's cases."""
    return Observer(machine, LESSON, vm_counts={"ctrl_c_early": 1, "ctrl_c_storm": 1})


@pytest.fixture(scope="module")
def pairs(observe: Observer) -> Pairs:
    """Return each call of execve, of every kind, with its event."""
    run = observe("columns")
    events = events_of(run["stdout"])
    found = [(truth, of_call(events, truth)) for truth in run["truth"]]
    return [(truth, event) for truth, events in found for event in events]


def cut(line: str, *widths: int) -> list[str]:
    """Cut a line into columns, of which a number may be wider, and the rest."""
    columns = []
    for width in widths:
        place = max(width, line.find(" "))
        columns.append(line[:place])
        assert line[place] == " ", repr(line)
        line = line[place + 1 :]
    return [*columns, line]


def parse(line: str) -> Event:
    """Read a line by its layout, and hold it to that and to the pattern."""
    pid, uid, comm, ppid, parent, strings = cut(line, 6, 5, 16, 6, 16)
    found = Event(int(pid), int(uid), comm, int(ppid), parent, strings)
    assert line == (
        f"{found.pid:<6} {found.uid:<5} {found.comm:<16} "
        f"{found.ppid:<6} {found.parent:<16} {strings}"
    )
    return found


def events_of(stdout: str) -> list[Event]:
    """Return the events after the header; the last must be whole."""
    return [parse(line) for line in lines_after(LESSON, stdout)]


def of_call(events: list[Event], truth: Observation) -> list[Event]:
    """Return the events of a call of execve, by who made it."""
    who = (truth["pid"], truth["comm"].ljust(16))
    return [event for event in events if (event.pid, event.comm) == who]


def strings_of(truth: Observation) -> str:
    """Return how FILE and ARG are to be printed, each cut to its size."""
    file = UNREADABLE if truth["file"] is None else truth["file"][:63]
    arg = UNREADABLE if truth["arg"] is None else truth["arg"][:31]
    return f"{file} {arg}"


def test_pid_is_that_of_the_process(pairs: Pairs) -> None:
    for truth, event in pairs:
        assert event.pid == truth["pid"]
    assert any(truth["tid"] != truth["pid"] for truth, _ in pairs)


def test_parent_is_the_task_that_made_it(pairs: Pairs) -> None:
    for truth, event in pairs:
        assert event.ppid == truth["ppid"]
        assert event.parent == truth["parent"].ljust(16)
    parents = {truth["parent"] for truth, _ in pairs}
    assert parents >= {"sixteen-letters", " two words", "\xff\xfe raw \x85", ""}


def test_user_is_the_real_one(pairs: Pairs) -> None:
    for truth, event in pairs:
        assert event.uid == truth["uid"]
    assert {event.uid for _, event in pairs} >= {0, 1001, 4294967294}


def test_file_and_arg_are_what_the_caller_gave(pairs: Pairs) -> None:
    for truth, event in pairs:
        assert event.strings == strings_of(truth)


def test_file_and_arg_are_of_every_kind(pairs: Pairs) -> None:
    truths = [truth for truth, _ in pairs]
    files = {len(truth["file"]) for truth in truths if truth["file"] is not None}
    assert files >= {0, 62, 63, 64, 200}
    args = {len(truth["arg"]) for truth in truths if truth["arg"] is not None}
    assert args >= {0, 30, 31, 32, 200}
    absent = {
        (name, truth["status"])
        for truth in truths
        for name in ("file", "arg")
        if truth[name] is None
    }
    # The call works all the same: it is BPF that cannot wait for the page.
    assert absent == {("file", 0), ("file", 127), ("arg", 0)}


def test_nothing_is_said_on_stderr(observe: Observer) -> None:
    assert observe("columns")["stderr"] == ""


def test_events_of_a_storm_are_whole(observe: Observer) -> None:
    run = observe("storm")
    events = events_of(run["stdout"])
    for truth in run["bursts"]:
        for event in of_call(events, truth):
            assert event.ppid == truth["ppid"]
            assert event.parent == truth["parent"].ljust(16)
            assert event.strings == strings_of(truth)


def test_no_event_is_lost_without_a_word(observe: Observer) -> None:
    run = observe("storm")
    assert re.fullmatch(r"(Possibly lost \d+ samples\n)+", run["stderr"])
    said = sum(int(count) for count in re.findall(r"\d+", run["stderr"]))
    missing = TestEveryLesson().missing(run["stdout"], run["unread"])
    # Some other program's may be among those that are lost.
    assert 0 < len(missing) <= said + run["unread_skipped"]


class TestEveryLesson(EveryLesson):
    """Ctrl-C ends it by the signal's default action."""

    lesson = LESSON

    def events(self, stdout: str) -> list[Event]:
        return events_of(stdout)

    def of_call(self, events: list[Event], truth: Observation) -> list[Event]:
        return of_call(events, truth)
