"""What the learners of a class have reached: one row for an exercise of a learner."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from bcclessons.console.text import Text

if TYPE_CHECKING:
    from bcclessons.live.classroom.database import Database
    from bcclessons.live.classroom.learners import Learner


class Reached(StrEnum):
    """How far a learner is with an exercise."""

    STARTED = "started"
    FAILED = "failed"
    SOLVED = "solved"


class Progress(NamedTuple):
    """A learner's exercise; ``message`` is the last check's, None without one.

    ``checks`` is how many there were, ``begun`` and ``changed`` are seconds since 1970.
    """

    learner: int
    exercise: str
    reached: Reached
    checks: int
    message: Text | None
    begun: float
    changed: float


class ClassProgress:
    """The progress of all learners in a database."""

    def __init__(
        self, database: Database, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[Progress]:
        """Return every row, what has changed last first."""
        rows = self._database.rows(
            "SELECT learner, exercise, state, checks, ja, en, begun, changed "
            "FROM progress ORDER BY changed DESC"
        )
        return [_progress(*row) for row in rows]

    def started(self, learner: Learner, exercise: str) -> None:
        """Note that a learner has opened an exercise."""
        now = self._clock()
        self._database.execute(
            "INSERT INTO progress (learner, exercise, state, begun, changed) "
            "VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET changed = excluded.changed",
            *(learner.id, exercise, Reached.STARTED, now, now),
        )

    def checked(self, learner: Learner, exercise: str, failure: Text | None) -> None:
        """Note a check: that the exercise is solved, or else what is wrong.

        One that has been solved stays so.
        """
        now = self._clock()
        reached = Reached.SOLVED if failure is None else Reached.FAILED
        ja, en = (failure.ja, failure.en) if failure else ("", "")
        self._database.execute(
            "INSERT INTO progress "
            "(learner, exercise, state, checks, ja, en, begun, changed) "
            "VALUES (?, ?, ?, 1, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET "
            "state = CASE state WHEN 'solved' THEN state ELSE excluded.state END, "
            "checks = checks + 1, ja = excluded.ja, en = excluded.en, "
            "changed = excluded.changed",
            *(learner.id, exercise, reached, ja, en, now, now),
        )


def _progress(
    learner: int,
    exercise: str,
    state: str,
    checks: int,
    ja: str,
    en: str,
    begun: float,
    changed: float,
) -> Progress:
    message = Text(ja=ja, en=en) if ja and en else None
    return Progress(learner, exercise, Reached(state), checks, message, begun, changed)


def category(message: Text) -> Text:
    """Return what messages about the same mistake have in common.

    That is the first sentence, without values and quotations of the learner's program.
    """
    ja = re.sub(r"「[^」]*」|(?<![A-Za-z_])\d+(?:\.\d+)*", "…", message.ja)
    en = re.sub(r"'[^']*'|(?<![A-Za-z_])\d+(?:\.\d+)*", "…", message.en)
    return Text(
        ja=re.split(r"(?<=．)", ja)[0] or ja, en=re.split(r"(?<=\.) ", en)[0] or en
    )
