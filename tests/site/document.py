"""A built page, read without a browser: its ids, its links and its language."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin


class Document(HTMLParser):
    """The page in a file that is at ``url``."""

    def __init__(self, file: Path, url: str) -> None:
        super().__init__()
        self.language = ""
        self.ids: set[str] = set()
        self.links: list[tuple[str, str]] = []
        """Each link, as its absolute address and its anchor."""
        self.switch: list[str] = []
        """The links of the switch between the languages."""
        self._url = url
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag has."""
        values = dict(attrs)
        if tag == "html":
            self.language = values["lang"] or ""
        if name := values.get("id"):
            self.ids.add(name)
        if tag == "a" and (href := values.get("href")):
            address, anchor = map(unquote, urldefrag(urljoin(self._url, href)))
            self.links.append((address, anchor))
            if values.get("class") == "md-select__link":
                self.switch.append(address)
