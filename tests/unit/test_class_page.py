"""The page for instructors: it names the lessons' questions and the checks' messages."""

from __future__ import annotations

import re

import pytest

from bcclessons.console.text import Language
from bcclessons.course import exercise, lesson, question
from bcclessons.course.translation import translation
from bcclessons.setup.paths import CHECKOUT

LESSONS = lesson.load_all(CHECKOUT)
_QUESTION = re.compile(r"\[([^]]+|[^|]+?)\]\(\.\./lessons/[^)]*#[^)]*\)")
_STUCK = re.compile(
    r"^## (?:つまずくところ|Where learners get stuck)$(.*?)^## ", re.M | re.S
)
_ROW = re.compile(r"^\| (?:(\d\d/\d) )?([^|]+) \|", re.MULTILINE)

each_language = pytest.mark.parametrize("language", list(Language))


def page(language: Language) -> str:
    return translation(CHECKOUT / "docs/classroom.md", language).read_text("utf-8")


@each_language
def test_the_plans_ask_what_the_lessons_ask(language: Language) -> None:
    asked = {
        each.title
        for item in LESSONS
        for each in question.load(translation(item.folder / "questions.md", language))
    }
    planned = _QUESTION.findall(page(language))
    assert len(planned) >= 15
    assert not set(planned) - asked


@each_language
def test_the_board_shows_the_messages_that_the_checks_have(language: Language) -> None:
    grading = sorted((CHECKOUT / "bcclessons/grading").glob("*.py"))
    checks = {
        each.label: [each.folder / "check.py"] for each in exercise.load_all(LESSONS)
    }
    [stuck] = _STUCK.findall(page(language))
    rows = _ROW.findall(stuck)[1:]  # without the header
    assert len(rows) >= 15
    for label, message in rows:
        sources = [*checks.get(label, []), *grading]
        text = "".join(path.read_text("utf-8") for path in sources)
        # A literal over several lines is one text, with … for its values.
        text = re.sub(r'"\s*f?"', "", text)
        text = re.sub(r"\{[^{}]*\}|(?<![A-Za-z_])\d+", "…", text)
        for part in re.split("…|uid", message):  # uid is a value, too
            assert part.strip(" -") in text, message
