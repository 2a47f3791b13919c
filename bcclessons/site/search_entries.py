"""What the search can find: the beginnings of pages, sections, terms of the glossary."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

_BREAK = "\u200b"
"""Stands in a text wherever an excerpt may begin. It takes no room."""
_PIECE = 80
"""From how many characters on a sentence is broken at its commas, too."""

_BLOCKS = {"p", "li", "tr", "pre", "dt", "dd", "div", "summary", "figcaption"}
_HEADINGS = {"h1", "h2", "h3"}
_VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}
# What is no statement of the page: labels, questions with their wrong answers, pictures.
_IGNORED_TAGS = {"button", "del", "script", "style", "summary", "svg"}
_IGNORED_CLASSES = {
    *("headerlink", "journey", "question", "demo"),
    *("run-caption", "player", "marks", "watch", "word"),
    *("hint", "answer", "solution", "exercise-tools"),
}

# What heads the first column of a table that explains messages: a row is found by itself.
_MESSAGES = {"表示", "It says"}

_ROWS = re.compile(
    r'<h[23] id="(?P<id>[^"]+)"|<thead>\s*<tr>\s*<th>(?P<head>[^<]*)|<tr>(?=\s*<td)'
)

# What the reference says again, at length.
_REPEATED = {"使った関数", "The calls used"}

# Of two pages that say the same, the one for what goes wrong comes first.
_RANKS = {
    f"{root}{page}{end}": 1.05
    for root in ("", "en/")
    for page in ("setup", "reference")
    for end in ("/", ".html")
}


@dataclass
class Entry:
    """A place that can be found: a page's beginning, a section, a term, a message."""

    location: str
    title: str
    names: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    is_term: bool = False
    is_message: bool = False

    @property
    def data(self) -> dict[str, object]:
        """The entry as search.js reads it: texts are HTML, and its rank is 1 or as given."""
        title, text = (
            html.escape(each, quote=False) for each in (self.title, self.text)
        )
        data: dict[str, object] = {
            "location": self.location,
            "title": title,
            "text": text,
        }
        rank = _RANKS.get(self.location.split("#")[0])
        if self.is_term or self.is_message:
            rank = 0.4 if self.is_term else 0.6
        return {**data, "rank": rank} if rank else data

    @property
    def text(self) -> str:
        """Its text, with a mark wherever an excerpt may begin."""
        return "".join(self.pieces).strip(f" {_BREAK}")


def fold(text: str) -> str:
    """Return a text in small and half-width letters, as search.js compares it."""
    narrow = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    return text.lower().translate({**narrow, ord("‘"): "'", ord("’"): "'"})


def names_of(titles: Iterable[str]) -> list[str]:
    """Return what one may call an entry, as search.js looks it up."""
    parts = [part for title in titles for part in (title, *re.split("[(（,，]", title))]
    parts += [re.sub(" function$|関数$", "", part) for part in parts]
    names = (re.sub("[ー ]", "", fold(part)) for part in parts)
    return [name for name in dict.fromkeys(names) if name and "(" not in name]


def entries_of(path: str, title: str, content: str) -> list[Entry]:
    """Return the entries of the page at a path, from its HTML."""
    parser = _Reader(path, title)
    parser.feed(content)
    parser.close()
    return [entry for entry in parser.entries if entry.title not in _REPEATED]


def with_anchors(content: str) -> str:
    """Return a page's HTML with an anchor for each message that a table explains."""
    section, of_messages, number = "", False, 0

    def anchored(found: re.Match[str]) -> str:
        nonlocal section, of_messages, number
        if found["id"]:
            section, number = found["id"], 0
        elif found["head"] is not None:
            of_messages = found["head"] in _MESSAGES
        elif of_messages:
            number += 1
            return f'<tr id="{section}-{number}">'
        return found[0]

    return _ROWS.sub(anchored, content)


class _Reader(HTMLParser):
    """Reads the HTML of a page: a heading, a term and a message each begin an entry."""

    def __init__(self, path: str, title: str) -> None:
        super().__init__()
        self.entries = [Entry(path, title, names_of([title]))]
        self._path = path
        self._section = self.entries[0]
        self._open: list[tuple[str, bool]] = []
        self._text = ""
        self._cells: list[str] = []
        self._anchor = ""
        self._message = ""
        self._runs = 0

    @property
    def _ignores(self) -> bool:
        return any(ignored for _, ignored in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin what the tag begins."""
        values = {name: value or "" for name, value in attrs}
        classes = set(values.get("class", "").split())
        if "kernels" in classes:
            self._runs = 0
        # Of one run on several kernels, the first will do.
        self._runs += "on-kernel" in classes
        again = "on-kernel" in classes and self._runs > 1
        ignored = again or tag in _IGNORED_TAGS or bool(classes & _IGNORED_CLASSES)
        if tag in _BLOCKS | _HEADINGS:
            self._end_block()
        if tag in _HEADINGS and tag != "h1" and "id" in values:
            self._section = Entry(f"{self._path}#{values['id']}", "")
            self.entries.append(self._section)
        if tag == "tr":
            self._cells, self._anchor = [], ""
            self._message = values.get("id", "")  # by with_anchors()
        if tag == "a" and "id" in values and self._open and self._open[-1][0] == "td":
            self._anchor = self._anchor or values["id"]
        if tag not in _VOID:
            self._open.append((tag, ignored))

    def handle_endtag(self, tag: str) -> None:
        """End what the tag ends."""
        if tag in ("td", "th"):
            self._cells.append(_plain(self._text))
            self._text = ""
        elif tag == "tr":
            self._end_row()
        elif tag in _HEADINGS:
            title, self._text = _plain(self._text), ""
            if tag != "h1":
                self._section.title, self._section.names = title, names_of([title])
        elif tag in _BLOCKS:
            self._end_block(is_code=tag == "pre")
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Take the text."""
        if not self._ignores:
            self._text += data

    def _end_row(self) -> None:
        """Add a table's row, which is an entry if it explains a term or a message."""
        if self._message:
            title, *texts = self._cells
            entry = Entry(f"{self._path}#{self._message}", title)
            for text in texts:
                entry.pieces += [*_pieces(text), " "]
            entry.is_message = True
            self.entries.append(entry)
        elif self._anchor:
            *titles, text = self._cells
            title = titles[0] + "".join(
                f"（{other}）" for other in titles[1:] if fold(other) != fold(titles[0])
            )
            entry = Entry(f"{self._path}#{self._anchor}", title, names_of(titles))
            entry.is_term = True
            entry.pieces = _pieces(text)
            self.entries.append(entry)
        elif _MESSAGES.isdisjoint(self._cells[:1]):
            self._section.pieces += [_BREAK, " ".join(self._cells), " "]

    def _end_block(self, *, is_code: bool = False) -> None:
        text, self._text = self._text, ""
        if is_code:
            lines = (_plain(line) for line in text.splitlines())
            self._section.pieces += [f"{_BREAK}{line} " for line in lines if line]
        elif plain := _plain(text):
            self._section.pieces += [*_pieces(plain), " "]


def _pieces(text: str) -> list[str]:
    """Cut a text where an excerpt may begin: at sentences, long ones at commas."""
    found: list[str] = []
    for sentence in re.split(r"(?<=．)|(?<=[.?!:] )", text):
        rest = sentence
        while len(rest) > _PIECE and (cut := re.match(".{30,}?(?:，|[,;] )", rest)):
            found.append(_BREAK + cut[0])
            rest = rest[cut.end() :]
        found.append(_BREAK + rest)
    return found


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
