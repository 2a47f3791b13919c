"""What our Markdown means beyond plain Markdown.

A link to a lesson's program names lines of it, by its title or else by its label. A
paragraph that is only a link to a recorded run, or to the results of the tests, is
replaced by what it links to; its title may name the lines of the run. A picture that is an SVG of ours is put into the page. A
line break between two Japanese characters is no space.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from bcclessons import lineref, recording, support
from bcclessons.lesson import Lesson
from bcclessons.site.words import caption, line_label
from bcclessons.text import Language, Problem

_JAPANESE = "[\u3041-\u30ff\u3400-\u9fff\uff01-\uff60\u3000-\u303f]"
_BREAK_IN_JAPANESE = re.compile(f"(?<={_JAPANESE})\n(?={_JAPANESE})")


@dataclass(frozen=True)
class Context:
    """The page that is being rendered, and what it may refer to."""

    source: Path
    language: Language
    lessons: list[Lesson]
    warn: Callable[[str], None]


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
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag == "p":
                    self._embed(parent, child, context)
                elif child.tag == "a":
                    self._refer(child, context)

    def _target(self, href: str, context: Context) -> Path | None:
        """Return the file of the checkout that a link leads to, if it does."""
        if not href or re.match(r"[a-z]+:|#|/", href):
            return None
        return (context.source.parent / href.partition("#")[0]).resolve()

    def _refer(self, link: Element, context: Context) -> None:
        """Make a link to a program one to its lines, and say which they are."""
        target = self._target(link.get("href", ""), context)
        item = next((i for i in context.lessons if i.source.resolve() == target), None)
        if item is None:
            return
        # Code in a label is escaped already.
        fragment = link.get("title") or html.unescape("".join(link.itertext()))
        page = self._page_of(item, context)
        if fragment == item.program:
            link.set("href", f"{page}#program")
            return
        source = item.source.read_text(encoding="utf-8")
        try:
            lines = lineref.resolve(source, fragment)
        except lineref.LineRefError as error:
            context.warn(f"{error} of {item.program}")
            return
        link.attrib.pop("title", None)
        link.set("href", f"{page}#L{lines.first}")
        link.set("class", "line-reference")
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

    def _embed(self, parent: Element, paragraph: Element, context: Context) -> None:
        """Put what a paragraph's only link, or picture, leads to in its place."""
        if len(paragraph) != 1 or (paragraph.text or "").strip():
            return
        item = paragraph[0]
        if (item.tail or "").strip():
            return
        target = self._target(item.get("href") or item.get("src") or "", context)
        if target is None:
            return
        if target.name in _twins(context.source):
            # The other language's page: the site has its own switch to that.
            parent.remove(paragraph)
            return
        try:
            made = self._made(item, target, context)
        except (OSError, Problem, lineref.LineRefError) as error:
            context.warn(f"cannot embed {target.name}: {error}")
            return
        if made is not None:
            paragraph.remove(item)
            paragraph.tag = "div"
            paragraph.text = self.md.htmlStash.store(made)

    def _made(self, item: Element, target: Path, context: Context) -> str | None:
        """Return the HTML that stands for a link or picture, None to leave it."""
        if item.tag == "img" and target.suffix == ".svg":
            return (
                f'<figure class="picture">{target.read_text(encoding="utf-8")}</figure>'
            )
        if item.tag != "a":
            return None
        if re.fullmatch(r"run.*\.txt", target.name):
            run = recording.load(target)
            body = _excerpt(run.body, item.get("title"))
            words = html.escape(caption(run).to(context.language))
            return (
                f'<div class="run"><pre><code>{html.escape(body)}</code></pre>'
                f'<p class="run-caption">{words}</p></div>'
            )
        if target.name == "support.json":
            table = support.table(
                support.load(target), context.lessons, context.language
            )
            return Markdown(extensions=["tables"]).convert(table)
        return None


def _excerpt(body: str, fragment: str | None) -> str:
    """Return the lines of a recording that a fragment names, or all of them."""
    if fragment is None:
        return body
    first, last = lineref.resolve(body, fragment)
    return "\n".join(body.splitlines()[first - 1 : last])


def _twins(page: Path) -> tuple[str, str]:
    """Return the names of a page in Japanese and in English."""
    stem = page.stem.removesuffix(".en")
    return f"{stem}.md", f"{stem}.en.md"
