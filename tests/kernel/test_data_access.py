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
    assert_refused,
    find,
)

LESSON = find("03")
HEADER = f"{LESSON.output.ready}\n          RANDOM   AGE(log2) STATE FILE ARG\n"
UNREADABLE = "(-14)"  # EFAULT
# What the letters of ps stand for, in the bits of a task's state.
STATES = {"R": 0, "S": 1, "D": 2}
STATE_BITS = 0b111

pytestmark = pytest.mark.timeout(300)


class Event(NamedTuple):
    """The two lines of an event; names are padded as they are printed."""

    time: float
    pid: int
    tid: int
    comm: str
    ppid: int
    parent: str
    uid: int
    gid: int
    random: int
    age: int
    state: int
    strings: str
    """FILE and ARG: nothing but the blank between them keeps the two apart."""


Pairs = list[tuple[Observation, Event]]


@pytest.fixture(scope="module")
def observe(machine: Runner) -> Observer:
    """Return what runs the lesson's cases."""
    # Two lines of header, and two events.
    counts = {"closed_pipe": 2 + 2 * 2}
    fewer = {"ctrl_c_early": 1, "ctrl_c_storm": 1}
    return Observer(machine, LESSON, counts, fewer)


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


def parse(first: str, second: str) -> Event:
    """Read the two lines by their layout, and hold them to it and to the pattern."""
    assert re.fullmatch(LESSON.output.line, first), repr(first)
    time, pid, tid, comm, ppid, parent, uid, gid = cut(first, 9, 6, 6, 16, 6, 16, 5)
    assert second[:10] == " " * 10
    random, age, state, strings = cut(second[10:], 8, 9, 5)
    found = Event(
        float(time), int(pid), int(tid), comm, int(ppid), parent, int(uid), int(gid),
        int(random, 16), int(age), int(state, 16), strings,
    )  # fmt: skip
    assert first == (
        f"{found.time:<9.3f} {found.pid:<6} {found.tid:<6} {found.comm:<16} "
        f"{found.ppid:<6} {found.parent:<16} {found.uid:<5} {found.gid}"
    )
    assert second == (
        f"          {found.random:08x} {found.age:<9} {found.state:<5x} {strings}"
    )
    return found


def events_of(stdout: str) -> list[Event]:
    """Return the events after the header; the last must be whole."""
    assert stdout.startswith(HEADER)
    # Not splitlines(): a process name may hold what that takes for a line's end.
    *lines, rest = stdout.removeprefix(HEADER).split("\n")
    assert rest == ""
    return [
        parse(first, second)
        for first, second in zip(lines[::2], lines[1::2], strict=True)
    ]


def of_call(events: list[Event], truth: Observation) -> list[Event]:
    """Return the events of a call of execve, by who made it, and when."""
    who = (truth["pid"], truth["comm"].ljust(16))
    # The time is printed in ms.
    first, last = truth["before"] - 5e5, truth["after"] + 5e5
    return [
        event
        for event in events
        if (event.pid, event.comm) == who and first <= event.time * 1e9 <= last
    ]


def strings_of(truth: Observation) -> str:
    """Return how FILE and ARG are to be printed, each cut to its size."""
    file = UNREADABLE if truth["file"] is None else truth["file"][:63]
    arg = UNREADABLE if truth["arg"] is None else truth["arg"][:31]
    return f"{file} {arg}"


def test_pid_is_that_of_the_process_and_tid_of_the_thread(pairs: Pairs) -> None:
    for truth, event in pairs:
        assert (event.pid, event.tid) == (truth["pid"], truth["tid"])
    assert any(event.tid != event.pid for _, event in pairs)


def test_parent_is_the_task_that_made_it(pairs: Pairs) -> None:
    for truth, event in pairs:
        assert event.ppid == truth["ppid"]
        assert event.parent == truth["parent"].ljust(16)
    parents = {truth["parent"] for truth, _ in pairs}
    assert parents >= {"sixteen-letters", " two words", "\xff\xfe raw \x85", ""}


def test_user_and_group_are_the_real_ones(pairs: Pairs) -> None:
    for truth, event in pairs:
        assert (event.uid, event.gid) == (truth["uid"], truth["gid"])
    found = {(event.uid, event.gid) for _, event in pairs}
    assert found >= {(0, 0), (1001, 1003), (0, 54321), (4294967294, 0)}


def test_random_is_32_bits_of_chance(pairs: Pairs) -> None:
    numbers = [event.random for _, event in pairs]
    # With 60 numbers, each of these fails by chance once in millions of runs.
    assert len(set(numbers)) > len(numbers) - 3
    ones = zeros = 0
    for number in numbers:
        ones |= number
        zeros |= ~number
    assert ones == 0xFFFFFFFF
    assert zeros & 0xFFFFFFFF == 0xFFFFFFFF


def test_age_is_the_bits_of_the_ns_since_the_task_was_made(pairs: Pairs) -> None:
    exact = set()
    for truth, event in pairs:
        # The call is between these two; the time is printed in ms.
        first = max(truth["before"], event.time * 1e9 - 5e5)
        last = min(truth["after"], event.time * 1e9 + 5e5)
        least = int(first - truth["born_after"]).bit_length()
        most = int(last - truth["born_before"]).bit_length()
        assert least <= event.age <= most, truth
        if least == most:
            exact.add((truth["comm"], event.age))
    # They were made 0.3 s, 1.2 s and the seconds of the lesson's start before.
    ages = {age for comm, age in exact if comm in ("waits", "old")}
    assert len(ages) == 3
    assert max(ages) > 32


def test_state_is_that_of_the_parent(pairs: Pairs) -> None:
    for truth, event in pairs:
        assert event.state & STATE_BITS == STATES[truth["state"]], (truth, event)
    assert {truth["state"] for truth, _ in pairs} == set(STATES)
    # A parent that runs has no bit set at all.
    assert {event.state for truth, event in pairs if truth["state"] == "R"} == {0}


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
            assert (event.tid, event.ppid) == (truth["tid"], truth["ppid"])
            assert event.parent == truth["parent"].ljust(16)
            assert event.strings == strings_of(truth)


def test_no_event_is_lost_without_a_word(observe: Observer) -> None:
    run = observe("storm")
    assert re.fullmatch(r"(Possibly lost \d+ samples\n)+", run["stderr"])
    said = sum(int(count) for count in re.findall(r"\d+", run["stderr"]))
    missing = TestEveryLesson().missing(run["stdout"], run["unread"])
    # Some other program's may be among those that are lost.
    assert 0 < len(missing) <= said + run["unread_skipped"]


def test_no_btf(observe: Observer) -> None:
    english = "this kernel has no BTF: ./lab run 03 --vm"
    assert_refused(observe("no_btf"), english)


class TestEveryLesson(EveryLesson):
    """Ctrl-C ends it by the signal's default action."""

    lesson = LESSON

    def events(self, stdout: str) -> list[Event]:
        return events_of(stdout)

    def of_call(self, events: list[Event], truth: Observation) -> list[Event]:
        return of_call(events, truth)
