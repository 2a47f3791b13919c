"""What our Markdown means beyond plain Markdown.

A link to a lesson's program names lines of it, by its title or else by its label. A
paragraph that is only a link is replaced by what it links to: by the lines of a
program that it names, by a recorded run (its title may name some lines of it), by
the results of the tests. A picture that is an SVG of ours is put into the page. A
line break between two Japanese characters is no space.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from bcclessons.console.text import Language, Problem
from bcclessons.course import lineref, recording, support
from bcclessons.course.lesson import MAIN, Lesson
from bcclessons.course.lineref import Lines
from bcclessons.site import listing, runs
from bcclessons.site.words import line_label

_JAPANESE = "[\u3041-\u30ff\u3400-\u9fff\uff01-\uff60\u3000-\u303f]"
_CLASSED = '<table class="data">'
_BREAK_IN_JAPANESE = re.compile(f"(?<={_JAPANESE})\n(?={_JAPANESE})")


@dataclass(frozen=True)
class Reference:
    """A link on a page to lines of a lesson's program, and the link's id."""

    id: str
    lesson: Lesson
    lines: Lines


@dataclass(frozen=True)
class Context:
    """The page that is being rendered, and what it may refer to.

    ``warn`` takes what is wrong, and a text of the page that tells where.
    ``address`` returns the link from the page to a path of the site.
    ``references`` fills while the page is rendered.
    """

    source: Path
    language: Language
    lessons: list[Lesson]
    warn: Callable[[str, str], None]
    address: Callable[[str], str]
    references: list[Reference] = field(default_factory=list)


class LessonMarkdown(Extension):
    """The Markdown of lessons; ``context`` is set before each page is rendered."""

    context: Context

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the library's name)
        """Add our steps to the others."""
        # After fenced code (25), which is not to be touched.
        md.preprocessors.register(_JoinJapanese(md), "join-japanese", 20)
        # After "inline" (20), which makes the links; before MkDocs resolves them.
        md.treeprocessors.register(_Links(md, self), "lesson-links", 15)


class _JoinJapanese(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        return _BREAK_IN_JAPANESE.sub("", "\n".join(lines)).split("\n")


class _Links(Treeprocessor):
    def __init__(self, md: Markdown, extension: LessonMarkdown) -> None:
        super().__init__(md)
        self._extension = extension

    def run(self, root: Element) -> None:
        context = self._extension.context
        alone = [
            (parent, paragraph, item)
            for parent in root.iter()
            for paragraph in parent
            if (item := _only_item(paragraph)) is not None
        ]
        items = {id(item) for _, _, item in alone}
        for link in list(root.iter("a")):
            if id(link) not in items:
                self._refer(link, context)
        for parent in list(root.iter()):
            for place, child in enumerate(parent):
                if child.tag == "table":
                    parent[place] = _in_box(child)
        # Now that all references are known, which a listing of lines shows.
        for parent, paragraph, item in alone:
            self._embed(parent, paragraph, item, context)

    def _target(self, href: str, context: Context) -> Path | None:
        """Return the file of the checkout that a link leads to, if it does."""
        if not href or re.match(r"[a-z]+:|#|/", href):
            return None
        return (context.source.parent / href.partition("#")[0]).resolve()

    def _refer(self, link: Element, context: Context) -> None:
        """Make a link to a program one to its lines, and say which they are."""
        target = self._target(link.get("href", ""), context)
        item = _lesson_of(target, context)
        if item is None:
            return
        # Code in a label is escaped already.
        fragment = link.get("title") or html.unescape("".join(link.itertext()))
        page = self._page_of(item, context)
        if fragment == item.program:
            link.set("href", f"{page}#program")
            return
        lines = _resolve(item, fragment, context)
        if lines is None:
            return
        reference = Reference(f"r{len(context.references) + 1}", item, lines)
        context.references.append(reference)
        link.attrib.pop("title", None)
        link.set("href", f"{page}#L{lines.first}")
        link.set("class", "line-reference")
        link.set("id", reference.id)
        link.set("data-lines", f"{lines.first}-{lines.last}")
        label = line_label(lines).to(context.language)
        tail = link.tail or ""
        # Beside a full-width bracket there is no space.
        link.tail = label + (tail.lstrip(" ") if label.endswith("）") else tail)

    def _page_of(self, item: Lesson, context: Context) -> str:
        """Return the link to a lesson's page, empty on that page itself."""
        folder = item.folder.resolve()
        if context.source.parent == folder:
            return ""
        name = "README.md" if context.language is Language.JA else "README.en.md"
        up = len(context.source.parent.relative_to(folder.parents[1]).parts)
        return "/".join([".."] * up + [folder.parent.name, folder.name, name])

    def _embed(
        self, parent: Element, paragraph: Element, item: Element, context: Context
    ) -> None:
        """Put what a paragraph's only link, or picture, leads to in its place."""
        address = item.get("href") or item.get("src") or ""
        target = self._target(address, context)
        if target is None:
            return
        if target.name in _twins(context.source):
            # The other language's page: the site has its own switch to that.
            parent.remove(paragraph)
            return
        showcase = parent.get("class") == "showcase"
        try:
            made = self._made(item, target, context, playing=showcase)
        except (OSError, Problem, lineref.LineRefError) as error:
            context.warn(f"cannot embed {target.name}: {error}", f"]({address}")
            return
        if made is not None:
            paragraph.remove(item)
            paragraph.tag = "div"
            paragraph.text = self.md.htmlStash.store(made)

    def _made(
        self, item: Element, target: Path, context: Context, *, playing: bool
    ) -> str | None:
        """Return the HTML that stands for a link or picture, None to leave it."""
        if item.tag == "img" and target.suffix == ".svg":
            return (
                f'<figure class="picture" tabindex="0">'
                f"{target.read_text(encoding='utf-8')}</figure>"
            )
        if item.tag != "a":
            return None
        if re.fullmatch(r"run.*\.txt", target.name):
            lesson = next(i for i in context.lessons if i.folder == target.parent)
            run = recording.load(target)
            if playing:
                return runs.playing(run, lesson, context.language)
            script = None
            if not item.get("title") and runs.is_watched(lesson, target.stem):
                script = context.address(runs.script_path(lesson, target.stem))
            return runs.shown(
                run,
                item.get("title"),
                context.language,
                script,
                context.address(runs.PLAYER),
                opened=target.stem == MAIN,
            )
        if target.name == "support.json":
            table = support.table(
                support.load(target), context.lessons, context.language
            )
            made = Markdown(extensions=["tables"]).convert(table)
            boxed = f'<div class="table" tabindex="0">{_CLASSED}'
            made = made.replace("<table>", boxed).replace("</table>", "</table></div>")
            return f'<div class="support">{made}</div>'
        if program := _lesson_of(target, context):
            source = program.source.read_text(encoding="utf-8")
            shown = _resolve(program, item.get("title") or "", context)
            lit = {
                line
                for reference in context.references
                if reference.lesson == program
                for line in range(reference.lines.first, reference.lines.last + 1)
            }
            return shown and listing.excerpt(source, shown, lit)
        return None


def _in_box(table: Element) -> Element:
    """Return a table in what scrolls where the window is narrow.

    Material would wrap it when its script runs, and what is below would move; it
    leaves a table with a class alone.
    """
    box = Element("div", {"class": "table", "tabindex": "0"})
    box.tail, table.tail = table.tail, None
    table.set("class", "data")
    box.append(table)
    return box


def _only_item(paragraph: Element) -> Element | None:
    """Return what a paragraph holds, if it is one link or picture alone."""
    if paragraph.tag != "p" or len(paragraph) != 1 or (paragraph.text or "").strip():
        return None
    item = paragraph[0]
    return item if item.tag in ("a", "img") and not (item.tail or "").strip() else None


def _lesson_of(target: Path | None, context: Context) -> Lesson | None:
    """Return the lesson whose program a link leads to, if it does."""
    return next((i for i in context.lessons if i.source.resolve() == target), None)


def _resolve(item: Lesson, fragment: str, context: Context) -> Lines | None:
    """Return the lines of a fragment; warn if it names none."""
    try:
        return lineref.resolve(item.source.read_text(encoding="utf-8"), fragment)
    except lineref.LineRefError as error:
        context.warn(f"{error} of {item.program}", fragment)
        return None


def _twins(page: Path) -> tuple[str, str]:
    """Return the names of a page in Japanese and in English."""
    stem = page.stem.removesuffix(".en")
    return f"{stem}.md", f"{stem}.en.md"
