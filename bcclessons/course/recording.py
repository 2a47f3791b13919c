"""A recorded run of a lesson as text: what was on the screen, when, and on what."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from bcclessons.console.text import Problem
from bcclessons.course import lineref

_State = Literal["same", "differs", "missing"]
_HEAD = ("command", "date", "release", "kernel", "bcc")

# The name that the kernel puts into a line of trace_pipe: it may not know it (<...>),
# or a newer one. Feedback on an exercise may quote such a line.
_NAME = re.compile(r"(^|: )(?=\d+ +\S)(.{6} ).{16} ", re.MULTILINE)
# The name and the number in such a line as it comes: not a negative number.
_TASK = re.compile(r"^.{16}-\d+ +(?=\[\d+\])", re.MULTILINE)
# What a newer clang puts before a line of the program.
_GUTTER = re.compile(r"^ *\d* +\| ", re.MULTILINE)
# Addresses, random numbers, versions, and numbers, with the spaces that fill a column.
# A negative number is an error: it does not vary.
_VARIES = re.compile(
    r"(?<![-\w])(?:0x[0-9a-f]+|[0-9a-f]{8}|\d+(?:\.\d+)*(?:[-+][\w.+-]*\w)?)\b( *)"
)


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run: the command that recorded it, the day (UTC), the system, the screen.

    As text, a line ``# name: value`` for each of the first five, an empty line, and
    the body.
    """

    command: str
    date: datetime.date
    release: str
    kernel: str
    bcc: str
    body: str

    def excerpt(self, fragment: str) -> str:
        """Return the lines of the body that a fragment names, as of a program.

        Raise LineRefError if it names none.
        """
        first, last = lineref.resolve(self.body, fragment)
        return "\n".join(self.body.splitlines()[first - 1 : last])

    def __str__(self) -> str:
        """Return the text that :func:`load` reads."""
        head = [f"# {name}: {getattr(self, name)}\n" for name in _HEAD]
        return "".join(head) + "\n" + self.body


def load(path: Path) -> Recording:
    """Read a recording's text. Raise Problem, naming the file, if it is not one."""
    try:
        head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
        fields = [line.removeprefix("# ").partition(": ") for line in head.splitlines()]
        named = {name: value for name, _, value in fields}
        return msgspec.convert({**named, "body": body}, Recording)
    except (OSError, ValueError) as error:
        raise Problem(
            ja=f"記録 {path} が読めない（{error}）．作り直す: ./lab record",
            en=f"the recording {path} cannot be read ({error}); "
            "make it again: ./lab record",
        ) from error


def shape(body: str) -> list[str]:
    """Return what two runs of the same program have in common: their sorted lines.

    The order of lines varies: each CPU has its own.
    """
    return sorted(_shapes(body))


def _shapes(body: str) -> list[str]:
    """Return the lines of a run; what must vary is a ``#``, as wide as its column."""

    def mark(found: re.Match[str]) -> str:
        spaces = found[1]
        return "#".ljust(len(found[0])) if len(spaces) > 1 else f"#{spaces}"

    named = _NAME.sub(r"\1\2NAME ", _TASK.sub("NAME ", _GUTTER.sub("", body)))
    return _VARIES.sub(mark, named).splitlines()


class ComparedLine(NamedTuple):
    """A line of a run that is compared with another run.

    It ``differs`` if only this run has such a line; it is ``missing`` if only the other
    one has.
    """

    text: str
    state: _State


def compared(body: str, other: str) -> list[ComparedLine]:
    """Return the lines of a run, and where they would be, those that it lacks.

    What must vary, and the order of lines, makes no difference.
    """
    ours, theirs = _shapes(body), _shapes(other)
    extra = Counter(ours) - Counter(theirs)
    absent = Counter(theirs) - Counter(ours)
    texts, others = body.splitlines(), other.splitlines()
    found = []

    def take(shape: str, text: str, of: Counter[str], state: _State) -> None:
        if of[shape]:
            of[shape] -= 1
            found.append(ComparedLine(text, state))
        elif state == "differs":
            found.append(ComparedLine(text, "same"))

    matcher = SequenceMatcher(None, theirs, ours, autojunk=False)
    for _, begin, end, first, last in matcher.get_opcodes():
        for n in range(first, last):
            take(ours[n], texts[n], extra, "differs")
        for n in range(begin, end):
            take(theirs[n], others[n], absent, "missing")
    return found
