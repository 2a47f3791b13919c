"""Recorded runs in a page: their text, the player, and one that plays by itself."""

from __future__ import annotations

import html
import json
import re
from typing import NamedTuple

from bcclessons.console.text import Language
from bcclessons.course.lesson import Lesson
from bcclessons.course.recording import Recording
from bcclessons.site.labels import WATCH, caption

PLAYER = "assets/vendor/"
"""The folder of the site that has the player."""

# How a run that plays by itself keeps time, in seconds: when it starts, and the
# longest pause between two lines.
_START = 0.8
_LONGEST_PAUSE = 1.2


class Player(NamedTuple):
    """The player of a run: the links to its script and to the player's folder.

    It is there at once if it ``is_open``.
    """

    script: str
    folder: str
    is_open: bool


def has_player(lesson: Lesson, stem: str) -> bool:
    """Tell whether a run is worth watching: something is typed in another window."""
    return any(run.stem == stem and run.steps for run in lesson.all_runs)


def script_path(lesson: Lesson, stem: str) -> str:
    """Return the path on the site of a run's recording, as a script."""
    return f"lessons/{lesson.folder.name}/{stem}.js"


def script(cast: str) -> str:
    """Return a script that leaves a recording on its own element.

    A page that was opened as a file may run a script, but may not fetch a file.
    """
    return f"document.currentScript.recording = {json.dumps(cast)};\n"


def shown(
    run: Recording, fragment: str | None, language: Language, player: Player | None
) -> str:
    """Return a run, or those of its lines that ``fragment`` names, as HTML.

    Raise LineRefError for a fragment that names no lines.
    """
    body = run.body if fragment is None else run.excerpt(fragment)
    text = _text(html.escape(body))
    if player is None:
        return _framed(text, run, language)
    return _framed(
        text,
        run,
        language,
        f'<details class="recording"{" open" if player.is_open else ""}>'
        f"<summary>{WATCH.to(language)}</summary>"
        f'<div class="player" data-recording="{player.script}" '
        f'data-player="{player.folder}"></div></details>',
    )


def animated(run: Recording, lesson: Lesson, language: Language) -> str:
    """Return a run whose lines appear one by one, at the pace of their time column."""
    at = _START
    previous: int | None = None
    lines = []
    for line in run.body.splitlines():
        text = html.escape(line)
        if event := re.fullmatch(lesson.output.line, line):
            now = int(event["time"])
            at += min((now - (previous or now)) / 1e9, _LONGEST_PAUSE)
            previous = now
        elif previous:
            at += _LONGEST_PAUSE  # the end, which has no time
        if previous:
            text = f'<span class="event" style="--at:{at:.2f}s">{text}</span>'
        lines.append(text)
    return _framed(_text("\n".join(lines)), run, language)


def _text(inner: str) -> str:
    return f'<pre tabindex="0"><code>{inner}</code></pre>'


def _framed(inner: str, run: Recording, language: Language, below: str = "") -> str:
    text = html.escape(caption(run).to(language))
    return f'<div class="run">{inner}<p class="run-caption">{text}</p>{below}</div>'
