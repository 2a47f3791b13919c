"""An exercise in a page: a card with its tools, and the file to start from.

Without a script, too, a hint appears when the one before it was opened, and the
solution after a second press.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from xml.etree.ElementTree import Element

from bcclessons.console.text import Language, Text
from bcclessons.course.exercise import Exercise, load_all
from bcclessons.course.lesson import Lesson
from bcclessons.course.lineref import Lines
from bcclessons.site import listing, live
from bcclessons.site.labels import PANE
from bcclessons.site.page import Page
from bcclessons.site.question import Render

_START = Text(ja="最初のファイル", en="Start file")
_SOLVED = Text(ja="解けた", en="Solved")
_SOLUTION = Text(ja="解答例", en="A solution")
_WAIT = Text(
    ja="先に自分で解き，自分の答えと比べる．",
    en="Solve the exercise first, and compare this with your own answer.",
)
_ANYWAY = Text(ja="それでも読む", en="Read it anyway")
_CHANGED = Text(
    ja="最初のファイルと違う行に印がある．",
    en="The lines that differ from the start file are marked.",
)
_CONTEXT = 2
"""How many lines of a solution are shown around those that differ."""


def start_path(exercise: Exercise) -> str:
    """Return the path on the site of the file to start from."""
    folder = exercise.folder
    return f"lessons/{exercise.lesson.folder.name}/exercises/{folder.name}/start"


def card(exercise: Exercise, page: Page, render: Render) -> str:
    """Return what an exercise's card has below the task and its command."""
    language = page.language
    hints = ""
    for number, hint in reversed(list(enumerate(exercise.hints, 1))):
        label = _hint(number, len(exercise.hints)).to(language)
        text = render(hint.to(language), page)
        hints = (
            f'<details class="hint"><summary>{label}</summary>{text}{hints}</details>'
        )
    return (
        '<div class="exercise-tools">'
        f'<a class="exercise-start" href="{page.link_to(start_path(exercise))}" '
        f'download="my_sample">{_START.to(language)}</a>'
        f'<label><input type="checkbox"> {_SOLVED.to(language)}</label></div>'
        f"{hints}{_solution(exercise, language)}"
        f"{live.card_place(exercise, page)}"
    )


def wrap(parent: Element, tools: Element, exercise: Exercise) -> None:
    """Make a card of an exercise: its heading, and all down to its tools."""
    children = list(parent)
    last = children.index(tools)
    first = max(n for n, child in enumerate(children[:last]) if child.tag == "h3")
    box = Element(
        "section",
        {
            "class": "exercise",
            "role": "group",
            "aria-label": "".join(children[first].itertext()),
            "data-tab": "exercise",
            "data-exercise": exercise.label,
        },
    )
    parent.insert(first, box)
    for child in children[first : last + 1]:
        parent.remove(child)
        box.append(child)


def panel(lesson: Lesson, page: Page) -> str:
    """Return the files to start from, for the pane; each is made when it is asked for."""
    exercises = load_all([lesson])
    return "".join(
        f'<section class="start" data-start="{exercise.label}" hidden>'
        f'<div class="program-bar"><code>{exercise.label}</code>'
        f"<span>{_START.to(page.language)}</span>"
        f"{live.start_bar(exercise, page)}"
        f'<a href="{page.link_to(start_path(exercise))}" download="my_sample">'
        f"{PANE['download'].to(page.language)}</a></div>"
        f"<template>{_start(exercise)}</template></section>"
        for exercise in exercises
    )


def _start(exercise: Exercise) -> str:
    source = exercise.start.read_text(encoding="utf-8")
    lines = source.splitlines()
    marked = {n for n, line in enumerate(lines, 1) if "TODO" in line}
    return listing.excerpt(source, Lines(1, len(lines)), marked, "changed")


def _solution(exercise: Exercise, language: Language) -> str:
    source = exercise.solution.read_text(encoding="utf-8")
    marked = set(_different(exercise.start.read_text(encoding="utf-8"), source))
    parts = "".join(
        listing.excerpt(source, part, marked, "changed") for part in _parts(marked)
    )
    # With scripts, what is within <noscript> costs a slow phone nothing until it is opened.
    return (
        f'<details class="solution"><summary>{_SOLUTION.to(language)}</summary>'
        f"<p>{_WAIT.to(language)}</p><details>"
        f"<summary>{_ANYWAY.to(language)}</summary><p>{_CHANGED.to(language)}</p>"
        f'<noscript><div class="no-copy">{parts}</div></noscript></details></details>'
    )


def _different(start: str, solution: str) -> Iterator[int]:
    """Yield the lines of the solution that the file to start from has not."""
    matcher = SequenceMatcher(None, start.splitlines(), solution.splitlines(), False)
    for tag, _, _, first, last in matcher.get_opcodes():
        if tag != "equal":
            yield from range(first + 1, last + 1)


def _parts(marked: set[int]) -> list[Lines]:
    """Return the marked lines with some around them, as few ranges as there can be."""
    parts: list[Lines] = []
    for n in sorted(marked):
        first, last = max(1, n - _CONTEXT), n + _CONTEXT
        if parts and first <= parts[-1].last + 1:
            parts[-1] = Lines(parts[-1].first, last)
        else:
            parts.append(Lines(first, last))
    return parts


def _hint(number: int, count: int) -> Text:
    return Text(ja=f"ヒント {number}/{count}", en=f"Hint {number} of {count}")
