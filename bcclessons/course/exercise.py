"""An exercise as data: its folder, its lesson, and its ``exercise.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import msgspec

from bcclessons.console.text import Problem, Text
from bcclessons.course.lesson import Lesson, Needs, decoded
from bcclessons.course.output import Output
from bcclessons.course.run import Change, changed
from bcclessons.course.steps import Step


class Mistake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plausible mistake: what it changes in the solution.

    ``says`` is a piece of the English feedback on it.
    """

    name: str
    change: list[Change]
    says: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is in an exercise.toml.

    ``says`` is a piece of the English feedback on the program to finish, as it is.
    """

    title: Text
    task: Text
    says: str
    hints: list[Text]
    output: Output
    steps: list[Step]
    mistakes: list[Mistake]
    needs: Needs | None = None


class Exercise(_File, frozen=True, kw_only=True):
    """An exercise of ``lesson``; ``folder`` is where its files are."""

    lesson: Lesson
    folder: Path

    @property
    def number(self) -> int:
        """Its place among the lesson's exercises."""
        return int(self.folder.name.partition("_")[0])

    @property
    def label(self) -> str:
        """What one types to mean it: 02/1."""
        return f"{self.lesson.label}/{self.number}"

    @property
    def start(self) -> Path:
        """The program to finish."""
        return self.folder / "start"

    @property
    def solution(self) -> Path:
        """The finished program."""
        return self.folder / "solution"

    @property
    def my_sample(self) -> Path:
        """The learner's own file."""
        return self.folder / "my_sample"

    def with_mistake(self, mistake: Mistake) -> str:
        """Return the solution with a mistake in it. Raise Problem if it does not fit."""
        where = f"{self.folder.name}/exercise.toml: {mistake.name}"
        return changed(self.solution, mistake.change, where)

    @property
    def lesson_to_run(self) -> Lesson:
        """Its lesson, with what this exercise needs of a machine."""
        return msgspec.structs.replace(
            self.lesson, needs=self.needs or self.lesson.needs
        )


def load(folder: Path, lesson: Lesson) -> Exercise:
    """Read one exercise. Raise Problem, naming file and field, if it is not right."""
    path = folder / "exercise.toml"
    data = decoded(path, _File)
    # A dataclass takes no notice of what it does not know.
    known = {field.name for field in fields(Step)}
    for step in tomllib.loads(path.read_text(encoding="utf-8"))["steps"]:
        if unknown := ", ".join(step.keys() - known):
            raise Problem(
                ja=f"{path} の steps に {unknown} という項目は無い．",
                en=f"{path}: steps have no field {unknown}.",
            )
    return Exercise(**msgspec.structs.asdict(data), lesson=lesson, folder=folder)


def folders(lesson: Lesson) -> list[Path]:
    """Return the folders of a lesson's exercises, in order of number."""
    found = lesson.folder.glob("exercises/[0-9]*_*/exercise.toml")
    return sorted(
        (path.parent for path in found),
        key=lambda folder: int(folder.name.partition("_")[0]),
    )


def load_all(lessons: Sequence[Lesson]) -> list[Exercise]:
    """Read every exercise of the lessons, in order of lesson and number."""
    found = [load(path, lesson) for lesson in lessons for path in folders(lesson)]
    return sorted(found, key=lambda item: (item.lesson.number, item.number))


def find(
    exercises: Sequence[Exercise], where: str, command: str = "./lab check"
) -> list[Exercise]:
    """Return the exercises meant by 02/1, or 02 for all of a lesson.

    Raise Problem, naming those that there are, when none is meant; ``command`` is what
    to type then.
    """
    parts = re.fullmatch(r"0*([0-9]{1,3})(?:/0*([0-9]{1,3}))?/?", where)
    near = list(exercises)
    if parts:
        lesson, number = int(parts[1]), parts[2]
        of_lesson = [item for item in exercises if item.lesson.number == lesson]
        fitting = [x for x in of_lesson if number in (None, str(x.number))]
        if fitting:
            return fitting
        near = of_lesson or near
    there = [item.label for item in near] if near else ["02/1"]
    raise Problem(
        ja=f"演習「{where}」は無い．あるのは {there[0]} から {there[-1]} まで．"
        f"例: {command} {there[0]}",
        en=f"there is no exercise '{where}'; there are {there[0]} to {there[-1]}: "
        f"type {command} {there[0]}",
    )
