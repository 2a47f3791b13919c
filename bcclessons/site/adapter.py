"""The adapter to MkDocs: it makes pages of lessons/ and docs/ by our Markdown."""

from __future__ import annotations

import logging
import re
from html import escape
from pathlib import Path
from typing import Any

import jinja2
from mkdocs.config.base import LegacyConfig
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import (
    BasePlugin,
    CombinedEvent,
    event_priority,
    get_plugin_logger,
)
from mkdocs.structure import pages
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.utils import get_relative_url
from mkdocs.utils.templates import TemplateContext

from bcclessons.console.text import Language, Problem
from bcclessons.course import journey, lesson, support, translation
from bcclessons.course.lesson import Lesson
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site import home, live, material, pane, repository, runs, scripts
from bcclessons.site.markdown import LessonMarkdown
from bcclessons.site.metadata import Metadata, describe
from bcclessons.site.page import Page, location
from bcclessons.site.postbuild import PostBuild
from bcclessons.site.search_entries import with_anchors

log = get_plugin_logger("lessons")

# The files of a lesson's folder that are part of the site.
_PUBLISHED = ("README*.md", "*_sample", "*.py", "*.js", "exercises/*/start")

# MkDocs says: "Doc file 'docs/x.md' contains a link 'y.md', …", without the line.
_LINK_WARNING = re.compile(
    r"^Doc file '(?P<page>[^']+)' contains an? (?:[a-z]+ )*'(?P<link>[^']+)'"
)


class LessonsPlugin(BasePlugin[LegacyConfig]):
    """Makes a page of every lesson, and warns of what a strict build must not have."""

    def __init__(self) -> None:
        self._markdown = LessonMarkdown()
        self._lessons: list[Lesson] = []
        self._post_build = PostBuild()
        self._is_live = False

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read the lessons; add our Markdown to the others' extensions."""
        logging.getLogger(pages.__name__).addFilter(_name_line)
        self._lessons = lesson.load_all(CHECKOUT)
        # MkDocs passes what is in there to Markdown, which takes objects, too.
        extensions: list[object] = config.markdown_extensions  # type: ignore[assignment]
        if self._markdown not in extensions:
            extensions.append(self._markdown)
        readmes = [f"lessons/{item.folder.name}/README.md" for item in self._lessons]
        for entry in config.nav or []:
            for title, value in entry.items() if isinstance(entry, dict) else ():
                if value == "lessons/":
                    entry[title] = readmes
        self._is_live = config.extra["lessons"]["served"]
        if address := config.extra["lessons"]["repository"]:
            config.copyright = repository.link(address)
        # The pages are opened as files, without a server.
        if config.extra["lessons"]["offline"]:
            config.use_directory_urls = False
            # It lets a page that was opened as a file have a search worker.
            config.extra["polyfills"] = ["assets/vendor/iframe-worker.js"]
        try:
            results = support.load(CHECKOUT / "docs/support.json")
            support.check(results, self._lessons)
        except (OSError, Problem) as problem:
            log.warning("%s", problem)
        return config

    # src_uri is the path in the repository, for docs/ and lessons/ alike: so links
    # and edit links are right in both. mkdocs-static-i18n (-100) stands between.
    @event_priority(50)
    def _collect(self, files: Files, config: MkDocsConfig) -> Files:
        def file(src_uri: str, dest_uri: str | None = None) -> File:
            return File(
                src_uri,
                config.docs_dir,
                config.site_dir,
                config.use_directory_urls,
                dest_uri=dest_uri,
            )

        collected = [
            file(f"docs/{each.src_uri}", each.dest_uri)
            if each.src_dir == config.docs_dir
            else each
            for each in files
        ]
        for item in self._lessons:
            paths = {p for name in _PUBLISHED for p in item.folder.glob(name)}
            paths.discard(item.folder / journey.SCRIPT)  # no page links to it
            names = sorted(p.relative_to(CHECKOUT).as_posix() for p in paths)
            collected += map(file, names)
        return Files(collected)

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
        for each in nav.pages:
            page = self._page(each)
            if item := page.own_lesson():
                each.title = f"{item.label} {item.title.to(page.language)}"
        return nav

    def on_page_markdown(
        self, markdown: str, *, page: pages.Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Tell our Markdown which page it is about to render."""
        source = self._page(page)
        self._markdown.page = source
        # Ours takes the place of Material's index, which is long in the making.
        page.meta["search"] = {"exclude": True}
        for language in Language:
            other = translation.translation(source.source, language)
            if not other.is_file():
                log.warning("%s: there is no %s", page.file.src_uri, other.name)
        if page.file.src_uri.startswith("docs/index."):
            page.meta["hide"] = ["navigation"]
            settings = config.extra["lessons"]
            return home.with_first_steps(markdown, source.language, settings)
        return markdown

    def on_page_content(
        self, html: str, *, page: pages.Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Prepare the pane next to a lesson's prose, for partials/pane.html."""
        source = self._markdown.page
        assert source is not None
        item = source.own_lesson()
        if item is None:
            return html
        content = pane.content(item, source)
        # For MkDocs' check of links with an anchor.
        lines = len(content["source"].splitlines())
        page.present_anchor_ids = {
            *(page.present_anchor_ids or ()),
            *(f"L{n}" for n in range(1, lines + 1)),
            "program",
        }
        page.meta["pane"] = content
        return live.with_commands(html, source)

    @event_priority(-200)  # after mkdocs-static-i18n knows the page's translations
    def on_page_context(
        self,
        context: TemplateContext,
        *,
        page: pages.Page,
        config: MkDocsConfig,
        nav: Navigation,
    ) -> TemplateContext:
        """Describe the page to others, for partials/metadata.html."""
        source = self._page(page)
        item = source.own_lesson()
        language, subject = source.language, config.site_description or ""
        content = page.content = with_anchors(page.content or "")
        metadata = Metadata(
            language=language,
            course=config.site_name,
            subject=subject,
            name=str(page.title),
            description=describe(content, language, item, subject),
            path=page.url,
            site=config.site_url or "",
            translations=_translations(page.file),
            lesson=item,
            lessons={
                each.url: own
                for each in nav.pages
                if (own := self._page(each).own_lesson()) is not None
            },
        )
        page.meta.update(metadata=metadata, description=escape(metadata.description))
        self._post_build.add(metadata, content)
        return context

    def on_env(
        self, env: jinja2.Environment, *, config: MkDocsConfig, files: Files
    ) -> jinja2.Environment:
        """Give the templates of theme/ what they use."""
        env.globals["lessons"] = self._lessons
        env.filters["override"] = material.override_filter(log.warning)
        return env

    @event_priority(-200)  # after the search index of all languages is there
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write the recordings for the player, and the search index."""
        # The build of each further language comes here, too, from within the first's.
        i18n: Any = config.plugins["i18n"]
        if i18n.building:
            return
        site = Path(config.site_dir)
        for item in self._lessons:
            runs.write_scripts(item, site)
        scripts.minify(site, live=self._is_live)
        self._post_build.write(site, log.info, log.warning)

    def _page(self, page: pages.Page) -> Page:
        """Return one of MkDocs' pages as one of ours."""
        return Page(
            CHECKOUT / page.file.src_uri,
            self._lessons,
            log.warning,
            lambda path: get_relative_url(path, page.url),
            self._is_live,
        )


def _translations(file: File) -> dict[Language, str]:
    """Return the path of a page in each language, as mkdocs-static-i18n knows it."""
    alternates: dict[str, File] = getattr(file, "alternates", {})
    paths = {Language(name): other.url for name, other in alternates.items()}
    return {language: "" if url == "./" else url for language, url in paths.items()}


def _name_line(record: logging.LogRecord) -> bool:
    """Add the line to a warning of MkDocs about a link; let every message pass."""
    message = record.getMessage()
    if found := _LINK_WARNING.match(message):
        source = CHECKOUT / found["page"]
        if source.is_file():
            record.msg = f"{location(source, '](' + found['link'])}: {message}"
            record.args = ()
    return True
