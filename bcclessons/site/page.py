"""A page of the course: its source, its language, what it may refer to."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bcclessons.console.text import Language
from bcclessons.course import lesson, translation
from bcclessons.course.lesson import Lesson
from bcclessons.course.lineref import Lines
from bcclessons.setup.paths import CHECKOUT


@dataclass(frozen=True)
class Reference:
    """A link on a page to lines of a lesson's program, and the link's id."""

    id: str
    lesson: Lesson
    lines: Lines


@dataclass(frozen=True)
class Page:
    """A page that is rendered; ``references`` fills meanwhile.

    ``source`` is an absolute path. ``warn`` takes a sentence about what is wrong. ``link`` returns the link from the
    page to a path of the site, by default where the checkout has that path. ``is_live``
    says whether ./lab serves the page, with a machine behind it.
    """

    source: Path
    lessons: Sequence[Lesson] = field(default_factory=lambda: lesson.load_all(CHECKOUT))
    warn: Callable[[str], None] = logging.getLogger(__name__).warning
    link: Callable[[str], str] | None = None
    is_live: bool = False
    references: list[Reference] = field(default_factory=list)

    @property
    def language(self) -> Language:
        """The language that the page is in."""
        return translation.language_of(self.source)

    def link_to(self, path: str) -> str:
        """Return the link from the page to a path of the site."""
        if self.link is None:
            return os.path.relpath(CHECKOUT / path, self.source.parent)
        return self.link(path)

    def warn_at(self, quote: str, text: str) -> None:
        """Warn of what is wrong, naming the first line that has the quoted text."""
        self.warn(f"{location(self.source, quote)}: {text}")

    def own_lesson(self) -> Lesson | None:
        """Return the lesson whose page this is, if it is a lesson's."""
        folder = self.source.parent
        return next((item for item in self.lessons if item.folder == folder), None)

    def explanations(self, item: Lesson) -> dict[int, str]:
        """Return for each line of a program the id of the reference that explains it.

        Where several references name a line, the one that names the fewest counts,
        and of those the first.
        """
        found: dict[int, str] = {}
        own = [each for each in self.references if each.lesson == item]
        for reference in sorted(own, key=lambda r: r.lines.last - r.lines.first):
            for number in range(reference.lines.first, reference.lines.last + 1):
                found.setdefault(number, reference.id)
        return found


def location(page: Path, quote: str) -> str:
    """Return a page's path in the checkout and its first line that has the text."""
    lines = page.read_text(encoding="utf-8").splitlines()
    number = next((f":{n}" for n, line in enumerate(lines, 1) if quote in line), "")
    name = page.relative_to(CHECKOUT) if page.is_relative_to(CHECKOUT) else page
    return f"{name}{number}"
