"""What learners hand in: the start as it is, plausible mistakes, the solution."""

from __future__ import annotations

from dataclasses import dataclass

from bcclessons.course import exercise
from bcclessons.course import lesson as lesson_file
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.setup.paths import CHECKOUT

LESSONS = lesson_file.load_all(CHECKOUT)
EXERCISES = exercise.load_all(LESSONS)


@dataclass(frozen=True)
class Attempt:
    """A program for an exercise, and a piece of the answer that it must get.

    ``says`` is None for one that is right. ``lesson`` has what the exercise needs.
    """

    exercise: Exercise
    lesson: Lesson
    name: str
    program: str
    says: str | None

    @property
    def label(self) -> str:
        """Its name among all attempts."""
        return f"{self.exercise.label}-{self.name}"


def attempts() -> list[Attempt]:
    """Return every attempt at every exercise."""
    made = []
    for item in EXERCISES:
        lesson = item.lesson_to_run
        programs = [
            ("start", item.start.read_text(), item.says),
            ("solution", item.solution.read_text(), None),
            *(
                (mistake.name, item.with_mistake(mistake), mistake.says)
                for mistake in item.mistakes
            ),
        ]
        made += [Attempt(item, lesson, *program) for program in programs]
    return made
