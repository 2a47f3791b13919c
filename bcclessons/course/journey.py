"""One event's journey through a lesson: what was recorded of it, as data."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Literal

import msgspec

from bcclessons.course.lesson import Lesson, decoded
from bcclessons.course.results import read_results
from bcclessons.course.run import Change, Run

SETTINGS = "journey.toml"
"""The file of a lesson's folder that says how its journeys are recorded."""

SCRIPT = "journey.py"
"""The file of a lesson's folder that observes the program while it is recorded."""


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes that belong together: a member of a struct, or its padding.

    ``offset`` and ``size`` are in bytes; ``value`` is as a program shows it, and empty
    where it has none yet.
    """

    name: str
    offset: int
    size: int
    value: str = ""


class Bytes(msgspec.Struct, frozen=True, tag_field="kind", tag="bytes"):
    """Bytes in hexadecimal, and whose they are; ``new`` is the member just written."""

    hex: str
    members: list[Member]
    new: str = ""


class Ring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ring of a CPU: its size in bytes, and where it is written and read next.

    ``head`` and ``tail`` count on, past the size. A BPF ring buffer, which all CPUs
    share, has no ``cpu``; its ``head`` is the position of the producer, its ``tail``
    that of the consumer.
    """

    cpu: int | None
    size: int
    head: int
    tail: int


class Rings(msgspec.Struct, frozen=True, tag_field="kind", tag="rings"):
    """The rings of all CPUs at one time; ``cpu`` is the one that it is about."""

    rings: list[Ring]
    cpu: int


class Level(msgspec.Struct, frozen=True, tag_field="kind", tag="level"):
    """How full a ring was: milliseconds, bytes in it, events that did not fit so far.

    ``marks`` are the times that steps are about, by name.
    """

    size: int
    samples: list[tuple[float, int, int]]
    marks: dict[str, float]


class Line(msgspec.Struct, frozen=True, tag_field="kind", tag="line"):
    """A line in parts: the name of the member that each shows, or "", and its text."""

    parts: list[tuple[str, str]]


class Times(msgspec.Struct, frozen=True, tag_field="kind", tag="times"):
    """What happened when, in nanoseconds after the event."""

    times: list[tuple[str, int]]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address in the memory of the kernel or of a process, and what is there.

    ``name`` is the expression that has the address, ``error`` what a read returned
    that failed.
    """

    space: Literal["kernel", "stack", "user"]
    name: str
    address: str
    value: str = ""
    error: str = ""


class Memory(msgspec.Struct, frozen=True, tag_field="kind", tag="memory"):
    """Addresses in the order in which they are read; ``new`` is the last one's name."""

    places: list[Place]
    new: str = ""


View = Bytes | Rings | Level | Line | Times | Memory


class Journey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recording: its command, day (UTC) and system, what it says, what it shows.

    ``values`` are for the placeholders of journey.md; ``output`` is what was on the
    terminal.
    """

    command: str
    date: datetime.date
    release: str
    kernel: str
    bcc: str
    output: str
    values: dict[str, str]
    views: dict[str, View]

    def __str__(self) -> str:
        """Return the text that :func:`load` reads."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1).decode() + "\n"


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is recorded; ``change`` is made to the program in every recording."""

    recordings: list[Run]
    change: list[Change] = []


def recordings(lesson: Lesson) -> list[Run]:
    """Return what is recorded of a lesson's journeys; nothing if it has none."""
    path = lesson.folder / SETTINGS
    if not path.is_file():
        return []
    settings = decoded(path, _Settings)
    return [
        msgspec.structs.replace(run, change=[*settings.change, *run.change])
        for run in settings.recordings
    ]


def load(path: Path) -> Journey:
    """Read a recording. Raise Problem, naming the file, if it is not one."""
    return read_results(path, Journey, "./lab record --journey")
