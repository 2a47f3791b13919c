"""Lesson 05 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.lesson_run import EveryLesson, Observation, Observer, find

LESSON = find("05")
MESSAGE = "Hello, ring_buffer!"

pytestmark = pytest.mark.timeout(300)


class Line(NamedTuple):
    """A line of the lesson; ``comm`` is padded as it is printed."""

    time: int
    comm: str
    pid: int


@pytest.fixture(scope="module")
def observe(machine: Runner) -> Observer:
    """Return what runs the lesson's cases."""
    return Observer(machine, LESSON)


def parse(line: str) -> Line:
    """Read a line by its layout, and hold it to the layout and to the pattern."""
    assert re.fullmatch(LESSON.output.line, line), repr(line)
    found = Line(int(line[:18]), line[19:35], int(line[36:].split()[0]))
    assert line == f"{found.time:<18} {found.comm:<16} {found.pid:<6} {MESSAGE}"
    return found


def lines_of(stdout: str) -> list[Line]:
    """Return the lines after the header; the last must be whole."""
    # Not splitlines(): a process name may hold what that takes for a line's end.
    header, *lines, rest = stdout.split("\n")
    assert header == LESSON.output.ready
    assert rest == ""
    return [parse(line) for line in lines]


def of_call(lines: list[Line], truth: Observation) -> list[Line]:
    """Return the lines of a call of execve."""
    return [
        line
        for line in lines
        if (line.pid, line.comm) == (truth["pid"], truth["comm"].ljust(16))
        and truth["before"] <= line.time <= truth["after"]
    ]


def test_nothing_is_said_on_stderr(observe: Observer) -> None:
    for case in ("columns", "storm"):
        assert observe(case)["stderr"] == ""


def test_pid_is_that_of_the_process_not_of_the_thread(observe: Observer) -> None:
    run = observe("columns")
    threads = [truth for truth in run["truth"] if truth["comm"] == "a thread"]
    lines = lines_of(run["stdout"])
    assert threads
    for truth in threads:
        assert truth["tid"] != truth["pid"]
        assert len(of_call(lines, truth)) == 1
        assert of_call(lines, {**truth, "pid": truth["tid"]}) == []


def test_a_failing_call_has_a_line_too(observe: Observer) -> None:
    run = observe("columns")
    failed = [truth for truth in run["truth"] if truth["status"] == 127]
    assert failed
    lines = lines_of(run["stdout"])
    assert all(len(of_call(lines, truth)) == 1 for truth in failed)


def test_no_line_is_printed_twice(observe: Observer) -> None:
    for case in ("columns", "storm"):
        lines = lines_of(observe(case)["stdout"])
        assert len(set(lines)) == len(lines)


def test_calls_one_after_the_other_are_in_order_from_whatever_cpu(
    observe: Observer,
) -> None:
    run = observe("in_turn")
    assert len({truth["cpu"] for truth in run["truth"]}) > 1
    lines = lines_of(run["stdout"])
    pids = [truth["pid"] for truth in run["truth"]]
    found = [line.pid for line in lines if line.pid in pids]
    assert len(pids) - len(found) <= run["skipped"]
    assert found == [pid for pid in pids if pid in found]
    times = [line.time for line in lines if line.pid in pids]
    assert times == sorted(times)


def test_what_waits_while_it_is_stopped_is_printed(observe: Observer) -> None:
    run = observe("storm")
    missing = TestEveryLesson().missing(run["stdout"], run["unread"])
    assert len(missing) <= run["unread_skipped"]


class TestEveryLesson(EveryLesson):
    """It is a thread of its own that takes Ctrl-C, so that it ends as it means to."""

    lesson = LESSON
    ctrl_c = 0

    def events(self, stdout: str) -> list[Line]:
        return lines_of(stdout)

    def of_call(self, events: list[Line], truth: Observation) -> list[Line]:
        return of_call(events, truth)
