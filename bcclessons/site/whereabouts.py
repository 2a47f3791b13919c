"""Naming the line of a page in a warning of the build, ours or MkDocs' own."""

from __future__ import annotations

import logging
import re
from pathlib import Path

# MkDocs names the page and the link: "Doc file 'docs/x.md' contains a link 'y.md', …".
_LINK = re.compile(
    r"^Doc file '(?P<page>[^']+)' contains an? (?:[a-z]+ )*'(?P<link>[^']+)'"
)


class _Lines(logging.Filter):
    """Adds the line to what MkDocs says of a link; lets everything pass."""

    def __init__(self, checkout: Path) -> None:
        super().__init__("lines")
        self._checkout = checkout

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        found = _LINK.match(message)
        if found:
            page = self._checkout / found["page"]
            if page.is_file():
                place = of(f"]({found['link']}", page.read_text(encoding="utf-8"))
                record.msg = f"{found['page']}{place}: {message}"
                record.args = ()
        return True


def name_lines_in_warnings(checkout: Path) -> None:
    """Have MkDocs name the line of a dead link, in pages of this checkout, too."""
    log = logging.getLogger("mkdocs.structure.pages")
    if not any(isinstance(item, _Lines) for item in log.filters):
        log.addFilter(_Lines(checkout))


def of(text: str, page: str) -> str:
    """Return the first line of a page that has the text, as ":12", else ""."""
    lines = page.splitlines()
    return next((f":{n}" for n, line in enumerate(lines, 1) if text in line), "")
