"""The views of a journey as HTML: bytes by their members, rings, a line, times."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar
from xml.etree.ElementTree import Element

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import journey
from bcclessons.course.journey import (
    Bytes,
    Journey,
    Level,
    Line,
    Member,
    Memory,
    Rings,
    Times,
)
from bcclessons.site import journey_rings

_Kind = TypeVar("_Kind")
_ROW = 8  # bytes
_COLOURS = 6
_SPACES = {"stack": "m4", "kernel": "m0", "user": "m1"}

_LABELS = {
    "padding": Text(ja="パディング", en="padding"),
    "record padding": Text(ja="レコードのパディング", en="padding of the record"),
    "nothing": Text(ja="空", en="empty"),
    "member": Text(ja="メンバ", en="Member"),
    "bytes": Text(ja="バイト", en="Bytes"),
    "value": Text(ja="値", en="Value"),
    "kernel": Text(ja="カーネル", en="kernel"),
    "stack": Text(ja="スタック", en="stack"),
    "user": Text(ja="プロセス", en="process"),
}


def view(link: Element, target: Path, language: Language) -> str:
    """Return what a link alone in a step leads to, ``journey.json#name``, as HTML.

    ``output`` is the lines of the terminal that have the link's title; other names are
    those of views, with a mark after a dot. Raise Problem for what is not there.
    """
    recording = journey.load(target)
    fragment = link.get("href", "").partition("#")[2]
    if fragment == "output":
        lines = recording.output.splitlines()
        quote = link.get("title", "")
        found = "\n".join(line for line in lines if quote in line)
        if not found:
            raise Problem(ja=f"「{quote}」は無い．", en=f"there is no '{quote}'.")
        shown = f'<pre tabindex="0"><code>{html.escape(found)}</code></pre>'
    else:
        name, _, mark = fragment.partition(".")
        shown = _draw(recording, name, mark, language)
    caption = f"<figcaption>{''.join(link.itertext())}</figcaption>"
    return f"<figure>{caption}{shown}</figure>"


def _draw(recording: Journey, name: str, mark: str, language: Language) -> str:
    """Return a view of a recording, for the moment ``mark`` if it has several.

    Raise Problem if there is none of the name.
    """
    view = journey_rings.named(name, recording.views)
    colours = _colours(recording)
    match view:
        case Bytes():
            return _bytes(view, colours, language)
        case Rings():
            return journey_rings.rings(view, language)
        case Level():
            return journey_rings.level(view, mark, language)
        case Line():
            return _line(view, colours, language)
        case Times():
            return _table(
                f"<tr><th><code>{html.escape(what)}</code></th>"
                f"<td>{after / 1e6:+.1f} ms</td></tr>"
                for what, after in view.times
            )
        case Memory():
            return _memory(view, language)


def _colours(recording: Journey) -> dict[str, str]:
    """Return the class of each member, the same in all views of a recording."""
    found: dict[str, str] = {}
    for view in recording.views.values():
        names = [each.name for each in view.members] if isinstance(view, Bytes) else []
        if isinstance(view, Line):
            names = [name for name, _ in view.parts if name]
        for group in (name.partition(".")[0] for name in names):
            if "padding" not in group:
                found.setdefault(group, f"m{len(found) % _COLOURS}")
    return found


def _part(colour: str | None, shown: str) -> str:
    shown = html.escape(shown)
    return f'<b class="{colour}">{shown}</b>' if colour else shown


def _line(view: Line, colours: dict[str, str], language: Language) -> str:
    if not view.parts:
        return f"<p>{_label('nothing', language)}</p>"
    shown = "".join(_part(colours.get(name), text) for name, text in view.parts)
    names = dict.fromkeys(name for name, _ in view.parts if name)
    key = " ".join(_part(colours[name], name) for name in names)
    return (
        f'<pre tabindex="0"><code>{shown}</code></pre>'
        f'<p class="journey-key"><code>{key}</code></p>'
    )


def _bytes(view: Bytes, colours: dict[str, str], language: Language) -> str:
    data = bytes.fromhex(view.hex)
    starts = range(0, len(data), _ROW)
    rows = "\n".join(_row(data, view, start, colours) for start in starts)
    members = [_member(each, view, colours, language) for each in view.members]
    head = "".join(
        f'<th scope="col">{_label(name, language)}</th>'
        for name in ("member", "bytes", "value")
    )
    return (
        f'<pre class="bytes" aria-hidden="true">{rows}</pre>'
        f"{_table(members, f'<tr>{head}</tr>')}"
    )


def _row(data: bytes, view: Bytes, start: int, colours: dict[str, str]) -> str:
    """Return a row of bytes: its offset, the bytes in hexadecimal and as ASCII."""
    end = min(start + _ROW, len(data))
    cells, characters = [], []
    for member, first, last in _spans(view, start, end):
        colour = colours.get(member.name.partition(".")[0], "mp") + (
            " new" if member.name == view.new else ""
        )
        cells.append(_part(colour, data[first:last].hex(" ")))
        shown = "".join(
            chr(byte) if 32 < byte < 127 else "·" for byte in data[first:last]
        )
        characters.append(_part(colour, shown))
    space = " " * ((start + _ROW - end) * 3 + 2)
    return f"{start:2}  {' '.join(cells)}{space}{''.join(characters)}"


def _spans(view: Bytes, start: int, end: int) -> Iterator[tuple[Member, int, int]]:
    """Yield the members with bytes in a row, and from where to where."""
    for member in view.members:
        first = max(member.offset, start)
        last = min(member.offset + member.size, end)
        if first < last:
            yield member, first, last


def _member(
    member: Member, view: Bytes, colours: dict[str, str], language: Language
) -> str:
    name = f"<code>{html.escape(member.name)}</code>"
    if member.name in _LABELS:
        name = _label(member.name, language)
    last = member.offset + member.size - 1
    new = ' class="new"' if member.name == view.new else ""
    return (
        f'<tr{new}><th><b class="{colours.get(member.name.partition(".")[0], "mp")}">{name}</b></th>'
        f"<td>{member.offset}–{last}</td><td>{html.escape(member.value)}</td></tr>"
    )


def _memory(view: Memory, language: Language) -> str:
    rows = []
    for place in view.places:
        new = ' class="new"' if place.name == view.new else ""
        kind = ' class="error"' if place.error else ""
        rows.append(
            f'<tr{new}><th><b class="{_SPACES[place.space]}">'
            f"{_label(place.space, language)}</b></th>"
            f"<td><code>{html.escape(place.name)}</code> "
            f"<code>{place.address}</code></td>"
            f"<td><code{kind}>{html.escape(place.error or place.value)}</code></td></tr>"
        )
    return _table(rows)


def _table(rows: Iterable[str], head: str = "") -> str:
    return f'<table class="data journey-table">{head}{"".join(rows)}</table>'


def _label(name: str, language: Language) -> str:
    return _LABELS[name].to(language)
