"""A question in a page: each answer opens the reply to it, without a script, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bcclessons.console.text import Text
from bcclessons.course.question import Answer, Question
from bcclessons.site.page import Page

Render = Callable[[str, Page], str]
"""What makes HTML of Markdown that stands on a page."""

PREDICT = Text(ja="予想", en="Predict")
RIGHT = Text(ja="正しい．", en="Right.")
WRONG = Text(ja="正しくない．", en="Wrong.")
SKIP = Text(ja="答えずに見る", en="Show it without answering")

# The reader comes here by an answer, and not by reading on: so it is no reference that
# the pane follows, nor an explanation of its lines.
_REFERENCE = re.compile(r'<a class="line-reference" (.*?) id="[^"]*">')


def shown(question: Question, page: Page, render: Render) -> str:
    """Return a question as HTML, for the page of a lesson."""
    lesson = page.own_lesson()
    assert lesson is not None, f"{page.source} asks a question outside a lesson"
    inner = replace(page, references=[])

    def made(markdown: str) -> str:
        return _REFERENCE.sub(
            r'<a class="answer-reference" \1>', render(markdown, inner)
        )

    def answer(item: Answer) -> str:
        result = (RIGHT if item.is_right else WRONG).to(page.language)
        reply = made(item.reply).replace("<p>", f"<p><strong>{result}</strong> ", 1)
        return (
            f'<details class="answer"{" data-right" if item.is_right else ""}>'
            f"<summary>{_inline(made(item.text))}</summary>{reply}</details>"
        )

    language = page.language
    heading = f"question-{question.name}"
    return (
        f'<div class="question" role="group" aria-labelledby="{heading}"'
        f' data-question="{lesson.label}/{question.name}">'
        f'<p class="question-title" id="{heading}">'
        f"<span>{PREDICT.to(language)}</span> {_inline(made(question.title))}</p>"
        f"{made(question.text)}{''.join(map(answer, question.answers))}"
        f'<p class="question-state" role="status"></p>'
        f'<button type="button" class="question-skip">{SKIP.to(language)}</button>'
        "</div>"
    )


def _inline(paragraph: str) -> str:
    """Return what a paragraph holds."""
    return paragraph.removeprefix("<p>").removesuffix("</p>")
