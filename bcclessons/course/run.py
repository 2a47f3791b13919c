"""A run of a lesson's program to record: on what, what is typed, what is changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bcclessons.console.text import Problem

MAIN = "run"
"""The name of a lesson's main run: the demo."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command line that is typed at a fresh prompt.

    ``keys`` are pressed after the command has drawn its screen, for a command that
    stays on it (a pager).
    """

    command: str
    keys: str = ""


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of the program, and what stands in its place in one run."""

    from_: str = msgspec.field(name="from")
    to: str


def changed(path: Path, changes: Sequence[Change], where: str) -> str:
    """Return the program in a file with changes made to it, as ``with_changes``."""
    return with_changes(path.read_text(encoding="utf-8"), changes, path.name, where)


def with_changes(program: str, changes: Sequence[Change], name: str, where: str) -> str:
    """Return a program with changes made to it.

    ``name`` is the program's, ``where`` is where they are written. Raise Problem if one
    does not fit once.
    """
    for change in changes:
        if (count := program.count(change.from_)) != 1:
            raise Problem(
                ja=f"{name} に「{change.from_}」が {count} か所ある．1 か所だけに"
                f"合うように，それを直す（{where}）．",
                en=f"{name} has '{change.from_}' in {count} places, not in "
                f"one; fix it ({where}).",
            )
        program = program.replace(change.from_, change.to)
    return program


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run to record.

    It takes place on the release ``on`` (the default one, if empty), and again on each
    of ``also_on``, in a terminal of ``columns`` columns (the lesson's, if 0), after the
    command ``prepare``, out of sight, and with the program changed. In the lesson's
    window, ``user`` types the lines of ``typed``; the last of them starts the
    program. Once it is ready, ``steps`` are typed in the other window, and Ctrl-C
    ends it; without steps, it must end by itself, and there is no other window.
    Its text shows the lesson's window, with ``both`` the other one, too. ``line`` is
    the pattern of an output line, where the change makes it another one.
    """

    name: str
    on: str = ""
    also_on: list[str] = []
    columns: int = 0
    prepare: str = ""
    change: list[Change] = []
    user: Literal["root", "nobody"] = "root"
    typed: list[str] = []
    steps: list[Step] = []
    both: bool = False
    line: str = ""

    def __post_init__(self) -> None:
        """Refuse a name that makes no good file name, and a pattern that is none."""
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ValueError(f"runs: name: {self.name!r} is not like 'two-words'")
        check_pattern(self.line)

    @property
    def stem(self) -> str:
        """The name of its files, but for their suffix."""
        stem = self.name if self.name == MAIN else f"{MAIN}-{self.name}"
        return f"{stem}.{self.on}" if self.on else stem

    @property
    def is_watched(self) -> bool:
        """Whether its cast is worth watching: somebody types while the program runs."""
        return bool(self.steps) and not self.on

    @property
    def on_each_release(self) -> list[Run]:
        """The run itself, and the same on each release of ``also_on``."""
        others = (msgspec.structs.replace(self, on=name) for name in self.also_on)
        return [self, *others]


def check_pattern(line: str) -> None:
    """Raise ValueError for a pattern that is not a regular expression."""
    try:
        re.compile(line)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"line: {error}") from error
