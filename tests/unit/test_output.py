"""Which lines of a program make a line of its output, and each column of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bcclessons.course import lesson, lineref, recording
from bcclessons.course.lesson import Lesson
from bcclessons.course.output import Origins
from bcclessons.course.run import MAIN, Run, changed

ROOT = Path(__file__).parents[2]
LESSONS = lesson.load_all(ROOT)


def origins(item: Lesson, name: str = MAIN) -> Origins:
    """Return what finds the origins of a run's lines."""
    (run,) = lesson.find_runs(item, [name])
    program = item.source.read_text(encoding="utf-8")
    return Origins(item.output, program, changed(item.source, run.change, ""), run.line)


def columns(item: Lesson, line: str, name: str = MAIN) -> dict[str, list[int]]:
    """Return the lines of the program for each column of a line of output."""
    found = origins(item, name).of(line)
    return {line[begin:end]: lines for begin, end, lines in found.columns}


@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
def test_every_group_has_fragments_that_fit(item: Lesson) -> None:
    output = item.output
    program = item.source.read_text(encoding="utf-8")
    groups = set(re.compile(output.line).groupindex)
    assert set(output.made_by) == groups | {"ready", "line"}
    fragments = [each for found in output.made_by.values() for each in found]
    for fragment in fragments + [each for o in output.others for each in o.made_by]:
        lineref.resolve(program, fragment)
    for run in item.all_runs:
        assert set(re.compile(run.line).groupindex) <= groups


@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
def test_every_line_of_the_main_run_is_made_by_the_program(item: Lesson) -> None:
    _, *lines = recording.load(item.recordings / "run.txt").body.splitlines()
    found = origins(item)
    groups = len(re.compile(item.output.line).groupindex)
    end = lines.index("^C")
    assert all(found.of(line).lines for line in lines[end + 1 :])
    for number, line in enumerate(lines[:end]):
        origin = found.of(line)
        assert origin.lines
        assert len(origin.columns) == (groups if number else 0)


def test_lesson_02_is_made_by_the_lines_that_its_page_names() -> None:
    item = lesson.find(LESSONS, "02")
    line = "829305575433       bash             1273   Hello, perf_output!"
    assert origins(item).of(line).lines == [53, 54]
    assert columns(item, line) == {
        "829305575433": [26],
        "bash": [33],
        "1273": [29, 30],
        "Hello, perf_output!": [54],
    }
    assert origins(item).of(item.output.ready).lines == [64]
    assert origins(item).of("Possibly lost 12 samples").lines == [66]
    refused = "root で動かす / run as root: sudo ./perf_output_sample"
    assert origins(item).of(refused).lines == [41, 42]
    assert origins(item).of("^C").lines == []


def test_the_other_lessons_too() -> None:
    first, third = lesson.find(LESSONS, "01"), lesson.find(LESSONS, "03")
    assert columns(first, "229    sh               time=7 pid=8 comm=bash") == {
        "229": [49],
        "sh": [49],
        "7": [15],
        "8": [18],
        "bash": [21, 22],
    }
    line = "231    0     less             229    bash             /bin/sh sh"
    assert columns(third, line) == {
        "231": [32],
        "0": [33],
        "less": [34],
        "229": [37, 38],
        "bash": [41, 42, 43, 44],
        "/bin/sh": [47, 48, 70],
        "sh": [49, 50, 51, 71],
    }


def test_what_a_change_has_replaced_makes_nothing() -> None:
    item = lesson.find(LESSONS, "02")
    line = "829305575433       bash             1273   CPU 1"
    assert columns(item, line) == {}
    assert list(columns(item, line, "order")) == ["829305575433", "bash", "1273"]
    assert origins(item, "order").of(line).lines == []
    lost = "Possibly lost 12 samples"
    assert origins(item, "lost").of(lost).lines == [66]
    assert origins(item, "timeout").of(lost).lines == []


def test_a_change_above_does_not_move_the_lines() -> None:
    """The pane shows the lesson's program; a changed one has other numbers."""
    item = lesson.find(LESSONS, "02")
    line = "829305575433       bash             1273   Hello, perf_output!"
    assert columns(item, line, "lost") == columns(item, line)


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="line: "):
        Run(name="wrong", line="(")
