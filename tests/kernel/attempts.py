"""What learners hand in: the start as it is, right programs, and wrong ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bcclessons.course import exercise
from bcclessons.course import lesson as lesson_file
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson, decoded
from bcclessons.course.run import Change, with_changes
from bcclessons.setup.paths import CHECKOUT

LESSONS = lesson_file.load_all(CHECKOUT)
EXERCISES = exercise.load_all(LESSONS)
FOLDER = Path(__file__).parent / "attempts"


class Right(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A right program, written in a file of FOLDER.

    It is a ``program``, or a ``change`` of the solution, or of the attempt ``of`` that
    name, which comes before it. ``needs`` are features of a machine that it needs besides those of the exercise. ``in_vm`` has it tried in the
    VMs, too, where it is not by itself: for what may differ there.
    """

    name: str
    change: list[Change] = []
    program: str = ""
    of: str = ""
    needs: list[str] = []
    in_vm: bool = False


class Wrong(Right, frozen=True, kw_only=True):
    """A wrong program; ``says`` is a piece of the English feedback on it."""

    says: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The attempts at one exercise: FOLDER/02/1.toml."""

    right: list[Right]
    wrong: list[Wrong]


@dataclass(frozen=True)
class Attempt:
    """A program for an exercise, and a piece of the answer that it must get.

    ``says`` is None for one that is right. ``lesson`` has what the attempt needs.
    """

    exercise: Exercise
    lesson: Lesson
    name: str
    program: str
    says: str | None
    in_vm: bool

    @property
    def label(self) -> str:
        """Its name among all attempts."""
        return f"{self.exercise.label}-{self.name}"


def attempts() -> list[Attempt]:
    """Return every attempt at every exercise."""
    made = []
    for item in EXERCISES:
        lesson = item.lesson_to_run
        made += [
            Attempt(item, lesson, "start", item.start.read_text(), item.says, True),
            Attempt(item, lesson, "solution", item.solution.read_text(), None, True),
        ]
        made += [
            Attempt(
                item, lesson, mistake.name, item.with_mistake(mistake), mistake.says,
                True,
            )
            for mistake in item.mistakes
        ]  # fmt: skip
        made += _collected(item)
    return made


def _collected(item: Exercise) -> Iterator[Attempt]:
    """Read the attempts at an exercise that are in FOLDER."""
    path = FOLDER / f"{item.label}.toml"
    if not path.exists():  # a lesson that is being written
        return
    file = decoded(path, _File)
    programs = {"": item.solution.read_text()}
    for attempt in (*file.right, *file.wrong):
        program = attempt.program or programs[attempt.of]
        where = f"{path}: {attempt.name}"
        programs[attempt.name] = with_changes(program, attempt.change, "it", where)
        needs = item.lesson_to_run.needs
        features = [*needs.features, *attempt.needs]
        lesson = msgspec.structs.replace(
            item.lesson_to_run, needs=msgspec.structs.replace(needs, features=features)
        )
        right = not isinstance(attempt, Wrong)
        yield Attempt(
            item,
            lesson,
            f"{'right' if right else 'wrong'}-{attempt.name}",
            programs[attempt.name],
            attempt.says if isinstance(attempt, Wrong) else None,
            attempt.in_vm,
        )
