"""Pieces of rendered Markdown that stand apart from the prose of a page."""

from __future__ import annotations

import re

_REFERENCE = re.compile(r'<a class="line-reference" (.*?) id="[^"]*">')


def apart(html: str, name: str) -> str:
    """Return HTML whose references to lines have a class of their own, and no ids.

    The reader comes to them by an answer, or by a step, and not by reading on: so the
    pane does not follow them, and they do not explain their lines.
    """
    return _REFERENCE.sub(rf'<a class="{name}" \1>', html)


def inline(paragraph: str) -> str:
    """Return what a paragraph holds."""
    return paragraph.removeprefix("<p>").removesuffix("</p>")
