"""The simulator of a lesson's page, and the runs that it and the plots are made from."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from pathlib import Path

import msgspec

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import loss
from bcclessons.course.loss import Results
from bcclessons.course.loss_plots import KINDS, PLOTS, tables, where
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site.page import Page

_LABELS = {
    "simulator": Text(ja="シミュレータ", en="Simulator"),
    "kind": Text(ja="バッファ", en="Buffer"),
    "pages": Text(ja="ページ数", en="Pages"),
    "values": Text(ja="{}の値", en="{}: the values"),
}
_NUMBERS = {
    "rate": (Text(ja="レート（件/秒）", en="Rate (events/s)"), 1, 100_000, 20_000),
    "burst": (Text(ja="続けて起きる件数", en="Events in a row"), 1, 12_000, 300),
    "service": (
        Text(ja="1 件を読む時間（マイクロ秒）", en="Time to read one (microseconds)"),
        1,
        100_000,
        40,
    ),
}
_PAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_MESSAGES = {
    "result": Text(
        ja="{events} 件のうち，{received} 件が届き，{lost} 件（{percent}%）が失われる．"
        "バッファは，最も多いときで {filled}% まで埋まる．",
        en="Of {events} events, {received} arrive, and {lost} are lost ({percent}%). The "
        "buffer is {filled}% full at most.",
    ),
    "invalid": Text(
        ja="{label}: {min} から {max} までの整数を入れる．",
        en="{label}: enter a whole number from {min} to {max}.",
    ),
}


def form(script: Path, page: Page) -> str:
    """Return the form whose answers a script computes, from the runs that are next to it.

    Raise Problem if those cannot be read.
    """
    results = loss.load(script.with_name("loss.json"))
    language = page.language
    constants = {
        kind: msgspec.to_builtins(loss.constants(results, kind)) for kind in KINDS
    }
    data = {name: text.to(language) for name, text in _MESSAGES.items()}
    data["constants"] = json.dumps(constants)
    attributes = "".join(
        f' data-{name}="{escape(each)}"' for name, each in data.items()
    )
    fields = [
        _choice("kind", {k: v.to(language) for k, v in KINDS.items()}, "", language)
    ]
    for name, (label, least, most, value) in _NUMBERS.items():
        fields.append(
            f"<label>{label.to(language)}"
            f'<input type="number" name="{name}" min="{least}" max="{most}" '
            f'value="{value}" required></label>'
        )
    fields.append(_choice("pages", {str(n): str(n) for n in _PAGES}, "8", language))
    source = page.link_to(script.relative_to(CHECKOUT).as_posix())
    return (
        f'<div class="simulator" role="group" '
        f'aria-label="{_LABELS["simulator"].to(language)}"{attributes}>'
        f"{''.join(fields)}<output></output></div>"
        f'<script defer src="{escape(source)}"></script>'
    )


def _choice(name: str, options: dict[str, str], chosen: str, language: Language) -> str:
    shown = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{text}</option>'
        for value, text in options.items()
    )
    label = _LABELS[name].to(language)
    return f'<label>{label}<select name="{name}">{shown}</select></label>'


def values(
    results: Results, name: str, language: Language, render: Callable[[str], str]
) -> str:
    """Return the values of a plot as HTML, and how they were measured.

    ``render`` makes HTML of a table in Markdown. Raise Problem if there is no such plot.
    """
    plot = next((each for each in PLOTS if each.name == name), None)
    if plot is None:
        raise Problem(ja=f"図 {name} は無い．", en=f"there is no plot '{name}'.")
    shown = "".join(render(table) for table in tables(plot, results, language))
    summary = _LABELS["values"].to(language).format(plot.title.to(language))
    caption = f'<p class="run-caption">{escape(where(results, language))}</p>'
    details = f"<details><summary>{summary}</summary>{shown}</details>"
    return caption + details if plot is PLOTS[0] else details
