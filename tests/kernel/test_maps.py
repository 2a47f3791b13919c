"""Lesson 04 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.lesson_run import (
    EveryProgram,
    Observation,
    Observer,
    assert_ended,
    find,
    lines_after,
)

LESSON = find("04")

pytestmark = pytest.mark.timeout(300)


class Line(NamedTuple):
    """A line of the lesson; ``comm`` is padded as it is printed."""

    uid: int
    comm: str
    calls: int


@pytest.fixture(scope="module")
def observe(machine: Runner) -> Observer:
    """Return what runs the lesson's cases."""
    return Observer(machine, LESSON, vm_counts={"counted": 1})


def parse(line: str) -> Line:
    """Read a line by its layout, and hold it to the layout and to the pattern."""
    assert re.fullmatch(LESSON.output.line, line), repr(line)
    uid = line.partition(" ")[0]
    begin = max(6, len(uid)) + 1  # a large UID is wider than its column
    found = Line(int(uid), line[begin : begin + 16], int(line[begin + 17 :]))
    assert line == f"{found.uid:<6} {found.comm} {found.calls}"
    return found


def lines_of(stdout: str) -> list[Line]:
    """Return the lines after the header; the last must be whole."""
    return [parse(line) for line in lines_after(LESSON, stdout)]


def counts(stdout: str) -> dict[tuple[int, str], list[int]]:
    """Return the counts that were shown for each user and name, in order."""
    found: dict[tuple[int, str], list[int]] = {}
    for line in lines_of(stdout):
        found.setdefault((line.uid, line.comm), []).append(line.calls)
    return found


def made(truths: list[Observation]) -> Counter[tuple[int, str]]:
    """Return how often each user and name did call execve."""
    return Counter((truth["uid"], truth["comm"].ljust(16)) for truth in truths)


def test_each_user_and_name_has_its_count(observe: Observer) -> None:
    run = observe("counted")
    shown = counts(run["stdout"])
    expected = made(run["first"] + run["truth"])
    assert len(expected) > 10
    last = {key: shown.get(key, [0])[-1] for key in expected}
    missing = sum(expected.values()) - sum(last.values())
    assert missing <= run["skipped"]
    if not run["skipped"]:
        assert last == dict(expected)


def test_it_is_the_real_user(observe: Observer) -> None:
    run = observe("counted")
    users = {truth["uid"] for truth in run["truth"] if truth["comm"] == "a user"}
    assert len(users) == 3
    shown = counts(run["stdout"])
    assert {uid for uid, comm in shown if comm.strip() == "a user"} == users


def test_calls_of_all_cpus_at_the_same_time_are_counted(observe: Observer) -> None:
    run = observe("counted")
    found = counts(run["stdout"])[0, "fast".ljust(16)][-1]
    # Linux 7.2 does not run a program on a CPU where it runs already, for
    # another task, and counts that.
    assert run["fast"] - run["skipped"] <= found <= run["fast"]


def test_a_count_is_shown_only_when_it_has_grown(observe: Observer) -> None:
    for shown in counts(observe("counted")["stdout"]).values():
        assert shown == sorted(set(shown))


def test_it_shows_what_has_changed_within_the_next_second(observe: Observer) -> None:
    run = observe("counted")
    early = run["stdout"].encode("latin-1")[: run["quiet"]].decode("latin-1")
    (key,) = made(run["first"])
    assert counts(early[: early.rindex("\n") + 1])[key] == [1]


def test_ctrl_c_when_it_has_nothing_to_do(observe: Observer) -> None:
    run = observe("counted")
    assert_ended(run, TestEveryProgram.ctrl_c, observe.soon)


class TestEveryProgram(EveryProgram):
    """It prints no line for each call, but what holds for all programs holds."""

    lesson = LESSON

    def events(self, stdout: str) -> list[Line]:
        return lines_of(stdout)
