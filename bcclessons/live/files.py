"""The learner's files over the wire: what is on disk counts, and is never lost."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from bcclessons.console.text import Problem
from bcclessons.course import learner_file
from bcclessons.course.exercise import Exercise
from bcclessons.course.learner_file import MOST_BYTES
from bcclessons.setup.files import unwritable, write_atomically


class Content(NamedTuple):
    """The text of a file, and what tells it from every other text."""

    text: str
    revision: str

    @classmethod
    def of(cls, text: str) -> Content:
        """Return a text with its revision."""
        return cls(text, hashlib.sha256(text.encode()).hexdigest())


def read(exercise: Exercise) -> Content:
    """Return the learner's file, made from the start if it is not there.

    Raise Problem if it is no text.
    """
    learner_file.create(exercise)
    return Content.of(learner_file.read(exercise))


def save(exercise: Exercise, text: str, base: str) -> Content | None:
    """Write a text over the revision ``base`` of the file.

    Return None once it is written; where the file is of another revision, it stays, and
    is returned. Raise Problem if it cannot be written.
    """
    if len(text.encode()) > MOST_BYTES:
        kilobytes = MOST_BYTES // 1024
        raise Problem(
            ja=f"ファイルが大きすぎる（{kilobytes} KB まで）．保存していない．",
            en=f"the file is too large (at most {kilobytes} KB); it was not saved.",
        )
    try:
        now = Content.of(learner_file.read(exercise))
    except Problem:
        # Empty, deleted or no text: nothing that could be lost, or nothing to show.
        if _holds_something(exercise):
            raise
        now = None
    if now is not None and now.revision != base:
        return None if now.text == text else now
    try:
        write_atomically(exercise.my_sample, text)
        exercise.my_sample.chmod(exercise.start.stat().st_mode & 0o777)
    except OSError as error:
        raise unwritable(error) or Problem(
            ja=f"{exercise.my_sample} に書けない（{error.strerror}）．",
            en=f"cannot write {exercise.my_sample} ({error.strerror}).",
        ) from error
    return None


def _holds_something(exercise: Exercise) -> bool:
    try:
        return bool(exercise.my_sample.read_bytes().strip())
    except FileNotFoundError:
        return False
    except OSError:
        return True
