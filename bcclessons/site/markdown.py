"""The Markdown of the course, as an extension of Python-Markdown.

    markdown.markdown(text, extensions=[LessonMarkdown(Page(path))])

It needs no MkDocs. A link to a lesson's program becomes a reference to the lines that
its title, or else its label, names. A paragraph that is only a link or a picture may
be replaced by what that leads to: see embed.py. A line break between two Japanese
characters is no space.
"""

from __future__ import annotations

import html
import os
import re
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Markdown, markdown
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from bcclessons.console.text import Problem
from bcclessons.course import copies, translation
from bcclessons.course.lesson import Lesson
from bcclessons.course.lineref import LineRefError, resolve
from bcclessons.site import exercise
from bcclessons.site.embed import (
    embedded,
    exercise_at,
    hide_until_answered,
    program_at,
)
from bcclessons.site.labels import line_label
from bcclessons.site.page import Page, Reference

_JAPANESE = "[\u3041-\u30ff\u3400-\u9fff\uff01-\uff60\u3000-\u303f]"
_BREAK_IN_JAPANESE = re.compile(f"(?<={_JAPANESE})\n(?={_JAPANESE})")


class LessonMarkdown(Extension):
    """The Markdown of the course. ``page`` may be changed between two pages."""

    def __init__(self, page: Page | None = None) -> None:
        super().__init__()
        self.page = page

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the library's name)
        """Add our steps to the others."""
        assert self.page is not None, "set the page that is to be rendered"
        # Before fenced code (25), which would make blocks of them.
        md.preprocessors.register(_DropCopiesOfRuns(md), "drop-copies-of-runs", 28)
        # After fenced code, which is not to be touched.
        md.preprocessors.register(_JoinJapanese(md), "join-japanese", 20)
        # After "inline" (20), which makes the links; before MkDocs resolves them.
        md.treeprocessors.register(_Links(md, self.page), "lesson-links", 15)
        # After "raw_html" (30), which inserts the highlighted code.
        md.postprocessors.register(_ReachCode(md), "reach-code", 25)


class _DropCopiesOfRuns(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        return copies.without_runs("\n".join(lines)).split("\n")


class _JoinJapanese(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        return _BREAK_IN_JAPANESE.sub("", "\n".join(lines)).split("\n")


class _ReachCode(Postprocessor):
    """Has the keyboard reach all code: it may scroll.

    Material takes what does not from its reach again, once it is near the window.
    """

    def run(self, text: str) -> str:
        code = "<pre><span></span><code"
        return text.replace(f"{code}>", f'{code} tabindex="0">')


class _Links(Treeprocessor):
    def __init__(self, md: Markdown, page: Page) -> None:
        super().__init__(md)
        self._page = page

    def run(self, root: Element) -> None:
        alone = [
            (parent, paragraph, link)
            for parent in root.iter()
            for paragraph in parent
            if (link := _only_link(paragraph)) is not None
        ]
        links = {id(link) for _, _, link in alone}
        for link in list(root.iter("a")):
            if id(link) not in links:
                self._refer(link)
        for parent in list(root.iter()):
            for index, child in enumerate(parent):
                if child.tag == "table":
                    parent[index] = _scrollable(child)
        for (_, question, asking), (parent, run, following) in pairwise(alone):
            if (question, run) in pairwise(parent):
                hide_until_answered(following, asking)
        # Now that all references are known, which an excerpt of a program marks.
        for parent, paragraph, link in alone:
            self._embed(parent, paragraph, link)

    def _target(self, address: str) -> Path | None:
        """Return the file that a link leads to, None for what is no relative path."""
        if not address or re.match(r"[a-z]+:|#|/", address):
            return None
        return (self._page.source.parent / address.partition("#")[0]).resolve()

    def _refer(self, link: Element) -> None:
        """Make a link to a program one to its lines, and say which they are."""
        item = program_at(self._target(link.get("href", "")), self._page)
        if item is None:
            return
        # Code in a label is escaped already.
        fragment = link.get("title") or html.unescape("".join(link.itertext()))
        address = self._address_of(item)
        if fragment == item.program:
            link.set("href", f"{address}#program")
            return
        try:
            lines = resolve(item.source.read_text(encoding="utf-8"), fragment)
        except LineRefError as error:
            self._page.warn_at(fragment, f"{error} of {item.program}")
            return
        reference = Reference(f"r{len(self._page.references) + 1}", item, lines)
        self._page.references.append(reference)
        link.attrib.pop("title", None)
        link.set("href", f"{address}#L{lines.first}")
        link.set("class", "line-reference")
        link.set("id", reference.id)
        link.set("data-lines", f"{lines.first}-{lines.last}")
        label = line_label(lines).to(self._page.language)
        tail = link.tail or ""
        # Next to a full-width bracket there is no space.
        link.tail = label + (tail.lstrip(" ") if label.endswith("）") else tail)

    def _address_of(self, item: Lesson) -> str:
        """Return the link to a lesson's page, empty on that page itself."""
        folder = item.folder.resolve()
        here = self._page.source.parent
        if here == folder:
            return ""
        page = translation.translation(folder / "README.md", self._page.language)
        return os.path.relpath(page, here)

    def _embed(self, parent: Element, paragraph: Element, link: Element) -> None:
        """Replace a paragraph by what its only link, or picture, leads to."""
        address = link.get("href") or link.get("src") or ""
        target = self._target(address)
        if target is None:
            return
        if translation.same_page(target, self._page.source):
            # The other language's page: the site has its own switch to that.
            parent.remove(paragraph)
            return
        animated = parent.get("class") == "demo"
        try:
            content = embedded(link, target, self._page, render, animated=animated)
        except (OSError, Problem, LineRefError) as error:
            quote = link.get("title") or f"]({address}"
            self._page.warn_at(quote, f"cannot embed {target.name}: {error}")
            return
        if content is not None:
            paragraph.remove(link)
            paragraph.tag = "div"
            paragraph.text = self.md.htmlStash.store(content)
            if found := exercise_at(target, self._page):
                exercise.wrap(parent, paragraph, found)


def render(text: str, page: Page) -> str:
    """Return the HTML of a piece of Markdown that stands on a page."""
    return markdown(text, extensions=[LessonMarkdown(page)])


def _scrollable(table: Element) -> Element:
    """Return a table in what scrolls where the window is narrow.

    Material would wrap it when its script runs, and what is below would move; it
    leaves a table with a class alone.
    """
    box = Element("div", {"class": "table", "tabindex": "0"})
    box.tail, table.tail = table.tail, None
    table.set("class", "data")
    box.append(table)
    return box


def _only_link(paragraph: Element) -> Element | None:
    """Return what a paragraph holds, if it is one link or picture alone."""
    if paragraph.tag != "p" or len(paragraph) != 1 or (paragraph.text or "").strip():
        return None
    link = paragraph[0]
    return link if link.tag in ("a", "img") and not (link.tail or "").strip() else None
