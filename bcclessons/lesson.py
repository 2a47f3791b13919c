"""A lesson as data: its folder, its ``lesson.toml`` and its program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from bcclessons.text import Problem, Text


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


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the program prints: its ready line (the header), and a line's pattern."""

    ready: str
    line: str

    def __post_init__(self) -> None:
        """Refuse a pattern that is not a regular expression."""
        try:
            re.compile(self.line)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"line: {error}") from error


class Demo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is typed in the other window.

    Each item is typed at a fresh shell prompt. ``keys`` are pressed after the
    command has drawn its screen, for a command that stays on it (a pager).
    """

    class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        """A command line, and the keys that end it."""

        command: str
        keys: str = ""

    steps: list[Step]


class Lesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lesson; ``folder`` is where its files are, the rest is its ``lesson.toml``."""

    number: int
    program: str
    title: Text
    goal: Text
    needs: Needs
    output: Output
    demo: Demo
    folder: Path = Path()

    @property
    def source(self) -> Path:
        """The program's file."""
        return self.folder / self.program

    @property
    def label(self) -> str:
        """The lesson's two digits, as in its folder's name."""
        return f"{self.number:02}"


def load(folder: Path) -> Lesson:
    """Read one lesson. Raise Problem, naming file and field, if it is not right."""
    path = folder / "lesson.toml"
    try:
        lesson = msgspec.toml.decode(path.read_bytes(), type=Lesson)
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        raise Problem(
            Text(
                ja=f"{path} が読めない（{error}）．書き方は CONTRIBUTING.md にある．",
                en=f"{path} cannot be read ({error}); see CONTRIBUTING.md.",
            )
        ) from error
    lesson = msgspec.structs.replace(lesson, folder=folder)
    if not folder.name.startswith(lesson.label + "_") or not lesson.source.is_file():
        raise Problem(
            Text(
                ja=f"{path} の number か program が，フォルダの中身と合わない．"
                "どちらかを直す．",
                en=f"{path}: number or program does not fit what is in the folder; "
                "mend one of the two.",
            )
        )
    return lesson


def load_all(root: Path) -> list[Lesson]:
    """Read every lesson of a checkout, in order of number."""
    folders = sorted(path.parent for path in root.glob("lessons/*/lesson.toml"))
    return [load(folder) for folder in folders]


def find(lessons: list[Lesson], name: str) -> Lesson:
    """Return the lesson meant by a number or a part of its name (2, 02, perf).

    Raise Problem when none or more than one fits.
    """
    if re.fullmatch(r"[0-9]{1,3}", name):
        fitting = [lesson for lesson in lessons if lesson.number == int(name)]
    else:
        fitting = [item for item in lessons if name and name in item.folder.name]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(lesson.folder.name for lesson in fitting or lessons)
    if fitting:
        raise Problem(
            Text(
                ja=f"「{name}」に合うレッスンが複数ある（{known}）．番号で指定する: "
                f"./lab run {fitting[0].label}",
                en=f"'{name}' fits more than one lesson ({known}); give its number: "
                f"./lab run {fitting[0].label}",
            )
        )
    example = lessons[0].label if lessons else "02"
    raise Problem(
        Text(
            ja=f"レッスン「{name}」は無い．あるのは {known}．例: ./lab run {example}",
            en=f"there is no lesson '{name}'; there is {known}: "
            f"type ./lab run {example}",
        )
    )
