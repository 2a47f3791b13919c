"""A recorded run as a picture: an SVG that looks like a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import rich.console
from rich.terminal_theme import MONOKAI

if TYPE_CHECKING:
    from bcclessons.course.recording import Recording

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


def draw(recording: Recording, program: str) -> str:
    """Return the picture of a recorded run of a program."""
    console = rich.console.Console(record=True, file=io.StringIO(), width=72)
    command, _, output = recording.body.rstrip().partition("\n")
    console.print(command, style="bold", markup=False, highlight=False)
    console.print(output, markup=False, highlight=False)
    machine = f"{recording.release}, Linux {recording.kernel}, bcc {recording.bcc}"
    return console.export_svg(
        title=f"{machine} ({recording.date})",
        theme=MONOKAI,
        code_format=_TEMPLATE,
        unique_id=program,
    )
