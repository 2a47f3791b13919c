"""The doctor's report as a table for a person, and as data for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rich.console
from rich.cells import set_cell_size
from rich.text import Text as RichText

from bcclessons.console.text import Language, Text, cells, wrapped
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.check import Check, State
from bcclessons.doctor.placement import Place, Placement
from bcclessons.doctor.report import Report

_STATES = {
    State.OK: (Text(ja="よい", en="ok"), "green"),
    State.MISSING: (Text(ja="無い", en="missing"), "yellow"),
    State.BROKEN: (Text(ja="異常", en="broken"), "red"),
}
_PLACES = {
    Place.HOST: Text(ja="このマシンで動く", en="runs here"),
    Place.STANDIN: Text(
        ja="このマシンで，代わりのヘッダを使って動く",
        en="runs here with stand-in headers",
    ),
    Place.VM: Text(ja="VM で動く", en="runs in the VM"),
    Place.NOWHERE: Text(ja="動かない", en="does not run"),
}


def show(
    report: Report,
    lessons: Sequence[Lesson],
    placements: Mapping[str, Placement],
    language: Language,
) -> None:
    """Print each check, how to fix what is not ok, each lesson's placement, a summary.

    In a terminal, lines break between words; elsewhere a program may read them.
    """
    console = rich.console.Console(highlight=False)

    def write(text: str, indent: int = 0, style: str = "") -> None:
        width = console.width - indent if console.is_terminal else 10_000
        for line in wrapped(text, width):
            console.print(
                " " * indent + line, style=style, soft_wrap=True, markup=False
            )

    titles = [check.title.to(language) for check in report.checks]
    column = 8 + max(map(cells, titles)) + 2
    for check, title in zip(report.checks, titles, strict=True):
        word, color = _STATES[check.state]
        start = RichText(set_cell_size(word.to(language), 8), style=color)
        start.append(set_cell_size(title, column - 8), style="default")
        console.print(start, end="")
        found = check.found.to(language)
        width = console.width - column if console.is_terminal else 10_000
        for number, line in enumerate(wrapped(found, width)):
            console.print(
                " " * column * bool(number) + line, soft_wrap=True, markup=False
            )
        if check.state is not State.OK:
            write(check.why.to(language), 8, "dim")
        if check.fix is not None and check.fix.command:
            # Never broken: it is there to be copied.
            command = f"{' ' * 8}→ {check.fix.command}"
            console.print(command, style="bold", soft_wrap=True, markup=False)
    console.print()
    for lesson in lessons:
        placement = placements[lesson.label]
        place = _PLACES[placement.place].to(language)
        write(f"{lesson.label} {lesson.program}: {place}", style="bold")
        write(placement.why.to(language), 3)
    console.print()
    write(_summary(report, placements).to(language))


def _summary(report: Report, placements: Mapping[str, Placement]) -> Text:
    """Return whether the lessons run, and whether there is anything to do."""
    stuck = [label for label, p in placements.items() if p.place is Place.NOWHERE]
    if stuck:
        names = ", ".join(stuck)
        return Text(
            ja=f"動かないレッスンがある: {names}．上の → のコマンドで直せる．",
            en=f"Some lessons do not run: {names}. The commands after → fix that.",
        )
    if all(check.state is State.OK for check in report.checks):
        return Text(
            ja="すべてのレッスンが動く．足りないものは無い．",
            en="All lessons run. Nothing is missing.",
        )
    return Text(
        ja="すべてのレッスンが動く．上の「無い」「異常」は，直さなくてもよい．",
        en="All lessons run. What is missing or broken above need not be fixed.",
    )


def as_data(report: Report, placements: Mapping[str, Placement]) -> dict[str, Any]:
    """Return the report as data for JSON: ``checks``, and ``lessons`` by number."""

    def both(text: Text) -> dict[str, str]:
        return {"ja": text.ja, "en": text.en}

    def check_data(check: Check) -> dict[str, Any]:
        return {
            "name": check.name,
            "title": both(check.title),
            "state": check.state.value,
            "found": both(check.found),
            "why": both(check.why),
            "fix": check.fix and check.fix.command,
        }

    return {
        "checks": [check_data(check) for check in report.checks],
        "lessons": {
            number: {
                "place": placement.place.value,
                "why": both(placement.why),
                "packages": list(placement.packages),
            }
            for number, placement in placements.items()
        },
    }
