"""What holds for every lesson's program, so that it can be read aloud and copied."""

from __future__ import annotations

import ast
import os
import re
import sys
import unicodedata

import pytest

from bcclessons.course import lesson as lessons
from bcclessons.course.lesson import Lesson
from bcclessons.setup.paths import CHECKOUT

LESSONS = lessons.load_all(CHECKOUT)
# A lesson that needs more than this teaches too much at once.
LINES = {"03": 81, "06": 90}
USUAL_LINES = 74


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.label)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    """Return each lesson in turn."""
    found: Lesson = request.param
    return found


@pytest.fixture
def source(lesson: Lesson) -> str:
    """Return the text of its program."""
    return lesson.source.read_text(encoding="utf-8")


def width(line: str) -> int:
    """Return how many columns of a screen a line takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_it_fits_a_projector(lesson: Lesson, source: str) -> None:
    lines = source.splitlines()
    assert len(lines) <= LINES.get(lesson.label, USUAL_LINES)
    assert [line for line in lines if width(line) > 79] == []
    assert "\t" not in source
    assert source.endswith("\n")


def test_every_comment_is_in_both_languages(source: str) -> None:
    comments = [
        line
        for line in source.splitlines()[1:]
        if re.match(r"\s*(#|//)(?!include)", line)
    ]
    assert len(comments) >= 8
    for line in comments:
        japanese, _, english = line.partition(" / ")
        assert re.search("[ぁ-んァ-ヶ一-龠]", japanese), line
        assert english, line
        assert english.isascii(), line


def test_the_shell_runs_it_by_the_python_that_has_bcc(
    lesson: Lesson, source: str
) -> None:
    assert source.startswith("#!/usr/bin/python3\n")
    assert os.access(lesson.source, os.X_OK)


def test_it_says_at_once_when_it_is_ready(lesson: Lesson, source: str) -> None:
    call, *_ = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    )
    (header,) = call.args
    printed = ast.literal_eval(header)
    assert printed.split("\n")[0] == lesson.output.ready
    assert printed.isascii()
    assert [ast.unparse(keyword) for keyword in call.keywords] == ["flush=True"]


def test_it_can_be_copied_alone(source: str) -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "bcc" in imported
    assert imported - {"bcc"} <= sys.stdlib_module_names
