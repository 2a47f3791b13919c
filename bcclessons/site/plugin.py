"""The MkDocs plugin: pages of lessons/ and docs/, and what must hold of them."""

from __future__ import annotations

import os
from pathlib import Path

import jinja2
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
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from bcclessons.console.text import Language, Problem
from bcclessons.course import lesson, support
from bcclessons.course.lesson import Lesson
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site import beside, listing, whereabouts
from bcclessons.site.markdown import Context, LessonMarkdown, Reference
from bcclessons.site.words import PANE, explanation_of

log = get_plugin_logger("lessons")

# What of a lesson's folder is on the site as it is, beside its two pages.
_SHOWN = ("*.md", "*_sample", "*.py")


class Options(Config):
    """What mkdocs.yml may set under ``extra.lessons``."""

    results = Type(str, default="docs/support.json")
    offline = Type(bool, default=False)
    """Whether the pages are opened as files, without a server."""


class LessonsPlugin(BasePlugin[Options]):
    """Makes a page of every lesson, and warns of what a strict build must not have."""

    def __init__(self) -> None:
        self._markdown = LessonMarkdown()
        self._lessons: list[Lesson] = []

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read the lessons; add our Markdown to the others' extensions."""
        whereabouts.name_lines_in_warnings(CHECKOUT)
        self._lessons = lesson.load_all(CHECKOUT)
        # MkDocs passes what is in there to Markdown, which takes objects, too.
        extensions: list[object] = config.markdown_extensions  # type: ignore[assignment]
        if self._markdown not in extensions:
            extensions.append(self._markdown)
        pages = [f"lessons/{item.folder.name}/README.md" for item in self._lessons]
        for entry in config.nav or []:
            for title, value in entry.items() if isinstance(entry, dict) else ():
                if value == "lessons/":
                    entry[title] = pages
        if self.config.offline:
            config.use_directory_urls = False
            config.extra["polyfills"] = [beside.WORKER_FOR_FILES]
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

    def on_nav(
        self, nav: Navigation, *, config: MkDocsConfig, files: Files
    ) -> Navigation:
        """Put a lesson's number before its title."""
        for page in nav.pages:
            item = self._lesson_of(page)
            if item is not None:
                page.title = f"{item.label} {item.title.to(_language(config))}"
        return nav

    def on_page_markdown(
        self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Tell our Markdown which page it is about to render."""
        source = Path(str(page.file.abs_src_path))

        def warn(text: str, near: str) -> None:
            place = whereabouts.of(near, source.read_text(encoding="utf-8"))
            log.warning("%s%s: %s", page.file.src_uri, place, text)

        self._markdown.context = Context(
            source,
            _language(config),
            self._lessons,
            warn,
            lambda path: get_relative_url(path, page.url),
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
        """Prepare the pane with a lesson's program, which the template puts beside."""
        item = self._lesson_of(page)
        if item is None:
            return html
        context = self._markdown.context
        source = item.source.read_text(encoding="utf-8")
        lines = range(1, len(source.splitlines()) + 1)
        # For MkDocs' check of links with an anchor.
        page.present_anchor_ids = {
            *(page.present_anchor_ids or ()),
            *(f"L{number}" for number in lines),
            "program",
        }
        explained = _explained(context.references, item, context.language)
        page.meta["program"] = {
            "name": item.program,
            "source": source,
            "listing": listing.whole(source, explained),
            "address": context.address(f"lessons/{item.folder.name}/{item.program}"),
            **{name: text.to(context.language) for name, text in PANE.items()},
        }
        return html

    def on_env(
        self, env: jinja2.Environment, *, config: MkDocsConfig, files: Files
    ) -> jinja2.Environment:
        """Have the theme start our search, if it starts a search where we know it."""
        beside.check_theme(env, log.warning)
        return env

    @event_priority(-200)  # after the search index of all languages is there
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write what the site has beside its pages."""
        site = Path(config.site_dir)
        # The build of each further language comes here, too, from within the first's.
        if getattr(config.plugins["i18n"], "building", False):
            return
        try:
            beside.write(site, self._lessons)
        except OSError as problem:
            log.warning("%s", problem)

    def _lesson_of(self, page: Page) -> Lesson | None:
        """Return the lesson that a page is about, if it is a lesson's page."""
        folder = os.path.dirname(page.file.src_uri)
        return next(
            (i for i in self._lessons if folder == f"lessons/{i.folder.name}"), None
        )


def _language(config: MkDocsConfig) -> Language:
    return Language(str(config.theme["language"]))


def _explained(
    references: list[Reference], item: Lesson, language: Language
) -> dict[int, tuple[str, str]]:
    """Return for each line that is explained where, and the words of a link there.

    Where several references name a line, the one that names the fewest counts, and
    of those the first.
    """
    explained: dict[int, tuple[str, str]] = {}
    ours = [reference for reference in references if reference.lesson == item]
    source = item.source.read_text(encoding="utf-8").splitlines()
    for reference in sorted(ours, key=lambda r: r.lines.last - r.lines.first):
        for line in range(reference.lines.first, reference.lines.last + 1):
            words = explanation_of(line).to(language)
            if source[line - 1]:
                explained.setdefault(line, (f"#{reference.id}", words))
    return explained
