"""What a learner has solved so far, and which hints were shown.

It is in $XDG_STATE_HOME/bcc-lessons/exercises.json, else in ~/.local/state: not in
the cache, which one may delete, and not in the checkout, which is one of several.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bcclessons.exercise import Exercise


class _Kept(msgspec.Struct):
    """The SHA-256 of each exercise's program that was right; the hints shown."""

    right: dict[str, str] = {}
    hints: dict[str, int] = {}


class Solved:
    """The record. What is right is so for a program's text, until it is changed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        base = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
        self._path = Path(base) / "bcc-lessons" / "exercises.json"
        try:
            self._kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, ValueError):  # none yet, or one that nobody can read
            self._kept = _Kept()

    def has(self, exercise: Exercise) -> bool:
        """Tell whether the learner's file, as it is now, was found right."""
        try:
            now = _digest(exercise.mine.read_bytes())
        except OSError:
            return False
        return self._kept.right.get(exercise.label) == now

    def note(self, exercise: Exercise, program: str) -> None:
        """Remember that a program is right."""
        self._kept.right[exercise.label] = _digest(program.encode())
        self._write()

    def next_hints(self, exercise: Exercise) -> int:
        """Return how many hints to show now: one more each time, up to all."""
        shown = min(self._kept.hints.get(exercise.label, 0) + 1, len(exercise.hints))
        self._kept.hints[exercise.label] = shown
        self._write()
        return shown

    def forget_hints(self, exercise: Exercise) -> None:
        """Begin with the first hint again."""
        if self._kept.hints.pop(exercise.label, None) is not None:
            self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        new.write_bytes(msgspec.json.encode(self._kept))
        new.replace(self._path)


def _digest(program: bytes) -> str:
    return hashlib.sha256(program).hexdigest()
