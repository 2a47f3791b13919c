"""What the instructor sees of a class, as data: who is where, and what is hard."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bcclessons.console.text import Language, Text
from bcclessons.live.classroom.learners import Learner, Learners
from bcclessons.live.classroom.progress import (
    ClassProgress,
    Progress,
    Reached,
    category,
)

if TYPE_CHECKING:
    from bcclessons.live.classroom.classroom import Classroom

# Who has failed so often at an exercise is stuck there.
STUCK_CHECKS = 3
# What makes a cell a formula; in Japanese, the full-width ones do, too.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


class Row(NamedTuple):
    """A learner: ``place`` is his place in the queue, 0 if he does not wait."""

    learner: Learner
    is_here: bool
    vm: Text
    lesson: str
    exercise: str
    current: Progress | None
    solved: int
    place: int
    has_raised_hand: bool

    @property
    def is_stuck(self) -> bool:
        """Whether he has failed often at what he works on."""
        current = self.current
        return (
            current is not None
            and current.reached is Reached.FAILED
            and current.checks >= STUCK_CHECKS
        )


class Count(NamedTuple):
    """How many learners have started an exercise, are stuck there, have solved it."""

    exercise: str
    title: Text
    started: int
    stuck: int
    solved: int


class Mistake(NamedTuple):
    """What the programs of some learners fail with."""

    exercise: str
    text: Text
    names: list[str]


class Board(NamedTuple):
    """All of it. Rows are in order of need: hands, who is stuck, then by name.

    ``low_memory`` is how many bytes are left if no other VM can be started, else None.
    """

    rows: list[Row]
    counts: list[Count]
    mistakes: list[Mistake]
    exercises: int
    low_memory: int | None

    @property
    def here(self) -> int:
        """How many learners have a page open."""
        return sum(row.is_here for row in self.rows)

    @property
    def hardest(self) -> list[Count]:
        """The exercises at which somebody is stuck, the most first."""
        stuck = [count for count in self.counts if count.stuck]
        return sorted(stuck, key=lambda count: -count.stuck)


def board(classroom: Classroom) -> Board:
    """Return the board of a class as it is now."""
    found: dict[int, dict[str, Progress]] = defaultdict(dict)
    for each in classroom.progress.all():  # what has changed last is first
        found[each.learner][each.exercise] = each
    places = classroom.fleet.queue.places()
    learners = classroom.learners.all()
    rows = [_row(classroom, each, found[each.id], places) for each in learners]
    rows.sort(key=lambda row: (not row.has_raised_hand, not row.is_stuck))
    return Board(
        rows,
        [_count(each.label, each.title, found) for each in classroom.exercises],
        _mistakes(learners, found),
        len(classroom.exercises),
        classroom.fleet.low_memory(),
    )


def _row(
    classroom: Classroom,
    learner: Learner,
    progress: dict[str, Progress],
    places: dict[int, int],
) -> Row:
    session = classroom.sessions.get(learner.id)
    seat = classroom.fleet.seats.get(learner.id)
    last = next(iter(progress), "")
    exercise = (session.exercise_label if session else "") or last
    vm = Text(ja="-", en="-")
    if seat and seat.is_running:
        vm = (
            Text(ja="休止中", en="asleep")
            if seat.asleep
            else Text(ja="動作中", en="awake")
        )
    elif seat and seat.ended_for_memory:
        vm = Text(ja="終了（メモリ不足）", en="ended (memory)")
    return Row(
        learner,
        bool(session and session.is_here),
        vm,
        (session.lesson_label if session else "") or exercise.partition("/")[0],
        exercise,
        progress.get(exercise),
        sum(each.reached is Reached.SOLVED for each in progress.values()),
        places.get(learner.id, 0),
        bool(session and session.has_raised_hand),
    )


def _count(label: str, title: Text, found: dict[int, dict[str, Progress]]) -> Count:
    rows = [each[label] for each in found.values() if label in each]
    failed = [row for row in rows if row.reached is Reached.FAILED]
    return Count(
        label,
        title,
        len(rows),
        sum(row.checks >= STUCK_CHECKS for row in failed),
        sum(row.reached is Reached.SOLVED for row in rows),
    )


def _mistakes(
    learners: list[Learner], found: dict[int, dict[str, Progress]]
) -> list[Mistake]:
    """Return what unsolved exercises fail with, the most frequent first."""
    names: dict[tuple[str, Text], list[str]] = defaultdict(list)
    for learner in learners:
        for row in found[learner.id].values():
            if row.reached is Reached.FAILED and row.message is not None:
                names[row.exercise, category(row.message)].append(learner.name)
    mistakes = [Mistake(label, text, who) for (label, text), who in names.items()]
    return sorted(mistakes, key=lambda each: -len(each.names))


def as_csv(learners: Learners, progress: ClassProgress, language: Language) -> str:
    """Return a class's progress as CSV: a line for each learner's exercise."""
    names = {each.id: each.name for each in learners.all()}
    head = Text(
        ja="名前,演習,状態,確認の回数,かかった分,最後のメッセージ",
        en="name,exercise,state,checks,minutes,last message",
    )
    file = io.StringIO()
    # Quoted: a spreadsheet that separates by semicolons reads no cell in a name.
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(head.to(language).split(","))
    for row in sorted(
        progress.all(), key=lambda row: (names[row.learner], row.exercise)
    ):
        writer.writerow(
            [
                _plain(names[row.learner]),
                row.exercise,
                row.reached.value,
                row.checks,
                f"{(row.changed - row.begun) / 60:.1f}",
                _plain(row.message.to(language)) if row.message else "",
            ]
        )
    return file.getvalue()


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
