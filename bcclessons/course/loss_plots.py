"""What is plotted of the runs of ./lab bench loss, and the same as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bcclessons.console.text import Language, Text
from bcclessons.course.loss import BURSTS, BUSY_US, PAGES, Results, Run, Value, medians


@dataclass(frozen=True)
class Line:
    """Medians of a value by rate, of the runs with a setting.

    Lines of a panel that differ in the kind of buffer alone have one label and colour.
    """

    label: Text
    colour: str
    value: Value
    setting: Mapping[str, object]

    @property
    def kind(self) -> str:
        """The kind of buffer, "perf" or "ring"."""
        return str(self.setting["kind"])

    def points(self, results: Results) -> dict[int, float]:
        """Return the median at each rate."""
        return medians(results, self.value, **self.setting)


@dataclass(frozen=True)
class Panel:
    """One of the two halves of a plot."""

    title: Text
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Plot:
    """Two panels with one vertical axis, logarithmic unless its ``marks`` begin at 0.

    ``what`` says what it shows, to who does not see it.
    """

    name: str
    title: Text
    what: Text
    unit: Text
    marks: tuple[float, ...]
    panels: tuple[Panel, Panel]


KINDS = {
    "perf": Text(ja="perf バッファ", en="perf buffer"),
    "ring": Text(ja="リングバッファ", en="ring buffer"),
}
_COLOURS = ("warn", "name", "ink")
_LAST = PAGES[-1]


def _by_pages(value: Value, burst: int) -> tuple[Line, ...]:
    return tuple(
        Line(
            Text(ja=f"{pages} ページ", en=f"{pages} pages"),
            colour,
            value,
            {"kind": kind, "pages": pages, "burst": burst, "busy_us": BUSY_US},
        )
        for pages, colour in zip(PAGES, _COLOURS, strict=True)
        for kind in KINDS
    )


def _by_burst(value: Value) -> tuple[Line, ...]:
    return tuple(
        Line(
            _one_by_one if burst == 1 else _in_bursts,
            colour,
            value,
            {"kind": kind, "pages": _LAST, "burst": burst, "busy_us": 0},
        )
        for burst, colour in zip(BURSTS, _COLOURS[1::-1], strict=True)
        for kind in KINDS
    )


def _fast_delays() -> tuple[Line, ...]:
    parts: tuple[tuple[Text, str, Value], ...] = (
        (Text(ja="中央値", en="median"), "name", _delay),
        (Text(ja="遅いほうの 1%", en="slowest 1%"), "warn", _late),
    )
    return tuple(
        Line(
            label,
            colour,
            value,
            {"kind": kind, "pages": _LAST, "burst": 1, "busy_us": 0},
        )
        for label, colour, value in parts
        for kind in KINDS
    )


def _lost(run: Run) -> float:
    return run.lost_percent


def _sender(run: Run) -> float:
    return run.sender_us


def _reader(run: Run) -> float:
    return run.reader_us


def _delay(run: Run) -> float:
    return run.delay_us / 1_000


def _late(run: Run) -> float:
    return run.late_us / 1_000


_one_by_one = Text(ja="1 件ずつ等間隔", en="one at a time")
_in_bursts = Text(ja=f"{BURSTS[1]} 件ずつ", en=f"{BURSTS[1]} in a row")

PLOTS = (
    Plot(
        "lost",
        Text(ja="失われた割合", en="How many are lost"),
        Text(
            ja="横軸はレート，縦軸は失われた割合である．左は 1 件ずつ，右は "
            f"{BURSTS[1]} 件ずつ起きたときで，1 件に {BUSY_US} マイクロ秒かけて読む．"
            "左では，読む側が追いつくレートまでは何も失われず，そこから先はページ数によらず増える．"
            "右では，ページが少ないと，遅いレートでも失われる．値は下の表にある．",
            en="Rate across, percent lost up. On the left, events come one at a time, on "
            f"the right {BURSTS[1]} in a row; reading one takes {BUSY_US} microseconds. "
            "On the left, nothing is lost up to the rate that the reader keeps up with; "
            "beyond it, losses rise whatever the pages. On the right, with few pages, "
            "events are lost at low rates too. The values are in the table below.",
        ),
        Text(ja="失われた割合（%）", en="lost (%)"),
        (0, 25, 50, 75, 100),
        (
            Panel(_one_by_one, _by_pages(_lost, 1)),
            Panel(_in_bursts, _by_pages(_lost, BURSTS[1])),
        ),
    ),
    Plot(
        "cpu",
        Text(ja="1 件あたりの CPU 時間", en="CPU time per event"),
        Text(
            ja="横軸はレート，縦軸は 1 件あたりの CPU 時間である．左は送る側，右は読む側で，"
            "読む側は何もしない．1 件ずつ起きると，どちらのバッファでも，送る側は"
            "読む側を起こすことに時間を使う．続けて起きると，それが減り，リングバッファでは"
            "ほとんど無くなる．値は下の表にある．",
            en="Rate across, CPU time per event up. On the left the sender, on the right "
            "the reader, which does nothing with an event. Where events come one at a "
            "time, the sender of either buffer takes its time to wake the reader. Where "
            "they come in a row, that is less, and next to nothing with the ring buffer. "
            "The values are in the table below.",
        ),
        Text(ja="マイクロ秒", en="microseconds"),
        (0, 10, 20, 30, 40),
        (
            Panel(Text(ja="送る側", en="sender"), _by_burst(_sender)),
            Panel(Text(ja="読む側", en="reader"), _by_burst(_reader)),
        ),
    ),
    Plot(
        "delay",
        Text(ja="送ってからコールバックまで", en="From sending to callback"),
        Text(
            ja="横軸はレート，縦軸は送ってからコールバックまでの時間である．左は，何もしない読む側で，"
            "2 つのバッファに差は無い．右は，1 件に "
            f"{BUSY_US} マイクロ秒かける読む側で，追いつかないレートでは，"
            "ページが多いほど遅れる．値は下の表にある．",
            en="Rate across, time from sending to callback up. On the left the reader only reads: "
            "the two buffers do not differ. On the right it takes "
            f"{BUSY_US} microseconds for each: where it does not keep up, more pages mean "
            "later events. The values are in the table below.",
        ),
        Text(ja="ミリ秒", en="milliseconds"),
        (0.01, 0.1, 1, 10, 100),
        (
            Panel(Text(ja="読むだけ", en="reading only"), _fast_delays()),
            Panel(
                Text(
                    ja=f"1 件に {BUSY_US} マイクロ秒", en=f"{BUSY_US} microseconds each"
                ),
                _by_pages(_delay, 1),
            ),
        ),
    ),
)


def where(results: Results, language: Language) -> str:
    """Return on which machine, and when, the runs were made."""
    runs = len(results.runs) // len({_setting(run) for run in results.runs})
    return Text(
        ja=f"{results.date}，{results.cpu}，{results.system}，カーネル {results.kernel}，"
        f"BCC {results.bcc}．{runs} 回ずつ動かした中央値．",
        en=f"{results.date}, {results.cpu}, {results.system}, kernel {results.kernel}, "
        f"BCC {results.bcc}. Medians of {runs} runs.",
    ).to(language)


def _setting(run: Run) -> tuple[object, ...]:
    return run.kind, run.pages, run.busy_us, run.burst, run.rate


def tables(plot: Plot, results: Results, language: Language) -> list[str]:
    """Return a table in Markdown for each panel: a line in each row, by rate."""
    return [_table(plot, panel, results, language) for panel in plot.panels]


def _table(plot: Plot, panel: Panel, results: Results, language: Language) -> str:
    rows: list[list[str]] = []
    for line in panel.lines:
        points = line.points(results)
        if not rows:
            unit = f"{panel.title.to(language)}: {plot.unit.to(language)}"
            rows = [
                [unit, *(f"{rate:,}" for rate in points)],
                ["---"] + ["--:"] * len(points),
            ]
        comma = "，" if language is Language.JA else ", "
        name = f"{KINDS[line.kind].to(language)}{comma}{line.label.to(language)}"
        rows.append([name, *(_shown(value) for value in points.values())])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _shown(value: float) -> str:
    """Return a value with two significant digits, or with no fraction."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
