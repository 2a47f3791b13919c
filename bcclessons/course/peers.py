"""What ./lab bench peers found: docs/peers.json, and its table."""

from __future__ import annotations

import statistics
from pathlib import Path

import msgspec

from bcclessons.console.text import Language, Text
from bcclessons.course.results import read_results
from bcclessons.setup.files import write_atomically


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run of a tool, in seconds and bytes.

    ``start_seconds`` is from its start to the first line of an event, ``printed`` the
    lines of the ``calls`` that were then made in ``storm_seconds``, ``cpu_seconds`` what
    it took meanwhile, ``peak_bytes`` the most memory. ``said`` is what it said of losses.
    """

    start_seconds: float
    calls: int
    printed: int
    storm_seconds: float
    cpu_seconds: float
    peak_bytes: int
    said: list[str] = []


class Tool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool and its runs; without any, ``problem`` is why."""

    name: Text
    version: str
    runs: list[Run]
    problem: Text | None = None


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the start of lesson 02's program goes, in seconds, for each of some runs.

    A run's parts are those of ``PARTS``; ``few_symbols`` were run with a /proc/kallsyms
    that holds little more than the name that libbcc looks up there.
    """

    all_symbols: list[list[float]]
    few_symbols: list[list[float]]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine and the day, in UTC, on which all tools were run there in turn."""

    title: Text
    date: str
    kernel: str
    cpus: int
    tools: list[Tool]
    start: Start


def load(path: Path) -> list[Place]:
    """Read the results. Raise Problem if they cannot be read."""
    return read_results(path, list[Place], "./lab bench peers")


def write(places: list[Place], path: Path) -> None:
    """Write the results, whole or not at all."""
    encoded = msgspec.json.format(msgspec.json.encode(places), indent=2)
    write_atomically(path, encoded + b"\n")


_HEADS = (
    Text(ja="ツール", en="Tool"),
    Text(ja="起動から最初の行まで（秒）", en="Start to first line (s)"),
    Text(ja="表示した行 / 呼び出し", en="Lines / calls"),
    Text(ja="失われた", en="Lost"),
    Text(ja="1 件の CPU 時間（µs）", en="CPU per event (µs)"),
    Text(ja="メモリ（MB）", en="Memory (MB)"),
)


PARTS = (
    Text(ja="Python の起動", en="Python starts"),
    Text(ja="`import bcc`", en="`import bcc`"),
    Text(ja="`BPF(text=…)`", en="`BPF(text=…)`"),
    Text(ja="付ける，バッファを開く", en="attach, and open the buffer"),
)
_START_HEADS = (
    Text(ja="起動の部分（秒）", en="Part of the start (s)"),
    Text(ja="そのまま", en="As it is"),
    Text(ja="短い /proc/kallsyms で", en="With a short /proc/kallsyms"),
)


_NO_RUN = Text(ja="ここでは動かない", en="does not run here")


def start_table(place: Place, language: Language) -> str:
    """Return where the start goes on a machine, in Markdown."""
    lines = [[head.to(language) for head in _START_HEADS], ["---", "--:", "--:"]]
    for number, part in enumerate(PARTS):
        columns = (place.start.all_symbols, place.start.few_symbols)
        cells = [_spread([run[number] for run in runs], 2) for runs in columns]
        lines.append([part.to(language), *cells])
    rows = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{_where(place, len(place.start.all_symbols), language)}\n\n{rows}"


def _where(place: Place, runs: int, language: Language) -> str:
    words = Text(
        ja=f"{place.date}，{place.title.ja}，カーネル {place.kernel}，CPU {place.cpus} 個．"
        f"順に {runs} 回ずつ動かした中央値（最小–最大）．",
        en=f"{place.date}, {place.title.en}, kernel {place.kernel}, {place.cpus} CPUs. "
        f"In turn, {'once' if runs == 1 else f'{runs} times'}; medians (least–most).",
    )
    return words.to(language)


def table(place: Place, language: Language) -> str:
    """Return a machine's results in Markdown: medians, and from the least to the most."""
    lines = [[head.to(language) for head in _HEADS], ["---"] + ["--:"] * 5]
    for tool in place.tools:
        name = f"{tool.name.to(language)} ({tool.version})"
        if not tool.runs:
            # In its own words, in the file: those of BCC lead elsewhere in a search.
            lines.append([name, _NO_RUN.to(language), "–", "–", "–", "–"])
            continue
        calls = sum(run.calls for run in tool.runs)
        printed = sum(run.printed for run in tool.runs)
        lines.append(
            [
                name,
                _spread([run.start_seconds for run in tool.runs], 2),
                f"{printed:,} / {calls:,}",
                f"{calls - printed:,}",
                # Of what it printed: what was lost cost it nothing.
                _spread([1e6 * x.cpu_seconds / x.printed for x in tool.runs], 0),
                _spread([run.peak_bytes / 1e6 for run in tool.runs], 0),
            ]
        )
    rows = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    runs = max(len(tool.runs) for tool in place.tools)
    return f"{_where(place, runs, language)}\n\n{rows}"


def _spread(values: list[float], digits: int) -> str:
    middle = statistics.median(values)
    least, most = min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f}–{most:.{digits}f})"
