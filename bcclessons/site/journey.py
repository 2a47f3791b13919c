"""One event's journey as HTML: the steps of journey.md, for the pane of a lesson."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import journey, translation
from bcclessons.course.journey import Journey
from bcclessons.course.lesson import RECORDINGS, Lesson
from bcclessons.site.fragment import apart, inline
from bcclessons.site.labels import caption
from bcclessons.site.markdown import render
from bcclessons.site.page import Page, location

_HEADING = re.compile(r"^(##?) (.+) \{#([a-z0-9-]+)\}$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{([a-z]\w*)\}")

_LABELS = {
    "journey": Text(ja="道のり", en="Journey"),
    "previous": Text(ja="前へ", en="Previous"),
    "next": Text(ja="次へ", en="Next"),
    "step": Text(ja="段階", en="Step"),
    "link": Text(ja="この段階へのリンク", en="Link to this step"),
}


class Step(NamedTuple):
    """A step of a journey: its id, its title and its text, in Markdown."""

    id: str
    title: str
    text: str


class Track(NamedTuple):
    """The steps of a journey, and the recording that they tell of."""

    id: str
    title: str
    steps: list[Step]
    recording: Journey


def source(lesson: Lesson, language: Language) -> Path:
    """Return the file of a lesson that has the steps, in a language."""
    return translation.translation(lesson.folder / "journey.md", language)


def tracks(path: Path) -> list[Track]:
    """Return the journeys of a file, with their placeholders filled in.

    Raise Problem if a recording cannot be read, or has no value for a placeholder.
    """
    _, *parts = _HEADING.split(path.read_text(encoding="utf-8"))
    found: list[Track] = []
    for level, title, name, text in zip(*(parts[i::4] for i in range(4)), strict=True):
        if level == "#":
            recording = journey.load(path.parent / RECORDINGS / f"{name}.json")
            found.append(Track(name, title, [], recording))
        else:
            track = found[-1]
            filled = _filled(text.strip(), track.recording.values, path)
            track.steps.append(Step(f"{track.id}-{name}", title, filled))
    return found


def _filled(text: str, values: Mapping[str, str], path: Path) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise Problem(
                ja=f"{location(path, found[0])}: {found[0]} の値が記録に無い．",
                en=f"{location(path, found[0])}: there is no value of {found[0]} in "
                "the recording.",
            )
        return values[found[1]]

    return _PLACEHOLDER.sub(value, text)


def panel(lesson: Lesson, page: Page) -> str:
    """Return the journeys of a lesson, for the pane of its page; "" if it has none.

    Where they cannot be made, warn, too.
    """
    path = source(lesson, page.language)
    if not path.is_file():
        return ""
    own = dataclasses.replace(page, source=path, references=[])
    labels = {name: text.to(page.language) for name, text in _LABELS.items()}
    try:
        found = tracks(path)
    except Problem as problem:
        page.warn(problem.text.en)
        return ""
    others = "".join(
        f'<button type="button" class="journey-switch" aria-pressed="false">'
        f"{_inline(track.title, own)}</button>"
        for track in found[1:]
    )
    bar = (
        f'<div class="journey-bar"><button type="button" data-by="-1" aria-label="{labels["previous"]}">←'
        "</button>"
        f'<input type="range" min="1" value="1" aria-label="{labels["step"]}">'
        f'<button type="button" data-by="1" aria-label="{labels["next"]}">→</button>'
        f'<span class="journey-count"></span>{others}'
        '<p class="journey-status" role="status"></p></div>'
    )
    lists = "".join(_track(track, own, labels) for track in found)
    # A template costs a slow phone nothing until the journey is opened.
    return (
        f'<section class="journey" tabindex="0" aria-label="{labels["journey"]}">'
        f"{bar}<template>{lists}</template></section>"
    )


def _track(track: Track, page: Page, labels: dict[str, str]) -> str:
    steps = "".join(_step(step, page, labels) for step in track.steps)
    text = html.escape(caption(track.recording).to(page.language))
    return (
        f'<section class="journey-track" aria-labelledby="{track.id}">'
        f'<h2 id="{track.id}">{_inline(track.title, page)}</h2><ol>{steps}</ol>'
        f'<p class="run-caption">{text}</p></section>'
    )


def _step(step: Step, page: Page, labels: dict[str, str]) -> str:
    text = apart(render(step.text, page), "journey-reference")
    link = (
        f'<a class="journey-link" href="#{step.id}" aria-label="{labels["link"]}">#</a>'
    )
    title = html.escape(step.title.replace("`", ""))
    return (
        f'<li id="{step.id}" data-title="{title}">'
        f"<h3>{_inline(step.title, page)} {link}</h3>{text}</li>"
    )


def _inline(text: str, page: Page) -> str:
    return inline(render(text, page))
