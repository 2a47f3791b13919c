"""A real run of a lesson as a picture: an SVG that looks like a terminal."""

from __future__ import annotations

import datetime
import io
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import rich.console
from rich.terminal_theme import MONOKAI

from bcclessons import demo

if TYPE_CHECKING:
    from bcclessons.lesson import Lesson
    from bcclessons.machine import Machine

# Rich's own template loads a font from another site; this one asks for nothing.
_TEMPLATE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" \
xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; \
line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 13px; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" \
clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
# What the machine that ran it is: its system, kernel and bcc.
_NAMES = (
    '. /etc/os-release; printf "%s, Linux %s, bcc " "$PRETTY_NAME" "$(uname -r)"; '
    "/usr/bin/python3 -c 'import bcc; print(bcc.__version__)'"
)


def draw(machine: Machine, lesson: Lesson, into: Path) -> None:
    """Play the lesson's demo and write the picture of it to a file."""
    lines: list[str] = []
    demo.play(machine, lesson, lines.append)
    names = subprocess.run(
        machine.command(["sh", "-c", _NAMES]),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    today = datetime.datetime.now(tz=datetime.UTC).date()
    console = rich.console.Console(record=True, file=io.StringIO(), width=72)
    console.print(f"# ./{lesson.program}", style="bold", highlight=False)
    for line in lines:
        console.print(line, markup=False, highlight=False)
    svg = console.export_svg(
        title=f"{names.stdout.strip()} ({today})",
        theme=MONOKAI,
        code_format=_TEMPLATE,
        unique_id=lesson.program,
    )
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(svg)
