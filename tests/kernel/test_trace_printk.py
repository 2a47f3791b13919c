"""Lesson 01 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.lesson_run import (
    Endings,
    Observation,
    Observer,
    assert_ended,
    assert_refused,
    find,
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
    # Not splitlines(): a process name may hold what that takes for a line's end.
    header, *lines, rest = stdout.split("\n")
    assert header == LESSON.output.ready
    assert rest == ""
    return [parse(line) for line in lines]


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


def match(lines: list[Line], truths: list[Observation]) -> list[Line]:
    """Pair each call of execve with its one line; return the lines."""
    matched = []
    for truth in truths:
        found = of_call(lines, truth)
        assert len(found) == 1, (truth, found)
        matched += found
    return matched


def test_each_call_has_one_line_with_a_true_text(observe: Observer) -> None:
    run = observe("columns")
    match(lines_of(run["stdout"]), run["truth"])


def test_pid_in_the_text_is_that_of_the_process(observe: Observer) -> None:
    run = observe("columns")
    threads = [truth for truth in run["truth"] if truth["tid"] != truth["pid"]]
    assert threads
    match(lines_of(run["stdout"]), threads)


def test_the_pid_column_is_that_of_the_thread(observe: Observer) -> None:
    run = observe("columns")
    lines = match(lines_of(run["stdout"]), run["truth"])
    for line, truth in zip(lines, run["truth"], strict=True):
        assert line.tid == truth["tid"]


def test_the_comm_column_is_a_name_it_had_or_unknown(observe: Observer) -> None:
    run = observe("columns")
    lines = match(lines_of(run["stdout"]), run["truth"])
    names: dict[int, set[str]] = {}
    for truth in run["truth"]:
        had = names.setdefault(truth["tid"], {"<...>", "python3"})
        file = PurePosixPath(truth["file"] or "").name
        # BCC strips the blanks before a name, for the kernel pads it there.
        had |= {name[:15].strip() for name in (truth["parent"], truth["comm"], file)}
    for line in lines:
        assert line.comm.rstrip() in names[line.tid]


def test_bytes_that_are_not_utf_8_come_through(observe: Observer) -> None:
    run = observe("columns")
    raw = [truth for truth in run["truth"] if truth["comm"].startswith("\xff\xfe")]
    assert raw
    match(lines_of(run["stdout"]), raw)


def test_a_storm_is_printed_to_the_last(observe: Observer) -> None:
    run = observe("storm")
    assert run["stderr"] == ""
    match(lines_of(run["stdout"]), run["truth"])


def test_no_line_is_lost_but_the_overwritten(observe: Observer) -> None:
    run = observe("storm")
    lines = lines_of(run["stdout"])
    lost = [truth for truth in run["unread"] if not of_call(lines, truth)]
    match(lines, [truth for truth in run["unread"] if truth not in lost])
    assert len(lost) <= run["overwritten"]
    match(lines, run["last"])


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
    match(lines, run["truth"])


def test_a_second_one_cannot_start(observe: Observer) -> None:
    run = observe("trace_pipe")
    english = "cannot open trace_pipe, end its other reader: Device or resource busy"
    assert_refused(run["second"], english)
    assert_ended(run, TestEndings.ctrl_c, observe.soon)


class TestEndings(Endings):
    """Ctrl-C ends it by the signal's default action."""

    lesson = LESSON

    def events(self, stdout: str) -> list[Line]:
        return lines_of(stdout)

    def match(self, stdout: str, truths: list[Observation]) -> None:
        match(lines_of(stdout), truths)
