"""A lesson's questions: predict what a run shows, then see.

They are Markdown, in questions.md, which a code host shows as it is::

    <a id="name"></a>

    ## The question?

    What one has to know to answer it, if anything.

    - [ ] A wrong answer.

      The reply to it, with a reference to a line of the program.

    - [x] The right answer.

      The reply to it.

A paragraph of the lesson's page that is a link to ``questions.md#name`` alone is where
the question is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from bcclessons.console.text import Problem

_QUESTION = re.compile(r'^<a id="(?P<name>[a-z0-9-]+)"></a>\n\n## ', re.MULTILINE)
_ANSWER = re.compile(r"^- \[(?P<mark>[ x])\] ", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """An answer to choose, and the reply to it; both are Markdown."""

    is_right: bool
    text: str
    reply: str


@dataclass(frozen=True)
class Question:
    """A question; ``name`` is the same in both languages, the rest is Markdown."""

    name: str
    title: str
    text: str
    answers: list[Answer]


def load(page: Path) -> list[Question]:
    """Read the questions of a page, in order.

    Raise OSError if it cannot be read, Problem for a question that has no answers, not
    one right answer, or an answer without a reply.
    """
    _, *parts = _QUESTION.split(page.read_text(encoding="utf-8"))
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [_question(name, body, page) for name, body in pairs]


def find(page: Path, name: str) -> Question:
    """Return a question of a page. Raise as ``load``, and Problem if it has none such."""
    questions = load(page)
    for question in questions:
        if question.name == name:
            return question
    names = ", ".join(question.name for question in questions)
    raise Problem(
        ja=f"{page} に「{name}」という問いは無い．あるのは {names}．",
        en=f"{page} has no question '{name}'; there is {names}.",
    )


def _question(name: str, body: str, page: Path) -> Question:
    head, *rest = _ANSWER.split(body)
    title, _, text = head.partition("\n")
    answers = [
        _answer(mark == "x", item)
        for mark, item in zip(rest[::2], rest[1::2], strict=True)
    ]
    if [a.is_right for a in answers].count(True) != 1 or not all(
        a.reply for a in answers
    ):
        raise Problem(
            ja=f"{page}: 問い「{name}」には，正しい答えが 1 つと，すべての答えに説明が要る．",
            en=f"{page}: the question '{name}' needs one right answer, and a reply to "
            "every answer.",
        )
    return Question(name, title.strip(), text.strip(), answers)


def _answer(is_right: bool, item: str) -> Answer:
    text, _, reply = item.partition("\n")
    return Answer(is_right, text.strip(), dedent(reply.strip("\n")).strip())
