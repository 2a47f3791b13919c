"""What the site has beside its pages: the recordings, the search.

Material's own search splits a query into words, and Japanese has no blanks between
them; ours finds any text. It is put in place of Material's, in Material's search box.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import jinja2

from bcclessons.console.text import Language
from bcclessons.course.lesson import Lesson
from bcclessons.site import runs

WORKER_FOR_FILES = "assets/vendor/iframe-worker.js"
"""What lets a page that was opened as a file have a search worker."""

SEARCH_OF_THEME = "assets/javascripts/workers/search.a7633da7.min.js"
"""The worker that Material's templates name; it changes with Material's version."""


def check_theme(env: jinja2.Environment, warn: Callable[[str], None]) -> None:
    """Warn if the theme does not start its search worker where we replace it."""
    assert env.loader is not None
    source, _, _ = env.loader.get_source(env, "base.html")
    if SEARCH_OF_THEME not in source:
        warn(
            f"mkdocs-material starts its search by another file than "
            f"{SEARCH_OF_THEME}: mend SEARCH_OF_THEME in bcclessons/site/beside.py"
        )
    env.globals["search_of_theme"] = SEARCH_OF_THEME


def write(site: Path, lessons: list[Lesson]) -> None:
    """Write it all into the built site."""
    for item in lessons:
        for run in item.all_runs:
            if runs.is_watched(item, run.stem):
                cast = (item.folder / f"{run.stem}.cast").read_text(encoding="utf-8")
                path = site / runs.script_path(item, run.stem)
                path.write_text(runs.script(cast), encoding="utf-8")
    _split_search(site / "search")


def _split_search(folder: Path) -> None:
    """Make an index for each language, which a browser loads when one searches.

    Material loads its own with each page: what is left of that is an empty one.
    """
    index = json.loads((folder / "search_index.json").read_text(encoding="utf-8"))
    for language in Language:
        pages = [
            {
                "location": entry["location"],
                "title": _plain(entry["title"]),
                "text": _plain(entry["text"]),
            }
            for entry in index["docs"]
            if entry["location"].startswith("en/") is (language is Language.EN)
        ]
        text = json.dumps(pages, ensure_ascii=False, separators=(",", ":"))
        script = f"self.lessonsIndex = {text};\n"
        (folder / f"{language}.js").write_text(script, encoding="utf-8")
    empty = json.dumps({**index, "docs": []})
    (folder / "search_index.json").write_text(empty, encoding="utf-8")
    # The same for pages that were opened as files.
    (folder / "search_index.js").write_text(f"var __index = {empty}\n")


def _plain(text: str) -> str:
    """Return the text of a piece of HTML, in one line."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", text))).strip()
