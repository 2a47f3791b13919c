"""What the Markdown of a page repeats from other files, for who reads it elsewhere.

The site shows line numbers and runs by itself. A code host, or an editor, shows the
Markdown alone: so a link to lines of a program has their numbers (``#L29-L30``), and
the text of a run follows the link to it, as a block of code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem
from bcclessons.course import recording
from bcclessons.course.lineref import LineRefError, Lines, resolve

if TYPE_CHECKING:
    from bcclessons.course.lesson import Lesson

_LINK = re.compile(
    r"""\[(?P<label>(?:`[^`]*`|[^\[\]`])*)\]
    \((?P<path>[^\s()\#]+)(?P<lines>\#L[-L\d]+)?(?P<title>\s+(?:"[^"]*"|'[^']*'))?\)""",
    re.VERBOSE,
)
_RUN = re.compile(
    r"""^(?P<link>\[[^\[\]]*\]\((?P<path>[^\s()]*\brun[\w.-]*\.txt)
    (?P<title>\s+(?:"[^"]*"|'[^']*'))?\))\n
    (?P<copy>\n```text\n.*?^```\n)?""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


def renewed(markdown: str, page: Path, lessons: Sequence[Lesson]) -> str:
    """Return the Markdown of a page with all that it repeats as it is now.

    Raise Problem for a link that names no lines of a program, and for a run that cannot
    be read; LineRefError for one that names no lines of a run.
    """
    programs = {item.source.resolve(): item for item in lessons}

    def with_lines(link: re.Match[str]) -> str:
        item = programs.get((page.parent / link["path"]).resolve())
        title = link["title"] or ""
        fragment = title.strip()[1:-1] or link["label"].replace("`", "")
        if item is None or fragment == item.program:
            return link[0]
        try:
            lines = resolve(item.source.read_text(encoding="utf-8"), fragment)
        except LineRefError as error:
            raise Problem(
                ja=f"{page}: {item.program} への参照が正しくない（{error}）．",
                en=f"{page}: a link names no lines of {item.program} ({error}).",
            ) from error
        return f"[{link['label']}]({link['path']}{_anchor(lines)}{title})"

    def with_text(run: re.Match[str]) -> str:
        recorded = recording.load(page.parent / run["path"])
        body = recorded.body
        if run["title"]:
            body = recorded.excerpt(run["title"].strip()[1:-1]) + "\n"
        return f"{run['link']}\n\n```text\n{body}```\n"

    return _RUN.sub(with_text, _LINK.sub(with_lines, markdown))


def without_runs(markdown: str) -> str:
    """Return the Markdown without the copies of runs: the site shows them itself."""
    return _RUN.sub(lambda run: f"{run['link']}\n", markdown)


def _anchor(lines: Lines) -> str:
    """Return the part of an address that means these lines on a code host."""
    end = "" if lines.last == lines.first else f"-L{lines.last}"
    return f"#L{lines.first}{end}"
