"""Lesson 01 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.lesson_run import (
    EveryLesson,
    Observation,
    Observer,
    assert_ended,
    assert_refused,
    find,
    lines_after,
)

LESSON = find("01")

pytestmark = pytest.mark.timeout(300)


class Line(NamedTuple):
    """A line of the lesson: what the kernel put before the text, and the text.

    ``comm`` is padded as it is printed.
    """

    tid: int
    comm: str
    output: str


Pairs = list[tuple[Observation, Line]]


@pytest.fixture(scope="module")
def observe(machine: Runner) -> Observer:
    """Return what runs the lesson's cases."""
    fewer = {"ctrl_c_early": 2}
    return Observer(machine, LESSON, vm_counts=fewer)


def parse(line: str) -> Line:
    """Read a line by its layout, and hold it to the layout."""
    digits = line.split(" ")[0]
    place = max(6, len(digits)) + 1
    found = Line(int(digits), line[place : place + 16], line[place + 17 :])
    assert line == f"{found.tid:<6} {found.comm:<16} {found.output}"
    # The pipe is everybody's: others may write other text.
    if re.match(r"time=\d+ pid=\d+ comm=", found.output):
        assert re.fullmatch(LESSON.output.line, line), repr(line)
    return found


def lines_of(stdout: str) -> list[Line]:
    """Return the lines after the header; the last must be whole."""
    return [parse(line) for line in lines_after(LESSON, stdout)]


def of_call(lines: list[Line], truth: Observation) -> list[Line]:
    """Return the lines whose text is that of a call of execve."""
    comm = truth["comm"].partition("\n")[0]
    text = re.compile(rf"time=(\d+) pid={truth['pid']} comm={re.escape(comm)}")
    return [
        line
        for line in lines
        if (found := text.fullmatch(line.output))
        and truth["before"] <= int(found[1]) <= truth["after"]
    ]


@pytest.fixture(scope="module")
def pairs(observe: Observer) -> Pairs:
    """Return each call of execve, of every kind, with its line."""
    run = observe("columns")
    lines = lines_of(run["stdout"])
    found = [(truth, of_call(lines, truth)) for truth in run["truth"]]
    return [(truth, line) for truth, lines in found for line in lines]


def test_pid_in_the_text_is_that_of_the_process(pairs: Pairs) -> None:
    threads = [truth for truth, _ in pairs if truth["comm"] == "a thread"]
    assert threads
    assert all(truth["pid"] != truth["tid"] for truth in threads)


def test_the_pid_column_is_that_of_the_thread(pairs: Pairs) -> None:
    for truth, line in pairs:
        assert line.tid == truth["tid"]


def test_the_comm_column_is_a_name_it_had_or_unknown(pairs: Pairs) -> None:
    names: dict[int, set[str]] = {}
    for truth, _ in pairs:
        had = names.setdefault(truth["tid"], {"<...>", "python3"})
        file = PurePosixPath(truth["file"] or "").name
        # BCC strips the blanks before a name, for the kernel pads it there.
        had |= {name[:15].strip() for name in (truth["parent"], truth["comm"], file)}
    strange = [line for _, line in pairs if line.comm.rstrip() not in names[line.tid]]
    # Its table may still hold the name of a thread that had the number before.
    assert len(strange) < len(pairs)
    assert all(len(line.comm.rstrip()) <= 15 for line in strange)


def test_names_are_of_every_kind(pairs: Pairs) -> None:
    comms = {truth["comm"].encode("latin-1") for truth, _ in pairs}
    assert comms >= {b"two words", " 名前".encode(), b"\xff\xfe raw \x85", b""}


def test_no_line_is_lost_but_the_overwritten(observe: Observer) -> None:
    run = observe("storm")
    missing = TestEveryLesson().missing(run["stdout"], run["unread"])
    assert len(missing) <= run["unread_overwritten"] + run["unread_skipped"]
    assert run["stderr"] == ""


def test_what_was_written_before_comes_first(observe: Observer) -> None:
    run = observe("trace_pipe")
    first = lines_of(run["stdout"])[0]
    assert first.output == "written before anybody reads"


def test_lines_of_others_come_through(observe: Observer) -> None:
    run = observe("trace_pipe")
    lines = lines_of(run["stdout"])
    texts = [line.output for line in lines if line.tid == run["writer"]]
    assert texts[1:] == [
        "a line of another program",
        "key: value: bytes \xff\xfe",
        "broken",  # and the rest of it cannot be parsed
    ]


def test_a_line_that_cannot_be_parsed_is_skipped(observe: Observer) -> None:
    run = observe("trace_pipe")
    assert "Unknown" not in run["stdout"]
    assert "sixteen letters" not in run["stdout"]


def test_a_name_in_two_lines_is_cut(observe: Observer) -> None:
    run = observe("trace_pipe")
    broken = run["broken"]
    assert "\n" in broken["comm"]
    assert len(of_call(lines_of(run["stdout"]), broken)) <= 1
    assert "\nlines" not in run["stdout"]


def test_it_goes_on_after_lines_are_lost(observe: Observer) -> None:
    run = observe("trace_pipe")
    lines = lines_of(run["stdout"])
    filled = [line.output for line in lines if line.output.startswith("line ")]
    lost = [text for text in run["filled"] if text not in filled]
    assert 0 < len(lost) <= run["overwritten"]
    # The others come in their order, up to the newest.
    assert filled == [text for text in run["filled"] if text not in lost]
    assert filled[-1] == run["filled"][-1]
    assert TestEveryLesson().missing(run["stdout"], run["truth"]) == []


def test_a_second_one_cannot_start(observe: Observer) -> None:
    run = observe("trace_pipe")
    english = "cannot open trace_pipe, end its other reader: Device or resource busy"
    assert_refused(run["second"], english)
    assert_ended(run, TestEveryLesson.ctrl_c, observe.soon)


class TestEveryLesson(EveryLesson):
    """Ctrl-C ends it by the signal's default action."""

    lesson = LESSON

    def events(self, stdout: str) -> list[Line]:
        return lines_of(stdout)

    def of_call(self, events: list[Line], truth: Observation) -> list[Line]:
        return of_call(events, truth)
