"""The MkDocs plugin: pages of lessons/ and docs/, and what must hold of them."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.base import Config
from mkdocs.config.config_options import Type
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import (
    BasePlugin,
    CombinedEvent,
    event_priority,
    get_plugin_logger,
)
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from bcclessons import lesson, support
from bcclessons.layout import CHECKOUT
from bcclessons.lesson import Lesson
from bcclessons.site.listing import section
from bcclessons.site.markdown import Context, LessonMarkdown
from bcclessons.site.words import source_title
from bcclessons.text import Language, Problem

log = get_plugin_logger("lessons")

# What of a lesson's folder is on the site beside its two pages.
_SHOWN = ("*.md", "*_sample", "*.py", "*.cast", "*.svg", "run*.txt")


class Options(Config):
    """What mkdocs.yml may set under ``extra.lessons``."""

    results = Type(str, default="docs/support.json")


class LessonsPlugin(BasePlugin[Options]):
    """Makes a page of every lesson, and warns of what a strict build must not have."""

    def __init__(self) -> None:
        self._markdown = LessonMarkdown()
        self._lessons: list[Lesson] = []

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read the lessons; add our Markdown to the others' extensions."""
        self._lessons = lesson.load_all(CHECKOUT)
        # MkDocs passes what is in there to Markdown, which takes objects, too.
        extensions: list[object] = config.markdown_extensions  # type: ignore[assignment]
        if self._markdown not in extensions:
            extensions.append(self._markdown)
        try:
            results = support.load(CHECKOUT / self.config.results)
            support.check(results, self._lessons)
        except (OSError, Problem) as problem:
            log.warning("%s", problem)
        return config

    # src_uri is the path in the repository, for docs/ and lessons/ alike: so links
    # and edit links hold there and here. mkdocs-static-i18n (-100) stands between.
    @event_priority(50)
    def _collect(self, files: Files, config: MkDocsConfig) -> Files:
        def virtual(src_uri: str, dest_uri: str | None = None) -> File:
            return File(
                src_uri,
                config.docs_dir,
                config.site_dir,
                config.use_directory_urls,
                dest_uri=dest_uri,
            )

        ours = [
            virtual(f"docs/{file.src_uri}", file.dest_uri)
            if file.src_dir == config.docs_dir
            else file
            for file in files
        ]
        for item in self._lessons:
            paths = sorted(p for name in _SHOWN for p in item.folder.glob(name))
            ours += [virtual(path.relative_to(CHECKOUT).as_posix()) for path in paths]
        return Files(ours)

    @event_priority(-150)
    def _locate(self, files: Files, config: MkDocsConfig) -> Files:
        for file in files:
            if file.src_uri.startswith(("docs/", "lessons/")):
                file.src_dir = str(CHECKOUT)
                file.abs_src_path = str(CHECKOUT / file.src_uri)
        return files

    on_files = CombinedEvent(_collect, _locate)

    def on_page_markdown(
        self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Tell our Markdown which page it is about to render."""
        source = Path(str(page.file.abs_src_path))
        self._markdown.context = Context(
            source,
            Language(str(config.theme["language"])),
            self._lessons,
            lambda text: log.warning("%s: %s", page.file.src_uri, text),
        )
        twin = source.with_name(
            source.name.removesuffix(".en.md") + ".md"
            if source.name.endswith(".en.md")
            else source.stem + ".en.md"
        )
        if not twin.is_file():
            log.warning("%s: there is no %s", page.file.src_uri, twin.name)
        return markdown

    def on_page_content(
        self, html: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Add the program to its lesson's page."""
        context = self._markdown.context
        item = self._lesson_of(context.source)
        if item is None:
            return html
        source = item.source.read_text(encoding="utf-8")
        lines = range(1, len(source.splitlines()) + 1)
        # For MkDocs' check of links with an anchor.
        page.present_anchor_ids = {
            *(page.present_anchor_ids or ()),
            *(f"L{number}" for number in lines),
            "program",
        }
        return html + section(source, source_title(item.program).to(context.language))

    def _lesson_of(self, page: Path) -> Lesson | None:
        return next(
            (i for i in self._lessons if i.folder.resolve() == page.parent), None
        )
