"""A lesson as data: its folder, its ``lesson.toml`` and its program."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from bcclessons.console.text import Problem, Text
from bcclessons.course.output import Output
from bcclessons.course.run import MAIN, Run, Step
from bcclessons.setup.files import unreadable

_Kind = TypeVar("_Kind")

RECORDINGS = "recordings"
"""The folder, within a lesson's, of what is recorded: runs, checks and journeys."""


class Needs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a machine must offer to run the lesson.

    ``headers`` is "any" for a program that reads no kernel struct (headers of
    another kernel then do), and "exact" for one that does.
    """

    kernel: str
    features: list[Literal["tracepoints", "kprobes", "btf"]]
    headers: Literal["any", "exact"]

    def __post_init__(self) -> None:
        """Refuse a kernel version that is not MAJOR.MINOR."""
        if not re.fullmatch(r"[0-9]+\.[0-9]+", self.kernel):
            raise ValueError(f"kernel: {self.kernel!r} is not like '4.7'")


class Demo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is typed in the other window: the main run, also made on other releases."""

    steps: list[Step]
    also_on: list[str] = []


class Lesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lesson; ``folder`` is where its files are, the rest is its ``lesson.toml``.

    ``columns`` is the width of the terminal in which its runs are recorded.
    """

    number: int
    program: str
    title: Text
    goal: Text
    needs: Needs
    output: Output
    demo: Demo
    runs: list[Run] = []
    columns: int = 64
    folder: Path = Path()

    @property
    def source(self) -> Path:
        """The program's file."""
        return self.folder / self.program

    @property
    def recordings(self) -> Path:
        """The folder of what is recorded of it."""
        return self.folder / RECORDINGS

    @property
    def label(self) -> str:
        """The lesson's two digits, as in its folder's name."""
        return f"{self.number:02}"

    def __post_init__(self) -> None:
        """Refuse two runs of one name."""
        names = [run.name for run in self.all_runs]
        if len(set(names)) != len(names):
            raise ValueError(f"runs: a name is there twice: {', '.join(names)}")

    @property
    def all_runs(self) -> list[Run]:
        """Every run that is recorded, the main one first."""
        demo = self.demo
        return [Run(name=MAIN, steps=demo.steps, also_on=demo.also_on), *self.runs]


def decoded(path: Path, kind: type[_Kind]) -> _Kind:
    """Read a TOML file as data of a kind. Raise Problem, naming it, if it is not right."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise unreadable(path, reason) from error


def load(folder: Path) -> Lesson:
    """Read one lesson. Raise Problem, naming file and field, if it is not right."""
    path = folder / "lesson.toml"
    lesson = decoded(path, Lesson)
    lesson = msgspec.structs.replace(lesson, folder=folder)
    if not folder.name.startswith(lesson.label + "_") or not lesson.source.is_file():
        raise Problem(
            ja=f"{path} の number か program が，フォルダの中身と合わない．"
            "どちらかを直す．",
            en=f"{path}: number or program does not fit what is in the folder; "
            "fix one of the two.",
        )
    if not os.access(lesson.source, os.X_OK):
        command = f"chmod +x {shlex.quote(str(lesson.source))}"
        raise Problem(
            ja=f"{lesson.source} が実行可能でない．直すには: {command}",
            en=f"{lesson.source} is not executable; to fix it: {command}",
        )
    return lesson


def load_all(root: Path) -> list[Lesson]:
    """Read every lesson of a checkout, in order of number."""
    return [load(folder) for folder in folders(root)]


def folders(root: Path) -> list[Path]:
    """Return the folders of a checkout's lessons, in order of number."""
    return sorted(path.parent for path in root.glob("lessons/*/lesson.toml"))


def find(lessons: list[Lesson], name: str, command: str = "./lab run") -> Lesson:
    """Return the lesson meant by a number or a part of its name (2, 02, perf).

    Raise Problem when none or more than one fits; ``command`` is what to type then.
    """
    if re.fullmatch(r"[0-9]{1,3}", name):
        fitting = [lesson for lesson in lessons if lesson.number == int(name)]
    else:
        fitting = [item for item in lessons if name and name in item.folder.name]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        known = ", ".join(lesson.folder.name for lesson in fitting)
        raise Problem(
            ja=f"「{name}」に合うレッスンが複数ある（{known}）．番号で指定する: "
            f"{command} {fitting[0].label}",
            en=f"'{name}' fits more than one lesson ({known}); give its number: "
            f"{command} {fitting[0].label}",
        )
    labels = [lesson.label for lesson in lessons] or ["02"]
    raise Problem(
        ja=f"レッスン「{name}」は無い．あるのは {', '.join(labels)}．"
        f"例: {command} {labels[0]}",
        en=f"there is no lesson '{name}'; there are {', '.join(labels)}: "
        f"type {command} {labels[0]}",
    )


def find_runs(lesson: Lesson, names: Sequence[str]) -> list[Run]:
    """Return the lesson's runs of these names, or all if there are no names.

    Raise Problem for a name that no run has.
    """
    runs = {run.name: run for run in lesson.all_runs}
    for name in names:
        if name not in runs:
            raise Problem(
                ja=f"レッスン {lesson.label} に，実行「{name}」は無い．"
                f"あるのは {', '.join(runs)}．例: ./lab record {lesson.label} {MAIN}",
                en=f"lesson {lesson.label} has no run '{name}'; "
                f"there is {', '.join(runs)}: "
                f"type ./lab record {lesson.label} {MAIN}",
            )
    return [runs[name] for name in dict.fromkeys(names or runs)]
