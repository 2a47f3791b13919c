"""Plots as SVG: two panels that share an axis, for both colour schemes.

By hand: a plotting library writes ten times as much, with text as outlines, which a
screen reader does not read and a dark scheme does not recolour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from bcclessons.console.text import Language, Text
from bcclessons.course.loss import Results
from bcclessons.course.loss_plots import KINDS, Line, Panel, Plot

_WIDTH, _HEIGHT = 740, 420
_PANEL_WIDTH, _TOP, _BOTTOM = 282, 96, 330
_LEFTS = (56, 426)
_RATE = Text(ja="レート（件/秒）", en="rate (events/s)")
_RATE_MARKS = (1_000, 5_000, 20_000, 50_000)

# The colours are those of the lessons' pictures, which the site's own scheme replaces.
_STYLE = """\
svg.pic {
  --pic-ink: #1c2430;
  --pic-line: #5a6675;
  --pic-name: #0b57a4;
  --pic-warn: #b3261e;
  --pic-kernel: #dfe9f6;
  max-width: 100%;
  height: auto;
}
@media (prefers-color-scheme: dark) {
  svg.pic {
    --pic-ink: #e8ecf2;
    --pic-line: #93a1b3;
    --pic-name: #82c0ff;
    --pic-warn: #ff9d92;
    --pic-kernel: #22324a;
  }
}
svg.plot text {
  fill: var(--pic-ink);
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Hiragino Sans",
    "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic UI", Meiryo, sans-serif;
  font-size: 16px;
}
svg.plot .plot-title { font-weight: 700; }
svg.plot .plot-middle { text-anchor: middle; }
svg.plot .plot-end { text-anchor: end; }
svg.plot path { fill: none; stroke-width: 2; }
svg.plot .plot-grid { stroke: var(--pic-kernel); stroke-width: 1; }
svg.plot .plot-axis { stroke: var(--pic-line); stroke-width: 1; }
svg.plot .plot-warn { stroke: var(--pic-warn); }
svg.plot .plot-name { stroke: var(--pic-name); }
svg.plot .plot-ink { stroke: var(--pic-ink); }
svg.plot .plot-ring { stroke-dasharray: 6 4; }
"""


def drawn(plot: Plot, results: Results, language: Language) -> str:
    """Return a plot as SVG, in a language; the same results make the same text."""
    name = f"plot-{plot.name}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pic plot" lang="{language}" '
        f'role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc" '
        f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        f'<title id="{name}-title">{escape(plot.title.to(language))}</title>',
        f'<desc id="{name}-desc">{escape(plot.what.to(language))}</desc>',
        f"<style>\n{_STYLE}</style>",
        _text(8, 22, plot.unit.to(language)),
    ]
    for left, panel in zip(_LEFTS, plot.panels, strict=True):
        parts += _panel(plot, panel, left, results, language)
    x = _LEFTS[0]
    for kind, label in KINDS.items():
        parts.append(f'<path class="plot-ink plot-{kind}" d="M{x} 405h36"/>')
        parts.append(_text(x + 44, 410, label.to(language)))
        x += 180
    return "\n".join([*parts, "</svg>\n"])


def _panel(
    plot: Plot, panel: Panel, left: int, results: Results, language: Language
) -> Iterator[str]:
    right, middle = left + _PANEL_WIDTH, left + _PANEL_WIDTH / 2
    yield _text(middle, 48, panel.title.to(language), "plot-title plot-middle")
    marks = _marks(plot, results)
    for mark in marks:
        y = _y(marks, mark)
        yield f'<path class="plot-grid" d="M{left} {y:g}H{right}"/>'
        yield _text(left - 6, y + 5, f"{mark:g}", "plot-end")
    lines = [(line, line.points(results)) for line in panel.lines]
    rates = sorted({rate for _, points in lines for rate in points})
    scale = _PANEL_WIDTH / math.log(rates[-1] / rates[0])
    for rate in _RATE_MARKS:
        if rates[0] <= rate <= rates[-1]:
            x = left + scale * math.log(rate / rates[0])
            yield f'<path class="plot-axis" d="M{x:.1f} {_BOTTOM}v5"/>'
            yield _text(round(x, 1), _BOTTOM + 21, f"{rate:,}", "plot-middle")
    yield f'<path class="plot-axis" d="M{left} {_TOP}V{_BOTTOM}H{right}"/>'
    yield _text(middle, _BOTTOM + 43, _RATE.to(language), "plot-middle")
    yield from _legend(panel, left, language)
    for line, points in lines:
        places = [
            f"{left + scale * math.log(rate / rates[0]):.1f} {_y(marks, value):.1f}"
            for rate, value in points.items()
        ]
        yield f'<path class="{_classes(line)}" d="M{"L".join(places)}"/>'


def _legend(panel: Panel, left: int, language: Language) -> Iterator[str]:
    shown = {line.colour: line.label for line in panel.lines}
    step = _PANEL_WIDTH // len(shown)
    for x, (colour, label) in zip(
        range(left, left + _PANEL_WIDTH, step), shown.items(), strict=False
    ):
        yield f'<path class="plot-{colour}" d="M{x} 70h14"/>'
        yield _text(x + 18, 75, label.to(language))


def _classes(line: Line) -> str:
    return f"plot-{line.colour} plot-{line.kind}"


def _marks(plot: Plot, results: Results) -> list[float]:
    """Return the marks of the vertical axis, with more where values are beyond them."""
    lines = [line for panel in plot.panels for line in panel.lines]
    most = max(value for line in lines for value in line.points(results).values())
    marks = list(plot.marks)
    while marks[-1] < most:
        first, second = marks[-2:]
        marks.append(second * second / first if marks[0] else 2 * second - first)
    return marks


def _y(marks: list[float], value: float) -> float:
    """Return where a value is; one that is too small is at the axis."""
    least, most = marks[0], marks[-1]
    value = max(value, least)
    part = math.log(value / least) / math.log(most / least) if least else value / most
    return round(_BOTTOM - part * (_BOTTOM - _TOP), 1)


def _text(x: float, y: float, text: str, classes: str = "") -> str:
    attribute = f' class="{classes}"' if classes else ""
    return f'<text{attribute} x="{x:g}" y="{y:g}">{escape(text)}</text>'
