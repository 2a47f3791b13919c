"""Tools side by side: the table, and that the page claims what it shows."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import peers
from bcclessons.course.peers import Place, Run, Start, Tool
from bcclessons.setup.paths import CHECKOUT

RUNS = [
    Run(0.2, 1000, 1000, 1.0, 0.02, 100_000_000),
    Run(0.4, 1000, 990, 1.0, 0.0297, 120_000_000, ["Possibly lost 10 samples"]),
    Run(0.3, 1000, 1000, 1.0, 0.025, 110_000_000),
]
PLACE = Place(
    Text(ja="マシン", en="a machine"),
    "2026-11-26",
    "6.18",
    2,
    [
        Tool(Text(ja="道具", en="a tool"), "1.0", RUNS),
        Tool(Text(ja="別の道具", en="another"), "2.0", [], Text(ja="無い", en="none")),
    ],
    Start([[0.01, 0.04, 0.2, 0.001]], [[0.01, 0.04, 0.1, 0.001]]),
)


def test_the_table_has_medians_and_what_was_lost() -> None:
    table = peers.table(PLACE, Language.EN)
    row = "| a tool (1.0) | 0.30 (0.20–0.40) | 2,990 / 3,000 | 10 | 25 (20–30) |"
    assert row in table
    assert "| another (2.0) | does not run here |" in table
    assert "3 times" in table


def test_the_start_is_shown_part_by_part() -> None:
    table = peers.start_table(PLACE, Language.JA)
    assert "| `BPF(text=…)` | 0.20 (0.20–0.20) | 0.10 (0.10–0.10) |" in table


def test_results_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    path = tmp_path / "peers.json"
    path.write_text('[{"title": 7}]')
    with pytest.raises(Problem, match="lab bench peers"):
        peers.load(path)


def median(place: Place, name: str, value: str) -> float:
    (tool,) = (tool for tool in place.tools if tool.name.en == name)
    return statistics.median(
        float(getattr(run, value)) / run.printed for run in tool.runs
    )


def test_what_the_page_claims_was_measured() -> None:
    places = peers.load(CHECKOUT / "docs/peers.json")
    assert places
    for place in places:
        one, both = "Lesson 02, one write a read", "Lesson 02, and woken for 64 events"
        cpu = "cpu_seconds"
        assert median(place, both, cpu) < median(place, one, cpu)
        assert median(place, one, cpu) < median(place, "Lesson 02", cpu)
        for peer in ("execsnoop (libbpf)", "bpftrace", "perf trace"):
            assert median(place, both, cpu) <= median(place, peer, cpu)
        # Much of BPF() is for /proc/kallsyms.
        as_it_is, short = (
            statistics.median(run[2] for run in runs)
            for runs in (place.start.all_symbols, place.start.few_symbols)
        )
        assert short < as_it_is * 0.75
        # The lessons lose nothing.
        for tool in place.tools:
            if tool.name.en.startswith("Lesson"):
                assert all(run.printed == run.calls for run in tool.runs)
