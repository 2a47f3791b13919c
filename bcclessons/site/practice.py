"""What the pages have for practice besides a lesson's own questions and exercises.

A script for each lesson has its questions, for the pages of other lessons. In the
navigation each lesson has a dot for each exercise that is solved, or is not. What the
browser keeps, theme/assets/practice.js adds; what ./lab knows is there where it serves
the site (bcclessons/live), which makes the pages again when that changes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

import jinja2
from mkdocs.config.base import LegacyConfig
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import Files

from bcclessons.console.text import Language, Text
from bcclessons.course import lesson
from bcclessons.course.exercise import Exercise, load_all
from bcclessons.course.progress import Solved
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site import question
from bcclessons.site.markdown import render

# Material's link to a page of the navigation, down to the end of its title; and a link
# to a lesson that begins an item of a list.
_LINKS = (
    re.compile(
        r'<a href="(?!#)[^"]*" class="md-nav__link[^"]*">\s*<span class="md-ellipsis">'
        r"\s*(?P<label>\d\d) [^<]*</span>"
    ),
    re.compile(r'<li>\s*<a href="[^"]*lessons/(?P<label>\d\d)_[^"]*">[^<]*</a>'),
)


class PracticePlugin(BasePlugin[LegacyConfig]):
    """Puts the dots into the navigation and the home page, and writes the scripts."""

    def __init__(self) -> None:
        self._solved = Solved(os.environ)

    def on_env(
        self, env: jinja2.Environment, *, config: MkDocsConfig, files: Files
    ) -> jinja2.Environment:
        """Give theme/main.html the filter that it uses."""
        exercises = load_all(lesson.load_all(CHECKOUT))
        solved = set()
        if config.extra["lessons"]["served"]:
            solved = {each.label for each in exercises if self._solved.has(each)}
        env.filters["dots"] = lambda navigation, language: with_dots(
            navigation, exercises, solved, Language(language)
        )
        return env

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write each lesson's questions for the pages of the others."""
        # The build of each further language comes here, too, from within the first's.
        i18n: Any = config.plugins["i18n"]
        if i18n.building:
            return
        for item in lesson.load_all(CHECKOUT):
            question.write_scripts(item, Path(config.site_dir), render)


def with_dots(
    navigation: str,
    exercises: Sequence[Exercise],
    solved: Container[str],
    language: Language,
) -> str:
    """Return HTML of the navigation, or of the home page, with each lesson's progress."""

    def link(found: re.Match[str]) -> str:
        mine = [each for each in exercises if each.lesson.label == found["label"]]
        return found[0] + dots(mine, solved, language) if mine else found[0]

    for pattern in _LINKS:
        navigation = pattern.sub(link, navigation)
    return navigation


def dots(exercises: list[Exercise], solved: Container[str], language: Language) -> str:
    """Return a lesson's progress, a dot for each of its exercises.

    ``solved`` has the labels of those that are; the script adds what the browser keeps.
    """
    done = [each.label for each in exercises if each.label in solved]
    text = "".join("●" if each.label in solved else "○" for each in exercises)
    count = _progress(len(exercises)).to(language)
    return (
        f'<span class="dots" role="img" data-progress="{exercises[0].lesson.label}" '
        f'data-solved="{" ".join(done)}" data-label="{count}" '
        f'aria-label="{count.replace("#", str(len(done)))}">{text}</span>'
    )


def _progress(count: int) -> Text:
    return Text(
        ja=f"演習 {count} 問のうち # 問を解いた", en=f"# of {count} exercises solved"
    )
