"""The doctor's report as a table for a person, and as data for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rich.console
from rich.cells import cell_len, set_cell_size
from rich.text import Text as RichText

from bcclessons.console.text import Language, Text
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.checks import Check, Report, State
from bcclessons.doctor.placement import Place, Placement

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
    """Print each check, how to mend what is not ok, and each lesson's placement."""
    console = rich.console.Console(highlight=False)
    titles = [check.title.to(language) for check in report.checks]
    width = max(map(cell_len, titles))
    for check, title in zip(report.checks, titles, strict=True):
        word, color = _STATES[check.state]
        line = RichText(set_cell_size(word.to(language), 8), style=color)
        line.append(f"{set_cell_size(title, width)}  ", style="default")
        line.append(check.found.to(language), style="default")
        console.print(line, soft_wrap=True)
        if check.state is not State.OK:
            why = RichText(f"{' ' * 8}{check.why.to(language)}", style="dim")
            console.print(why, soft_wrap=True)
        if check.fix is not None and check.fix.command:
            # Never broken: it is there to be copied.
            fix = RichText(f"{' ' * 8}→ {check.fix.command}", style="bold")
            console.print(fix, soft_wrap=True)
    console.print()
    for lesson in lessons:
        placement = placements[lesson.label]
        line = RichText(f"{lesson.label} {lesson.program}: ", style="bold")
        line.append(_PLACES[placement.place].to(language), style="bold")
        console.print(line)
        console.print(f"   {placement.why.to(language)}", soft_wrap=True, markup=False)


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
