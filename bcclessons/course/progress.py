"""What a learner has solved so far, and which hints were shown.

It is in $XDG_STATE_HOME/bcc-lessons/exercises.json, else in ~/.local/state: not in
the cache, which one may delete, and not in the checkout, which is one of several.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bcclessons.console.text import Problem
from bcclessons.course.exercise import Exercise
from bcclessons.setup.cache import locked
from bcclessons.setup.files import write_atomically


class _Kept(msgspec.Struct):
    """The SHA-256 of each exercise's program that was right; the hints shown."""

    right: dict[str, str] = {}
    hints: dict[str, int] = {}


class Solved:
    """The record. What is right is so for a program's text, until it is changed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        base = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
        self._path = Path(base) / "bcc-lessons" / "exercises.json"
        self._kept = self._read()

    @property
    def folder(self) -> Path:
        """Where the record is kept."""
        return self._path.parent

    def has(self, exercise: Exercise) -> bool:
        """Tell whether the learner's file, as it is now, was found right."""
        try:
            now = _digest(exercise.my_sample.read_bytes())
        except OSError:
            return False
        return self._kept.right.get(exercise.label) == now

    def hints(self, exercise: Exercise) -> int:
        """Return how many hints were shown."""
        return self._kept.hints.get(exercise.label, 0)

    def refresh(self) -> None:
        """Read the record again: another ./lab may have changed it."""
        self._kept = self._read()

    def note(self, exercise: Exercise, program: str) -> None:
        """Remember that a program is right."""
        with self._changing():
            self._kept.right[exercise.label] = _digest(program.encode())

    def next_hints(self, exercise: Exercise) -> int:
        """Return how many hints to show now: one more each time, up to all."""
        with self._changing():
            before = self._kept.hints.get(exercise.label, 0)
            shown = min(before + 1, len(exercise.hints))
            self._kept.hints[exercise.label] = shown
        return shown

    def forget_hints(self, exercise: Exercise) -> None:
        """Begin with the first hint again."""
        if exercise.label in self._kept.hints:
            with self._changing():
                self._kept.hints.pop(exercise.label, None)

    def _read(self) -> _Kept:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, ValueError):  # none yet, or one that nobody can read
            return _Kept()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Have the record as it is now, and write it, whole, when the block has ended.

        Another ./lab, as one that watches, may have changed it meanwhile. Raise Problem
        if it cannot be written.
        """
        try:
            with locked(self._path.with_suffix(".lock"), lambda: None):
                self._kept = self._read()
                yield
                write_atomically(self._path, msgspec.json.encode(self._kept))
        except OSError as error:
            raise Problem(
                ja=f"{self._path} に書けない（{error.strerror}）．"
                "書ける場所を指定する: XDG_STATE_HOME=/tmp/state ./lab …",
                en=f"cannot write {self._path} ({error.strerror}); name a place "
                "that can be written: XDG_STATE_HOME=/tmp/state ./lab …",
            ) from error


def _digest(program: bytes) -> str:
    return hashlib.sha256(program).hexdigest()
