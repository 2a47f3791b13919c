"""Lesson 02 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.lesson_run import Endings, Observation, Observer, find

LESSON = find("02")
MESSAGE = "Hello, perf_output!"

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


def match(lines: list[Line], truths: list[Observation]) -> list[tuple[int, Line]]:
    """Pair each call of execve with its one line; return (CPU, line) as printed."""
    cpu_of: dict[int, int] = {}
    places: dict[int, list[int]] = {}
    for place, line in enumerate(lines):
        places.setdefault(line.pid, []).append(place)
    for truth in truths:
        fitting = [
            place
            for place in places.get(truth["pid"], [])
            if lines[place].comm == truth["comm"].ljust(16)
            and truth["before"] <= lines[place].time <= truth["after"]
        ]
        assert len(fitting) == 1, (truth, [lines[p] for p in fitting])
        assert fitting[0] not in cpu_of, truth
        cpu_of[fitting[0]] = truth["cpu"]
    return [(cpu, lines[place]) for place, cpu in sorted(cpu_of.items())]


def assert_increasing(matched: list[tuple[int, Line]]) -> None:
    """Hold that the times of each CPU increase in the order of printing."""
    for cpu in {cpu for cpu, _ in matched}:
        times = [line.time for on, line in matched if on == cpu]
        assert times == sorted(set(times)), cpu


def test_each_call_has_one_line_with_true_columns(observe: Observer) -> None:
    run = observe("columns")
    match(lines_of(run["stdout"]), run["truth"])
    assert run["stderr"] == ""


def test_the_calls_are_of_every_kind(observe: Observer) -> None:
    truths = observe("columns")["truth"]
    comms = {truth["comm"].encode("latin-1") for truth in truths}
    assert comms >= {
        b"fifteen-letters",
        b"sixteen-letters",  # cut by the kernel
        b"two words",
        " 名前".encode(),
        b"\xff\xfe raw \x85",
        b"",
        b"python3",
        b"env",  # the second call of one process
    }
    assert {truth["status"] for truth in truths} == {0, 127}
    assert min(Counter(truth["cpu"] for truth in truths).values()) > 10


def test_pid_is_that_of_the_process_not_of_the_thread(observe: Observer) -> None:
    run = observe("columns")
    threads = [truth for truth in run["truth"] if truth["comm"] == "a thread"]
    lines = lines_of(run["stdout"])
    match(lines, threads)
    for truth in threads:
        assert truth["tid"] != truth["pid"]
        assert not any(
            line.pid == truth["tid"] and line.comm == "a thread".ljust(16)
            for line in lines
        )


def test_a_failing_call_has_a_line_too(observe: Observer) -> None:
    run = observe("columns")
    failed = [truth for truth in run["truth"] if truth["status"] == 127]
    assert failed
    match(lines_of(run["stdout"]), failed)


def test_no_line_is_printed_twice(observe: Observer) -> None:
    for case in ("columns", "storm"):
        lines = lines_of(observe(case)["stdout"])
        assert len(set(lines)) == len(lines)


def test_times_increase_on_each_cpu(observe: Observer) -> None:
    for case in ("columns", "storm"):
        run = observe(case)
        assert_increasing(match(lines_of(run["stdout"]), run["truth"]))


def test_a_storm_is_printed_to_the_last(observe: Observer) -> None:
    run = observe("storm")
    assert run["stderr"] == ""  # so without "Possibly lost"
    match(lines_of(run["stdout"]), run["truth"] + run["unread"] + run["last"])


class TestEndings(Endings):
    """It is a thread of its own that takes Ctrl-C, so that it ends as it means to."""

    lesson = LESSON
    ctrl_c = 0

    def events(self, stdout: str) -> list[Line]:
        return lines_of(stdout)

    def match(self, stdout: str, truths: list[Observation]) -> None:
        match(lines_of(stdout), truths)
