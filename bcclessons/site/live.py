"""What the pages have of a machine: buttons where ./lab serves them, else one line.

A served page is live: theme/assets/live/ opens terminals and an editor at the first
press of a button. Any other page says how to get such a page.
"""

from __future__ import annotations

import html
import json
import re

from bcclessons.console.text import Language, Text
from bcclessons.course.exercise import Exercise, load_all
from bcclessons.course.lesson import Lesson
from bcclessons.course.run import Run
from bcclessons.site import live_labels as labels
from bcclessons.site.page import Page

# A block of commands in the prose, and a line of it.
_BLOCK = re.compile(
    r'(<div class="language-sh highlight"><pre><span></span><code[^>]*>)(.*?)(?=</code>)',
    re.DOTALL,
)
_TAG = re.compile(r"<[^>]*>")
# The shell is on the machine, in the lesson's folder; packages are there.
_NOT_TYPED = re.compile(r"\./lab\b|cd |sudo apt |#|$")
# The shell stays free for what is typed while the lesson's program runs.
_RUNS_LESSON = re.compile(r"sudo \./[a-z_]+_sample")


def run_panel(lesson: Lesson, page: Page) -> str:
    """Return what the pane's tab Run has above the recordings."""
    language = page.language
    if not page.is_live:
        return _how_to(labels.HOW_TO_RUN, language)
    command = html.escape(f"sudo ./{lesson.program}")
    buttons = _button("live-run", labels.RUN, language, " data-run")
    larger = _button("live-larger", labels.LARGER, language, ' aria-pressed="false"')
    recording = _button(
        "live-recording", labels.RECORDING, language, ' aria-pressed="false"'
    )
    return (
        f'<section class="live" id="live" data-lesson="{lesson.label}" '
        f'aria-label="{labels.MACHINE.to(language)}"><div class="live-bar">{buttons}'
        f"<code>{command}</code>{_STATE}{recording}{larger}</div></section>"
    )


def card_place(exercise: Exercise, page: Page) -> str:
    """Return what a card has to solve its exercise in the page."""
    content = _how_to(labels.HOW_TO_SOLVE, page.language)
    if page.is_live:
        content = _solve(exercise, page.language)
    return f'<div data-live="{exercise.label}">{content}</div>'


def start_bar(exercise: Exercise, page: Page) -> str:
    """Return what the file to start from has in its bar to be solved in the page."""
    return _solve(exercise, page.language) if page.is_live else ""


def to_try(run: Run | None, page: Page) -> str:
    """Return buttons that type what was typed in a run whose program is unchanged."""
    if not page.is_live or run is None or run.change or run.prepare or not run.steps:
        return ""
    commands = dict.fromkeys(step.command for step in run.steps)
    buttons = "".join(
        _type(command, page.language, f"<code>{html.escape(command)}</code>")
        for command in commands
    )
    return f'<p class="to-try">{labels.TO_TRY.to(page.language)}{buttons}</p>'


def with_commands(content: str, page: Page) -> str:
    """Return a page's HTML in which each command for the machine can be typed there."""
    if not page.is_live:
        return content

    def line(text: str) -> str:
        command = html.unescape(_TAG.sub("", text)).strip()
        if _NOT_TYPED.match(command):
            return text
        if _RUNS_LESSON.fullmatch(command):
            return _run_it(command, page.language) + text
        return _type(command, page.language) + text

    def block(found: re.Match[str]) -> str:
        return found[1] + "\n".join(map(line, found[2].split("\n")))

    return _BLOCK.sub(block, content)


def templates(lesson: Lesson, page: Page) -> str:
    """Return what the scripts put into the pane at the first press, with their texts."""
    if not page.is_live:
        return ""
    language = page.language
    texts = {name: text.to(language) for name, text in labels.TEXTS.items()}
    texts["search"] = json.dumps(labels.SEARCH, ensure_ascii=False)
    data = json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<script type="application/json" id="live-texts">{data}</script>'
        f'<template id="live-terminals">{_terminals(language)}</template>'
        f'<template id="live-exercise">{_exercise(lesson, language)}</template>'
    )


_STATE = '<p class="live-state" role="status"></p>'


def _terminals(language: Language) -> str:
    def terminal(name: str, label: Text) -> str:
        return (
            f'<div class="live-terminal" data-name="{name}" '
            f'data-label="{labels.terminal(label).to(language)}">'
            f"<p>{label.to(language)}</p><div></div></div>"
        )

    keys = "".join(
        f'<button type="button" data-keys="{keys}" aria-label="{label.to(language)}">'
        f"{face}</button>"
        for face, keys, label in labels.TOUCH_KEYS
    )
    announce = _button(
        "live-announce",
        labels.ANNOUNCE,
        language,
        f' aria-pressed="false" title="{labels.ANNOUNCE_HELP.to(language)}"',
    )
    return (
        f"{announce}{terminal('lesson', labels.LESSON)}"
        '<div class="live-split" role="separator" tabindex="0" aria-valuenow="50" '
        'aria-valuemin="15" aria-valuemax="85" aria-orientation="horizontal" '
        f'aria-label="{labels.SPLIT.to(language)}"></div>'
        f"{terminal('shell', labels.SHELL)}"
        f'<div class="live-keys" role="group" '
        f'aria-label="{labels.KEYS.to(language)}">{keys}</div>'
        f'<p class="live-help" id="live-help">{labels.TERMINAL_HELP.to(language)}'
        f"<span> {labels.ANNOUNCE_HELP.to(language)}</span></p>"
    )


def _exercise(lesson: Lesson, language: Language) -> str:
    options = "".join(
        f'<option value="{each.label}">{each.label} {each.title.to(language)}</option>'
        for each in load_all([lesson])
    )
    buttons = "".join(
        _button(f"live-{name}", label, language)
        for name, label in labels.EXERCISE_BUTTONS.items()
    )
    return (
        '<div class="live-bar"><select class="live-choice" '
        f'aria-label="{labels.EXERCISE.to(language)}">{options}</select>'
        f'<span class="live-saved" role="status"></span>{_STATE}{buttons}</div>'
        '<div class="live-notice" role="alert" hidden><p></p>'
        '<button type="button"></button><button type="button"></button></div>'
        '<div class="live-editor"></div>'
        f'<p class="live-help" id="editor-help">{labels.EDITOR_HELP.to(language)}</p>'
        '<div class="live-result"><div class="live-feedback" '
        'role="status"></div><div class="live-hints" role="status"></div></div>'
        '<div class="live-slot"></div>'
    )


def _how_to(text: Text, language: Language) -> str:
    return f'<p class="live-how">{text.to(language)}</p>'


def _solve(exercise: Exercise, language: Language) -> str:
    attribute = f' data-solve="{exercise.label}"'
    return _button("live-solve", labels.SOLVE, language, attribute)


def _button(name: str, label: Text, language: Language, attributes: str = "") -> str:
    return (
        f'<button type="button" class="{name}"{attributes}>'
        f"{label.to(language)}</button>"
    )


def _run_it(command: str, language: Language) -> str:
    label = html.escape(f"{labels.RUN.to(language)}: {command}")
    return (
        f'<button type="button" class="live-type" aria-label="{label}" '
        f'title="{label}" data-run-here></button>'
    )


def _type(command: str, language: Language, content: str = "") -> str:
    label = html.escape(labels.type_it(command).to(language))
    return (
        f'<button type="button" class="live-type" aria-label="{label}" '
        f'title="{label}" data-command="{html.escape(command)}">{content}</button>'
    )
