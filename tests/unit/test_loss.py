"""Lost events, measured: tables, plots, and that the page claims what they show."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from bcclessons.console.text import Language, Problem
from bcclessons.course import loss, loss_plots
from bcclessons.course.loss import Results, Run
from bcclessons.course.loss_plots import PLOTS
from tools import loss as measuring

FOLDER = measuring.RESULTS.parent
SVG = "{http://www.w3.org/2000/svg}"


def run(**changes: object) -> Run:
    values: dict[str, object] = {
        "kind": "perf",
        "pages": 2,
        "busy_us": 40,
        "wake_us": 30,
        "service_us": 41,
        "rate": 5_000,
        "burst": 1,
        "attempts": 1_000,
        "lost": 0,
        "told": 0,
        "call_us": 10,
        "untraced_us": 1,
        "reader_us": 50,
        "delay_us": 20,
        "late_us": 30,
    }
    return Run(**{**values, **changes})  # type: ignore[arg-type]


def results_of(*runs: Run) -> Results:
    return Results("2026-11-26", "Debian", "6.18", "0.26", "a CPU", 244, list(runs))


@pytest.fixture(scope="module")
def results() -> Results:
    """What was measured."""
    return loss.load(measuring.RESULTS)


def every_setting() -> list[Run]:
    names = ("kind", "pages", "busy_us", "burst", "rate")
    return [run(**dict(zip(names, each, strict=True))) for each in measuring.settings()]


def test_a_table_has_the_median_of_each_rate() -> None:
    found = results_of(
        *(run(lost=lost) for lost in (100, 900, 123)),
        *(run(rate=80_000, lost=lost) for lost in (1, 3, 4)),
        run(pages=8, lost=500),
    )
    table = loss_plots.tables(PLOTS[0], found, Language.EN)[0].splitlines()
    assert table[0] == "| one at a time: lost (%) | 5,000 | 80,000 |"
    assert table[2] == "| perf buffer, 2 pages | 12 | 0.3 |"
    assert "| perf buffer, 8 pages | 50 |" in table


def test_where_says_how_many_runs_there_were() -> None:
    found = results_of(*every_setting(), *every_setting())
    assert loss_plots.where(found, Language.EN).endswith("BCC 0.26. Medians of 2 runs.")
    assert "2 回ずつ" in loss_plots.where(found, Language.JA)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    found = results_of(*every_setting())
    paths = measuring.write(found, tmp_path)
    assert loss.load(tmp_path / "loss.json") == found
    assert set(paths) == set(tmp_path.iterdir())
    assert len(paths) == 1 + 2 * len(PLOTS)


def test_results_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    path = tmp_path / "loss.json"
    path.write_text('{"date": 7}')
    with pytest.raises(Problem, match="lab bench loss"):
        loss.load(path)


def test_the_plots_are_those_of_the_results(results: Results) -> None:
    kept = {path.name: path.read_text() for path in FOLDER.glob("plot-*.svg")}
    assert kept == measuring.plots(results)


def test_values_beyond_the_marks_move_them() -> None:
    plain = results_of(*every_setting())
    large = results_of(*every_setting(), run(busy_us=0, pages=64, reader_us=65))
    for found, top in ((plain, "50"), (large, "60")):
        svg = measuring.plots(found)["plot-cpu.en.svg"]
        marks = re.findall(r'<text class="plot-end"[^>]*>([\d.]+)<', svg)
        assert max(marks, key=float) == top
        heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", svg)]
        assert min(heights) >= 70


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_a_plot_differs_in_its_words_alone(
    results: Results, plot: loss_plots.Plot
) -> None:
    drawn = measuring.plots(results)
    # They are ours: nothing to defuse.
    ja, en = (
        fromstring(drawn[f"plot-{plot.name}{suffix}.svg"])  # noqa: S314
        for suffix in ("", ".en")
    )

    def said(root: Element, kind: str, attribute: str) -> str:
        (element,) = root.findall(f"{SVG}{kind}")
        assert element.get("id") == root.get(attribute)
        return element.text or ""

    for one, other in zip(ja.iter(), en.iter(), strict=True):
        assert (one.tag, {**one.attrib, "lang": ""}) == (
            other.tag,
            {**other.attrib, "lang": ""},
        )
    for root, language in ((ja, "ja"), (en, "en")):
        assert (root.get("lang"), root.get("role")) == (language, "img")
        for kind, attribute in (
            ("title", "aria-labelledby"),
            ("desc", "aria-describedby"),
        ):
            assert said(root, kind, attribute).isascii() == (language == "en")


def test_the_runs_are_of_every_setting_and_their_account_balances(
    results: Results,
) -> None:
    plans = [
        [each.kind, each.pages, each.busy_us, each.burst, each.rate]
        for each in results.runs
    ]
    settings = measuring.settings()
    times = len(plans) // len(settings)
    assert times >= 3
    assert plans == settings * times
    for each in results.runs:
        assert 0 <= each.lost < each.attempts
        assert each.told == 0 or each.kind == "perf"


CLAIMS: list[tuple[str, str, dict[str, object], str, float, float]] = [
    # What the pages say; of which runs; which value, and between what it must be.
    ("毎秒 50,000 件では，2 ページで約 50%", "about 50% are lost with 2", {"pages": 2, "burst": 1, "rate": 50_000}, "lost_percent", 48, 52),
    ("64 ページでも約 43%", "about 43% even with 64", {"pages": 64, "burst": 1, "rate": 50_000}, "lost_percent", 41, 45),
    ("どのレートでも約 88%", "about 88% are lost with 2 pages, at every rate", {"pages": 2, "burst": 300}, "lost_percent", 85, 91),
    ("perf バッファは約 51%", "the perf buffer loses about 51%", {"pages": 8, "burst": 300, "rate": 20_000, "kind": "perf"}, "lost_percent", 49, 53),
    ("リングバッファは約 57%", "the ring buffer even more, about 57%", {"pages": 8, "burst": 300, "rate": 20_000, "kind": "ring"}, "lost_percent", 55, 59),
    ("約 13 マイクロ秒", "about 13 microseconds", {"busy_us": 0, "burst": 1, "rate": 10_000}, "sender_us", 11, 15),
    ("perf バッファで約 8 マイクロ秒", "about 8 microseconds with the perf", {"busy_us": 0, "burst": 300, "rate": 10_000, "kind": "perf"}, "sender_us", 7, 9),
    ("リングバッファで約 0.3 マイクロ秒", "about 0.3 with the ring", {"busy_us": 0, "burst": 300, "rate": 10_000, "kind": "ring"}, "sender_us", 0.2, 0.4),
    ("約 0.03 ミリ秒", "about 0.03 milliseconds", {"busy_us": 0, "burst": 1, "rate": 10_000}, "delay_us", 20, 35),
    ("2 ページで約 1 ミリ秒", "about 1 millisecond with 2 pages", {"pages": 2, "burst": 1, "rate": 50_000}, "delay_us", 700, 1_400),
    ("64 ページで約 40 ミリ秒", "about 40 milliseconds with 64", {"pages": 64, "burst": 1, "rate": 50_000}, "delay_us", 35_000, 45_000),
]  # fmt: skip


@pytest.mark.parametrize(("ja", "en", "setting", "value", "least", "most"), CLAIMS)
def test_what_the_page_claims_was_measured(
    results: Results,
    ja: str,
    en: str,
    setting: dict[str, object],
    value: str,
    least: float,
    most: float,
) -> None:
    for name, words in (("README.md", ja), ("README.en.md", en)):
        assert words in (FOLDER / name).read_text(encoding="utf-8")
    kinds = [setting["kind"]] if "kind" in setting else list(loss_plots.KINDS)
    for kind in kinds:
        found = loss.medians(
            results,
            lambda run: float(getattr(run, value)),
            **{"busy_us": loss.BUSY_US, **setting, "kind": kind},
        )
        assert found
        assert all(least <= each <= most for each in found.values()), (kind, found)


def test_nothing_is_lost_where_the_page_says_so(results: Results) -> None:
    for kind in loss_plots.KINDS:
        for pages, burst, most in ((2, 1, 1.0), (64, 1, 0.0), (64, 300, 0.0)):
            lost = loss.medians(
                results,
                lambda run: run.lost_percent,
                kind=kind, pages=pages, burst=burst, busy_us=loss.BUSY_US,
            )  # fmt: skip
            assert all(value <= most for rate, value in lost.items() if rate <= 20_000)


def test_more_pages_lose_less_and_are_later(results: Results) -> None:
    for kind in loss_plots.KINDS:
        lost, delays = (
            [
                loss.medians(
                    results,
                    value,
                    kind=kind,
                    pages=pages,
                    burst=1,
                    busy_us=loss.BUSY_US,
                )[50_000]
                for pages in loss.PAGES
            ]
            for value in (lambda run: run.lost_percent, lambda run: run.delay_us)
        )
        assert lost == sorted(lost, reverse=True)
        assert delays == sorted(delays)
