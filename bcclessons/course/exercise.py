"""An exercise as data: its folder, its ``exercise.toml``, the learner's own file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bcclessons.console.text import Problem, Text
from bcclessons.course.lesson import Change, Lesson, Needs, Output, changed, decoded

MINE = "my_sample"
"""The name of the learner's own file, in the exercise's folder."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done while the program runs.

    "call" has a child call execve, ``times`` times (of a file that is not there, for
    otherwise the first call is its last): with this file and argv, as this user and
    group, under this ``name``, below ``ancestors`` of these names (the outermost
    first), or below a second ``thread`` of its parent; with ``absent``, the file's
    name is on a page that is not in memory. "marker" writes ``text`` to the trace
    buffer, as another program would, and "echo" does so with the last line that the
    program has printed added to it. "stop" stops the program, and "go_on" has it go
    on. "settle" waits until it prints nothing more.
    """

    kind: Literal["call", "marker", "echo", "stop", "go_on", "settle"]
    file: str = "/bin/true"
    argv: list[str] = msgspec.field(default_factory=lambda: ["true"])
    uid: int = 0
    gid: int = 0
    name: str = "learner"
    ancestors: list[str] = []
    absent: bool = False
    thread: bool = False
    times: int = 1
    text: str = ""


class WrongAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plausible mistake: what it changes in the solution, and a piece of the answer.

    ``says`` is a piece of the English answer that helps out of it.
    """

    name: str
    change: list[Change]
    says: str


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exercise; ``folder`` is where its files are, the rest is its exercise.toml.

    ``says`` is a piece of the English answer to the program to finish, as it is.
    """

    title: Text
    task: Text
    says: str
    hints: list[Text]
    output: Output
    steps: list[Step]
    wrong: list[WrongAnswer]
    needs: Needs | None = None
    folder: Path = Path()

    @property
    def number(self) -> int:
        """Its place among the lesson's exercises."""
        return int(self.folder.name.partition("_")[0])

    @property
    def label(self) -> str:
        """What one types to mean it: 02/1."""
        return f"{self.folder.parents[1].name[:2]}/{self.number}"

    @property
    def start(self) -> Path:
        """The program to finish."""
        return self.folder / "start"

    @property
    def solution(self) -> Path:
        """The finished program."""
        return self.folder / "solution"

    @property
    def mine(self) -> Path:
        """The learner's own file."""
        return self.folder / MINE

    def wrong_program(self, answer: WrongAnswer) -> str:
        """Return the solution with a mistake in it. Raise Problem if it does not fit."""
        where = f"{self.folder.name}/exercise.toml: {answer.name}"
        return changed(self.solution, answer.change, where)

    def lesson_to_run(self, lesson: Lesson) -> Lesson:
        """Return its lesson, with what this exercise needs of a machine."""
        return msgspec.structs.replace(lesson, needs=self.needs or lesson.needs)


def load(folder: Path) -> Exercise:
    """Read one exercise. Raise Problem, naming file and field, if it is not right."""
    exercise = decoded(folder / "exercise.toml", Exercise)
    return msgspec.structs.replace(exercise, folder=folder)


def load_all(lessons: Sequence[Lesson]) -> list[Exercise]:
    """Read every exercise of the lessons, in order."""
    found = [
        load(path.parent)
        for lesson in lessons
        for path in lesson.folder.glob("exercises/[0-9]*_*/exercise.toml")
    ]
    return sorted(found, key=lambda exercise: exercise.label)


def find(exercises: Sequence[Exercise], where: str) -> list[Exercise]:
    """Return the exercises meant by 02/1, or 02 for all of a lesson.

    Raise Problem, naming those that there are, when none is meant.
    """
    parts = re.fullmatch(r"0*([0-9]{1,3})(?:/0*([0-9]{1,3}))?/?", where)
    if parts:
        lesson, number = int(parts[1]), parts[2]
        fitting = [
            item
            for item in exercises
            if int(item.label.partition("/")[0]) == lesson
            and number in (None, str(item.number))
        ]
        if fitting:
            return fitting
    labels = ", ".join(item.label for item in exercises)
    example = exercises[0].label if exercises else "02/1"
    raise Problem(
        ja=f"演習「{where}」は無い．あるのは {labels}．例: ./lab check {example}",
        en=f"there is no exercise '{where}'; there is {labels}: "
        f"type ./lab check {example}",
    )


def begin(exercise: Exercise) -> bool:
    """Make the learner's own file from the start, unless it is there; tell whether."""
    if exercise.mine.exists() or exercise.mine.is_symlink():
        return False
    try:
        # "x": a file that somebody makes meanwhile is not overwritten.
        with exercise.mine.open("xb") as mine:
            try:
                mine.write(exercise.start.read_bytes())
                mine.flush()
                shutil.copymode(exercise.start, exercise.mine)
            except OSError:  # a full disk must not leave a part of it
                exercise.mine.unlink()
                raise
    except FileExistsError:
        return False
    except OSError as error:
        raise _unwritable(exercise.mine, error) from error
    return True


def saved(exercise: Exercise) -> object:
    """Return what changes whenever the learner's file is saved; None without one."""
    try:
        found = exercise.mine.stat()
    except OSError:
        return None
    # Editors write in place, or put a new file there.
    return found.st_mtime_ns, found.st_size, found.st_ino


def untouched(exercise: Exercise) -> bool:
    """Tell whether the learner's own file is there, and is still as at the start."""
    try:
        return exercise.mine.read_bytes() == exercise.start.read_bytes()
    except OSError:
        return False


def put_aside(exercise: Exercise) -> Path | None:
    """Move the learner's own file to my_sample.1, .2 …; return where it is now."""
    if not (exercise.mine.exists() or exercise.mine.is_symlink()):
        return None
    number = 1
    while (kept := exercise.mine.with_name(f"{MINE}.{number}")).exists():
        number += 1
    try:
        exercise.mine.rename(kept)
    except OSError as error:
        raise _unwritable(kept, error) from error
    return kept


def read_mine(exercise: Exercise) -> str:
    """Return the learner's program. Raise Problem if it is no text to run."""
    path = exercise.mine
    try:
        if not path.is_file():
            raise IsADirectoryError(0, "not a file")
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise Problem(
            ja=f"{path} を読めない（{reason}）．直すか，別にとっておいて始め直す: "
            f"./lab reset {exercise.label}",
            en=f"{path} cannot be read ({reason}); mend it, or put it aside and "
            f"start anew: ./lab reset {exercise.label}",
        ) from error
    if not text.strip():
        raise Problem(
            ja=f"{path} は空である．始め直す: ./lab reset {exercise.label}",
            en=f"{path} is empty; to start anew: ./lab reset {exercise.label}",
        )
    return text


def _unwritable(path: Path, error: OSError) -> Problem:
    return Problem(
        ja=f"{path} に書けない（{error.strerror}）．書けるフォルダに clone し直す．",
        en=f"{path} cannot be written ({error.strerror}); clone the repository "
        "into a folder that you may write.",
    )
