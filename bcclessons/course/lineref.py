"""A fragment of source code, and the lines that it stands on."""

from __future__ import annotations

from typing import NamedTuple


class Lines(NamedTuple):
    """A range of lines, counted from 1, both ends included."""

    first: int
    last: int


class LineRefError(ValueError):
    """A fragment that does not name exactly one place; the text says which do."""


def _fits(lines: list[str], fragment: str, start: int) -> list[int]:
    """Return the lines that are the fragment; failing that, those that hold it."""
    numbered = [(n, line.strip()) for n, line in enumerate(lines, 1) if n >= start]
    whole = [n for n, line in numbered if line == fragment]
    return whole or [n for n, line in numbered if fragment in line]


def resolve(source: str, fragment: str) -> Lines:
    """Return the lines of ``fragment``, or of ``first … last``, in ``source``.

    A fragment fits one line exactly; a line that is the fragment wins over
    lines that hold it. The end of a range is the first fit after its start.
    """
    lines = source.splitlines()
    start, ellipsis, end = (part.strip() for part in fragment.partition(" … "))
    if not start or (ellipsis and not end):
        raise LineRefError(f"`{fragment}` is no fragment of code")
    starts = _fits(lines, start, 1)
    if len(starts) != 1:
        where = ", ".join(map(str, starts))
        raise LineRefError(
            f"`{start}` is on lines {where}" if starts else f"`{start}` is on no line"
        )
    first = starts[0]
    if not ellipsis:
        return Lines(first, first)
    ends = _fits(lines, end, first + 1)
    if not ends:
        raise LineRefError(f"`{end}` is on no line after {first}")
    return Lines(first, ends[0])
