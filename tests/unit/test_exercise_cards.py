"""The exercises as the site shows them: cards, files to start from, and progress."""

from __future__ import annotations

import re

import pytest
from markdown import markdown

from bcclessons.console.text import Language
from bcclessons.course import exercise, lesson
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.translation import translation
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site import exercise as cards
from bcclessons.site.markdown import LessonMarkdown
from bcclessons.site.page import Page
from bcclessons.site.practice import with_dots

LESSONS = lesson.load_all(CHECKOUT)
EXERCISES = exercise.load_all(LESSONS)

each_language = pytest.mark.parametrize("language", list(Language))


def rendered(item: Lesson, language: Language) -> str:
    """Return the HTML of a lesson's page."""
    source = translation(item.folder / "README.md", language)
    page = Page(source, warn=pytest.fail)
    return markdown(
        source.read_text(encoding="utf-8"),
        extensions=["fenced_code", "tables", LessonMarkdown(page)],
    )


def card(item: Exercise, html: str) -> str:
    """Return an exercise's card in a lesson's page."""
    found = re.search(
        rf'<section [^>]*data-exercise="{item.label}".*?</section>',
        html,
        re.DOTALL,
    )
    assert found is not None, f"no card of {item.label}"
    return found[0]


@each_language
@pytest.mark.parametrize("item", EXERCISES, ids=lambda item: item.label)
def test_a_card_has_the_task_the_command_and_the_tools(
    item: Exercise, language: Language
) -> None:
    html = card(item, rendered(item.lesson, language))
    assert html.count("<h3") == 1
    assert f"./lab check {item.label}" in html
    assert re.search(r'href="[^"]*/start" download', html)
    assert html.count('<input type="checkbox">') == 1
    assert html.count('<details class="hint">') == len(item.hints)
    assert html.count(f'<div data-live="{item.label}">') == 1
    assert "<code>./lab site</code>" in html


def test_a_hint_is_within_the_one_before_it() -> None:
    item = EXERCISES[0]
    html = card(item, rendered(item.lesson, Language.EN))
    hints = html.partition('<details class="solution">')[0]
    opened = [m.start() for m in re.finditer("<details", hints)]
    assert len(opened) > 1
    assert opened[-1] < hints.index("</details>")


def test_a_solution_shows_what_differs_from_the_start() -> None:
    (item,) = exercise.find(EXERCISES, "02/1")
    html = card(item, rendered(item.lesson, Language.EN))
    solution = html.partition('<details class="solution">')[2]
    lit = re.findall(
        r'class="line changed"><span class="number" data-number="(\d+)"', html
    )
    start, end = (f.read_text().splitlines() for f in (item.start, item.solution))
    assert [end[int(n) - 1] in start for n in lit] == [False, False]
    assert len(lit) < solution.count('class="line') < 10
    assert "1e9" not in html.partition('<details class="solution">')[0]


@pytest.mark.parametrize("item", EXERCISES, ids=lambda item: item.label)
def test_the_panel_has_the_file_with_what_is_to_do_lit(item: Exercise) -> None:
    page = Page(item.lesson.folder / "README.md")
    html = cards.panel(item.lesson, page)
    start = html.partition(f'data-start="{item.label}"')[2].partition("</section>")[0]
    lines = item.start.read_text(encoding="utf-8").splitlines()
    assert start.count('class="line') == len(lines)
    lit = re.findall(
        r'class="line changed"><span class="number" data-number="(\d+)"', start
    )
    assert lit
    assert all("TODO" in lines[int(number) - 1] for number in lit)


def test_what_is_solved_has_its_dot_in_the_navigation() -> None:
    link = (
        '<a href="../02/" class="md-nav__link md-nav__link--active">\n'
        '<span class="md-ellipsis">\n 02 Title\n</span></a>'
    )
    others = link.replace("../02/", "#02") + link.replace("02 T", "77 T")
    html = with_dots(link + others, EXERCISES, {"02/2", "01/2"}, Language.EN)
    assert html.count('class="dots"') == 1
    assert '</span><span class="dots"' in html
    assert ">○●○○○○</span>" in html
    assert 'data-solved="02/2"' in html
    assert 'aria-label="1 of 6 exercises solved"' in html


@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
def test_exercises_are_numbered_from_one(item: Lesson) -> None:
    """The dots are counted in the browser by their place."""
    numbers = [each.number for each in EXERCISES if each.lesson == item]
    assert numbers == list(range(1, len(numbers) + 1))
