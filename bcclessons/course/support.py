"""What each lesson's tests found on each release: docs/support.json."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import exercise
from bcclessons.course.results import read_results
from bcclessons.setup.files import write_atomically
from bcclessons.setup.system import version_of

if TYPE_CHECKING:
    from bcclessons.course.lesson import Lesson

Outcome = Literal["passed", "skipped", "failed", "error"]
Outcomes = dict[str, dict[str, Outcome]]
"""The outcome of each test, by its name, by the lesson's label."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the tests found in the VM of one release, with its kernel and bcc.

    ``date`` is the day of the run, in UTC, as 2026-11-24.
    """

    title: str
    date: str
    kernel: str
    bcc: str
    tests: Outcomes

    @property
    def passed(self) -> bool:
        """Whether no test failed."""
        outcomes = {found for tests in self.tests.values() for found in tests.values()}
        return outcomes <= {"passed", "skipped"}


class Support(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last run of all tests on each release.

    ``programs`` holds the SHA-256 of each program as it was run: a lesson's by the
    lesson's label (02), an exercise's solution by the exercise's (02/1).
    """

    programs: dict[str, str]
    releases: list[Row]


def digests(lessons: Sequence[Lesson]) -> dict[str, str]:
    """Return the SHA-256 of each lesson's program and each solution, by label."""
    programs = {lesson.label: lesson.source for lesson in lessons}
    programs |= {item.label: item.solution for item in exercise.load_all(lessons)}
    return {
        label: hashlib.sha256(path.read_bytes()).hexdigest()
        for label, path in programs.items()
    }


def load(path: Path) -> Support:
    """Read the results. Raise Problem if they cannot be read."""
    return read_results(path, Support, "./lab test --matrix")


def write(support: Support, path: Path) -> None:
    """Write the results, in an order of their own, whole or not at all."""
    encoded = msgspec.json.encode(support, order="deterministic")
    write_atomically(path, msgspec.json.format(encoded, indent=2) + b"\n")


def check(support: Support, lessons: Sequence[Lesson]) -> None:
    """Raise Problem, naming the lessons and exercises whose programs were not run.

    Their texts are compared, for in a clone every file is as old as the clone.
    """
    now = digests(lessons)
    stale = [label for label in now if now[label] != support.programs.get(label)]
    stale += [label for label in support.programs if label not in now]
    if stale:
        names = ", ".join(sorted(stale))
        raise Problem(
            ja=f"docs/support.json は，今の {names} のプログラムの結果ではない．"
            "すべての版で動かし直す: ./lab test --matrix",
            en=f"docs/support.json does not hold the results of {names} as it is "
            "now; run all on every release again: ./lab test --matrix",
        )


def table(support: Support, lessons: Sequence[Lesson], language: Language) -> str:
    """Return the results in Markdown: a table, and what its cells say.

    Each release is a row, from the oldest kernel to the newest; each lesson a column.
    """
    heads = [
        Text(ja="Debian の版", en="Release"),
        Text(ja="カーネル", en="Kernel"),
        Text(ja="BCC", en="BCC"),
        Text(ja="動かした日", en="Run on"),
    ]
    lines = [
        [
            *(head.to(language) for head in heads),
            *(
                Text(ja="レッスン ", en="Lesson ").to(language) + i.label
                for i in lessons
            ),
        ],
        ["---"] * (len(heads) + len(lessons)),
    ]
    for row in sorted(support.releases, key=lambda row: version_of(row.kernel)):
        cells = [_cell(row.tests.get(lesson.label, {})) for lesson in lessons]
        lines.append([row.title, row.kernel, row.bcc, row.date, *cells])
    words = Text(
        ja="`./lab test --matrix` で動かした結果である．レッスンの欄は，"
        "そのテストのうち，通った数 / 動かした数を示す．",
        en="Run by `./lab test --matrix`. A lesson's cell says how many of its tests "
        "passed / were run.",
    )
    rows = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{rows}\n{words.to(language)}\n"


def _cell(tests: dict[str, Outcome]) -> str:
    """Return "passed / run", bold where they differ, and a dash where none was run."""
    found = [outcome for outcome in tests.values() if outcome != "skipped"]
    if not found:
        return "–"
    cell = f"{found.count('passed')} / {len(found)}"
    return cell if set(found) == {"passed"} else f"**{cell}**"
