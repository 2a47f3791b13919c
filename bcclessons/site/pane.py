"""The pane next to a lesson's prose: what theme/partials/pane.html puts into it."""

from __future__ import annotations

from typing import Any

from bcclessons.course.lesson import Lesson
from bcclessons.site import exercise, journey, listing, live, question
from bcclessons.site.labels import PANE, TABS
from bcclessons.site.page import Page


def content(lesson: Lesson, page: Page) -> dict[str, Any]:
    """Return the content of a lesson's pane, once the page's references are known."""
    source = lesson.source.read_text(encoding="utf-8")
    panels = {
        "program": listing.whole(source, page.explanations(lesson), page.language),
        "run": live.run_panel(lesson, page),
        "journey": journey.panel(lesson, page),
        "exercise": exercise.panel(lesson, page),
    }
    shown = [name for name in TABS if panels[name]]
    return {
        **panels,
        "again": question.again(page),
        "live": live.templates(lesson, page),
        "lesson": lesson.label,
        "name": lesson.program,
        "source": source,
        "address": page.link_to(f"lessons/{lesson.folder.name}/{lesson.program}"),
        "labels": {name: text.to(page.language) for name, text in PANE.items()},
        "tabs": [(name, TABS[name].to(page.language)) for name in shown],
    }
