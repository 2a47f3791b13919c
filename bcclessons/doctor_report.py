"""The doctor's report as a table for a person, and as data for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rich.console
import rich.table
from rich.text import Text as RichText

from bcclessons.doctor import Check, Report, State
from bcclessons.lesson import Lesson
from bcclessons.text import Language, Text
from bcclessons.verdict import Place, Verdict

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
    verdicts: Mapping[str, Verdict],
    language: Language,
) -> None:
    """Print each check, how to mend what is not ok, and each lesson's verdict."""
    console = rich.console.Console(highlight=False, soft_wrap=False)
    table = rich.table.Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in report.checks:
        word, color = _STATES[check.state]
        found = RichText(check.found.to(language))
        if check.state is not State.OK:
            found.append(f"\n{check.why.to(language)}", style="dim")
        if check.fix is not None and check.fix.command:
            found.append(f"\n→ {check.fix.command}", style="bold")
        table.add_row(
            RichText(word.to(language), style=color), check.title.to(language), found
        )
    console.print(table)
    console.print()
    for lesson in lessons:
        verdict = verdicts[lesson.label]
        line = f"{lesson.label} {lesson.program}: {_PLACES[verdict.place].to(language)}"
        console.print(RichText(f"{line} ({verdict.why.to(language)})", style="bold"))


def as_data(report: Report, verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
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
                "place": verdict.place.value,
                "why": both(verdict.why),
                "packages": list(verdict.packages),
            }
            for number, verdict in verdicts.items()
        },
    }
