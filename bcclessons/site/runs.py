"""Recorded runs in a page: their text, their recording, and one that plays by itself."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from bcclessons.console.text import Language
from bcclessons.course import recording
from bcclessons.course.lesson import Lesson
from bcclessons.course.output import Origins
from bcclessons.course.recording import ComparedLine, Recording
from bcclessons.course.run import Run, changed
from bcclessons.site import labels, live, scripts
from bcclessons.site.page import Page

PLAYER = "assets/vendor/"
"""The folder of the site that has the player."""

# How a run that plays by itself keeps time, in seconds: when it starts, and the
# longest pause between two lines.
_START = 0.8
_LONGEST_PAUSE = 1.2

_MARKS = {"differs": ("mark", labels.DIFFERS), "missing": ("del", labels.MISSING)}


def script_path(cast: Path) -> str:
    """Return the path on the site of a recording, as a script."""
    lesson, folder = cast.parts[-3:-1]
    return f"lessons/{lesson}/{folder}/{cast.stem}.js"


def write_scripts(lesson: Lesson, site: Path) -> None:
    """Write a lesson's recordings into a built site, for the player."""
    for cast in lesson.recordings.glob("*.cast"):
        text = cast.read_text(encoding="utf-8")
        path = site / script_path(cast)
        path.parent.mkdir(exist_ok=True)
        path.write_text(scripts.leaving("recording", text), encoding="utf-8")


def shown(target: Path, fragment: str | None, page: Page) -> str:
    """Return a run, or those of its lines that ``fragment`` names, as HTML.

    On the lesson's page its lines lead to those of the program, it can be seen on other
    kernels, and its recording can be watched; on the others it is text. Raise Problem
    for a run that cannot be read, LineRefError for a fragment that names no lines.
    """
    taken = recording.load(target)
    item = page.own_lesson()
    if item is None or item.recordings != target.parent:
        return (
            f'<div class="run no-copy">{_plain(taken, fragment, page.language)}</div>'
        )
    stems = {each.stem: run for run in item.all_runs for each in run.on_each_release}
    run = stems.get(target.stem)
    origins = _origins(item, run) if run is not None else None
    # The first is the usual one.
    all_taken = {
        stem: recording.load(target.with_name(f"{stem}.txt"))
        for stem, each in stems.items()
        if each is run
    } or {target.stem: taken}
    inner = _on_kernels(all_taken, fragment, origins, page.language, target.stem)
    cast = target.with_suffix(".cast")
    if not cast.exists():
        return f'<div class="run no-copy">{inner}</div>'
    header, *events = map(json.loads, cast.read_text(encoding="utf-8").splitlines())
    marks = "".join(
        f'<button type="button"><code>{html.escape(typed)}</code></button>'
        for _, kind, typed in events
        if kind == "m"
    )
    label = labels.MARKS.to(page.language)
    watch = labels.watch(_kernel(taken) if len(all_taken) > 1 else "")
    return (
        f'<div class="run no-copy" data-tab="run" data-stop data-columns="{header["width"]}" '
        f'data-recording="{page.link_to(script_path(cast))}" '
        f'data-player="{page.link_to(PLAYER)}">{inner}'
        f'<button type="button" class="watch">{watch.to(page.language)}'
        f'</button>{live.to_try(run, page)}<template><div class="player"></div><p class="marks">{label}{marks}</p>'
        "</template></div>"
    )


def _origins(item: Lesson, run: Run) -> Origins:
    """Return what finds the lines of the program that made a run's output."""
    return Origins(
        item.output,
        item.source.read_text(encoding="utf-8"),
        changed(item.source, run.change, f"runs: {run.name}"),
        run.line,
    )


def _plain(taken: Recording, fragment: str | None, language: Language) -> str:
    text = _text(html.escape(_body(taken, fragment)))
    return text + _caption(taken, language)


def _body(taken: Recording, fragment: str | None) -> str:
    return taken.body if fragment is None else taken.excerpt(fragment)


def _on_kernels(
    taken: Mapping[str, Recording],
    fragment: str | None,
    origins: Origins | None,
    language: Language,
    chosen: str,
) -> str:
    """Return a run; where it was made on several kernels, with a switch between them.

    They are by the stems of their files; that of ``chosen`` is seen first. The first is
    the usual one, with which the others are compared. The switch needs no script, and
    on paper, the runs are one below the other.
    """
    usual = next(iter(taken.values()))
    name = chosen.replace(".", "-")
    switch, texts = [], []
    for stem, each in sorted(taken.items(), key=lambda item: _version(item[1])):
        own = _body(each, fragment)
        lines = recording.compared(own, _body(usual, fragment))
        text = _text(_compared(lines, origins, language))
        # Where a script says what the arrow keys have lit.
        text = text.replace("</pre>", '<span class="word" role="status"></span></pre>')
        text += _caption(each, language)
        if each is not usual:
            differs = any(line.state != "same" for line in lines)
            note = labels.compared(f"Linux {_kernel(usual)}", differs=differs)
            text = f'<p class="run-caption">{note.to(language)}</p>{text}'
        texts.append(text)
        key = f"kernel-{name}-{len(texts)}"
        checked = " checked" if stem == chosen else ""
        switch.append(
            f'<input type="radio" name="kernel-{name}" id="{key}"{checked}>'
            f'<label for="{key}" title="{each.release}">{_kernel(each)}</label>'
        )
    if len(taken) == 1:
        return texts[0]
    label = labels.KERNEL.to(language)
    runs = "".join(f'<div class="on-kernel">{text}</div>' for text in texts)
    return (
        f'<div class="kernels" role="group" aria-label="{label}"><span>{label}</span>'
        f"{''.join(switch)}{runs}</div>"
    )


def _kernel(taken: Recording) -> str:
    """Return the kernel's version without its last number."""
    return ".".join(taken.kernel.split(".")[:2])


def _version(taken: Recording) -> list[int]:
    return [int(part) for part in _kernel(taken).split(".")]


def _compared(
    lines: Sequence[ComparedLine], origins: Origins | None, language: Language
) -> Iterator[str]:
    """Yield the lines of a run; those that differ, or are missing, are marked."""
    for state, group in groupby(lines, key=lambda line: line.state):
        texts = [line.text for line in group]
        if state == "missing" or origins is None:
            text = "".join(f"{html.escape(each)}\n" for each in texts)
        else:
            text = "".join(_with_origin(each, origins) for each in texts)
        if state != "same":
            tag, word = _MARKS[state]
            text = f'<span class="word">{word.to(language)}</span>{text}'
            text = f"<{tag}>{text}</{tag}>"
        yield text


def _with_origin(text: str, origins: Origins) -> str:
    """Return a line of output; the lines that made it and its columns are named."""
    lines, columns = origins.of(text)
    if not (lines or columns):
        return f"{html.escape(text)}\n"
    parts, done = [], 0
    for begin, end, own in columns:
        parts.append(html.escape(text[done:begin]))
        column = html.escape(text[begin:end])
        parts.append(f'<span data-lines="{_numbers(own)}">{column}</span>')
        done = end
    parts.append(f"{html.escape(text[done:])}\n")
    return f'<span class="out" data-lines="{_numbers(lines)}">{"".join(parts)}</span>'


def _numbers(lines: Sequence[int]) -> str:
    return " ".join(map(str, lines))


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
        lines.append(f"{text}\n")
    return f'<div class="run no-copy">{_text(lines)}{_caption(run, language)}</div>'


def _text(lines: Iterable[str]) -> str:
    """Return lines, each with its end, as HTML."""
    return f'<pre tabindex="0"><code>{"".join(lines)}</code></pre>'


def _caption(taken: Recording, language: Language) -> str:
    text = html.escape(labels.caption(taken).to(language))
    return f'<p class="run-caption">{text}</p>'
