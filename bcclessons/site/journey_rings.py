"""Rings as HTML: what is in that of each CPU, and how full one was in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course.journey import Level, Rings

_Kind = TypeVar("_Kind")

_USED = Text(ja="{} / {} バイト", en="{} of {} bytes")
_ALL_CPUS = Text(ja="全 CPU", en="All CPUs")
_LEVEL = Text(
    ja='{} 秒後: <span class="used">リングに {} バイト</span>，'
    '<span class="lost">入らなかったもの {} 件</span>',
    en='after {} s: <span class="used">{} bytes in the ring</span>, '
    '<span class="lost">{} that did not fit</span>',
)


def named(name: str, known: Mapping[str, _Kind]) -> _Kind:
    """Return what is known by a name. Raise Problem if nothing is."""
    if name not in known:
        raise Problem(
            ja=f"「{name}」は無い．あるのは {', '.join(known)}．",
            en=f"there is no '{name}'; there is {', '.join(known)}.",
        )
    return known[name]


def rings(view: Rings, language: Language) -> str:
    """Return the rings of all CPUs, with that of the event marked, or their one ring."""
    rows = []
    for ring in view.rings:
        owner, tail, head = f"CPU {ring.cpu}", "tail", "head"
        if ring.cpu is None:
            owner, tail, head = _ALL_CPUS.to(language), "consumer", "producer"
        used = ring.head - ring.tail
        label = _USED.to(language).format(used, f"{ring.size:,}")
        here = ' class="here"' if ring.cpu == view.cpu else ""
        rows.append(
            f"<tr{here}><th>{owner}</th><td>"
            f"{_strip(ring.tail % ring.size, used, ring.size)}"
            f"{tail} {ring.tail} · {head} {ring.head} · {label}</td></tr>"
        )
    return f'<table class="data journey-table">{"".join(rows)}</table>'


def _strip(tail: int, used: int, size: int) -> str:
    """Draw a ring as a strip: what is in it goes on at its start after its end."""
    pieces = [(tail, min(tail + used, size)), (0, max(0, tail + used - size))]
    filled = "".join(
        f'<rect x="{100 * a / size:.2f}" width="{max(0.8, 100 * (b - a) / size):.2f}" '
        'height="8"/>'
        for a, b in pieces
        if a < b
    )
    return (
        '<svg class="ring" viewBox="0 0 100 8" preserveAspectRatio="none" '
        f'aria-hidden="true">{filled}</svg>'
    )


def level(view: Level, mark: str, language: Language) -> str:
    """Return how full a ring was in time, with a moment marked.

    Raise Problem for a moment that it does not have.
    """
    now = named(mark, view.marks)
    _, used, lost = max(each for each in view.samples if each[0] <= now + 0.1)
    last = view.samples[-1][0]
    most = max(each[2] for each in view.samples) or 1

    def line(at: int, whole: int) -> str:
        points = (
            f"{300 * each[0] / last:.0f},{60 - 58 * each[at] / whole:.0f}"
            for each in view.samples
        )
        return " ".join(points)

    label = _LEVEL.to(language).format(f"{now / 1000:.1f}", used, lost)
    return (
        '<svg class="level" viewBox="0 0 300 64" aria-hidden="true">'
        f'<polyline class="used" points="{line(1, view.size)}"/>'
        f'<polyline class="lost" points="{line(2, most)}"/>'
        f'<path class="now" d="M{300 * now / last:.0f} 0V64"/></svg>'
        f'<p class="level-text">{label}</p>'
    )
