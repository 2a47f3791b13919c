"""What a page has in place of a link alone: a run, a question, an exercise, lines."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Markdown

from bcclessons.course import (
    exercise,
    journey,
    loss,
    peers,
    question,
    recording,
    support,
)
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.lineref import resolve
from bcclessons.site import exercise as exercises
from bcclessons.site import journey_views, listing, runs, simulator
from bcclessons.site import question as questions
from bcclessons.site.labels import OPEN_JOURNEY
from bcclessons.site.page import Page
from bcclessons.site.question import Render

_RUN = r"run.*\.txt"
_QUESTIONS = r"questions(\.en)?\.md"


def embedded(
    link: Element, target: Path, page: Page, render: Render, *, animated: bool
) -> str | None:
    """Return the HTML that replaces a link, or picture, to a file; None to leave it.

    ``render`` makes HTML of Markdown within. ``animated``, the lines of a run appear
    one by one. Raise OSError, Problem or LineRefError where that cannot be made.
    """
    if link.tag == "img":
        if target.suffix != ".svg":
            return None
        return _picture(target, page)
    if re.fullmatch(_RUN, target.name):
        return _run(target, link, page, animated=animated)
    if re.fullmatch(_QUESTIONS, target.name):
        name = link.get("href", "").partition("#")[2]
        html = questions.shown(question.find(target, name), page, render)
        return _marked(html, link)
    if found := exercise_at(target, page):
        return exercises.card(found, page, render)
    if re.fullmatch(r"journey.*\.json", target.name):
        return journey_views.view(link, target, page.language)
    if target.name == "support.json":
        table = support.table(support.load(target), page.lessons, page.language)
        return f'<div class="support">{_table(table)}</div>'
    if target.name == "loss.json":
        name = link.get("title") or ""
        return simulator.values(loss.load(target), name, page.language, _table)
    if target.name == "simulator.js":
        return simulator.form(target, page)
    if target.name == "peers.json":
        places = peers.load(target)
        shown = {"start": peers.start_table}.get(link.get("title") or "", peers.table)
        return "".join(_table(shown(each, page.language)) for each in places)
    if item := program_at(target, page):
        source = item.source.read_text(encoding="utf-8")
        lines = resolve(source, link.get("title") or "")
        return listing.excerpt(source, lines, set(page.explanations(item)))
    return None


def hide_until_answered(run: Element, question: Element) -> None:
    """Mark links that a question and a run replace: it hides the run until the answer."""
    first, second = (
        Path(link.get("href", "").partition("#")[0]).name for link in (question, run)
    )
    if re.fullmatch(_QUESTIONS, first) and re.fullmatch(_RUN, second):
        run.set("class", "veiled")
        question.set("class", "asking")


def program_at(target: Path | None, page: Page) -> Lesson | None:
    """Return the lesson whose program a file is, if it is one."""
    return next((i for i in page.lessons if i.source.resolve() == target), None)


def _picture(target: Path, page: Page) -> str:
    """Return a picture; one that shows what the lesson's journey does opens that."""
    picture = target.read_text(encoding="utf-8")
    figure = f'<figure class="picture" tabindex="0">{picture}</figure>'
    is_main = target.name.partition(".")[0] == "picture"
    item = page.own_lesson() if is_main else None
    if item is None or not journey.recordings(item):
        return figure
    label = OPEN_JOURNEY.to(page.language)
    return (
        f'<div data-tab="journey" data-stop>{figure}'
        f'<button type="button" class="journey-open md-button">{label}</button></div>'
    )


def exercise_at(target: Path, page: Page) -> Exercise | None:
    """Return the exercise that starts from a file, if one does."""
    lesson = page.own_lesson()
    if lesson is None or target.name != "start" or target.parents[2] != lesson.folder:
        return None
    return exercise.load(target.parent, lesson)


def _run(target: Path, link: Element, page: Page, *, animated: bool) -> str:
    if animated:
        item = next(each for each in page.lessons if each.recordings == target.parent)
        return runs.animated(recording.load(target), item, page.language)
    return _marked(runs.shown(target, link.get("title"), page), link)


def _marked(html: str, link: Element) -> str:
    """Give HTML's first element the class of the link that it replaces, if that has one."""
    return html.replace(
        'class="', f'class="{link.get("class")} ', "class" in link.attrib
    )


def _table(markdown: str) -> str:
    content = Markdown(extensions=["tables"]).convert(markdown)
    content = content.replace(
        "<table>", '<div class="table" tabindex="0"><table class="data">'
    )
    return content.replace("</table>", "</table></div>")
