"""The words that the site adds to a page, in the page's language."""

from __future__ import annotations

from bcclessons.lineref import Lines
from bcclessons.recording import Recording
from bcclessons.text import Text


def line_label(lines: Lines) -> Text:
    """Return what follows a reference: the line, or the lines, that it names."""
    if lines.first == lines.last:
        return Text(ja=f"（{lines.first} 行目）", en=f" (line {lines.first})")
    span = f"{lines.first}–{lines.last}"
    return Text(ja=f"（{span.replace('–', '〜')} 行目）", en=f" (lines {span})")


def caption(recording: Recording) -> Text:
    """Return where and when a run was recorded, and by which command."""
    machine = f"{recording.release}, Linux {recording.kernel}, bcc {recording.bcc}"
    return Text(
        ja=f"{recording.date} に {machine} で記録した（{recording.command}）．",
        en=f"Recorded on {recording.date}, {machine} ({recording.command}).",
    )


def source_title(program: str) -> Text:
    """Return the heading of a program's listing."""
    return Text(ja=f"プログラム {program}", en=f"The program {program}")
