"""What a program prints, and which of its lines print it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from bcclessons.course.lineref import LineRefError, resolve
from bcclessons.course.run import check_pattern


class OtherLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another line that appears: its pattern, and the fragments that make it."""

    line: str
    made_by: list[str]

    def __post_init__(self) -> None:
        """Refuse a pattern that is not a regular expression."""
        check_pattern(self.line)


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the program prints: its ready line (the header), and a line's pattern.

    ``made_by`` has fragments of the program: of what prints the header (``ready``) and
    a line (``line``), and of what fills each named group of the line's pattern.
    """

    ready: str
    line: str
    made_by: dict[str, list[str]] = {}
    others: list[OtherLine] = []

    def __post_init__(self) -> None:
        """Refuse a pattern that is not a regular expression."""
        check_pattern(self.line)


class Column(NamedTuple):
    """A part of a line of output, and the lines of the program that fill it."""

    begin: int
    end: int
    lines: list[int]


class Origin(NamedTuple):
    """The lines of the program that print a line of output, and its columns in order."""

    lines: list[int]
    columns: list[Column]


class Origins:
    """Finds what made a line of output of a program, or of a changed one.

    Lines are those of ``program``. What the changed program has no longer, or has in
    another form, made nothing there.
    """

    def __init__(self, output: Output, program: str, changed: str, line: str) -> None:
        """``line`` is the pattern of an output line, if not the usual one."""
        self._output = output
        self._program = program
        self._changed = changed
        self._line = re.compile(line or output.line)

    def of(self, text: str) -> Origin:
        """Return what made a line of output; without lines, if nothing is known."""
        output = self._output
        made_by = output.made_by
        if text in output.ready.split("\n"):
            return Origin(self._lines(made_by.get("ready", [])), [])
        if found := self._line.fullmatch(text):
            columns = [
                Column(*found.span(name), lines)
                for name in self._line.groupindex
                if (lines := self._lines(made_by.get(name, [])))
            ]
            return Origin(self._lines(made_by.get("line", [])), sorted(columns))
        for other in output.others:
            if re.search(other.line, text):
                return Origin(self._lines(other.made_by), [])
        return Origin([], [])

    def _lines(self, fragments: Iterable[str]) -> list[int]:
        return [n for each in fragments for n in self._same_lines(each)]

    def _same_lines(self, fragment: str) -> Sequence[int]:
        """Return the lines of a fragment, if the changed program has the same."""
        first, last = resolve(self._program, fragment)
        try:
            begin, end = resolve(self._changed, fragment)
        except LineRefError:
            return ()
        ours = self._program.splitlines()[first - 1 : last]
        if self._changed.splitlines()[begin - 1 : end] != ours:
            return ()
        return range(first, last + 1)
