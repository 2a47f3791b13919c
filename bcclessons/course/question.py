"""A lesson's questions: predict what a run shows, then see.

They are Markdown, in questions.md. A code host shows it as it is, and which answer is
right to who opens that::

    <a id="name"></a>

    ## The question?

    What one has to know to answer it, if anything.

    1. A wrong answer.
    2. The right answer.

    <details>
    <summary>Which one is right, and why</summary>

    1. The reply to the first, with a reference to a line of the program.

    2. **Right.** The reply to the second.

    </details>

A paragraph of the lesson's page that is a link to ``questions.md#name`` alone is where
the question is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from bcclessons.console.text import Problem

_QUESTION = re.compile(r'^<a id="(?P<name>[a-z0-9-]+)"></a>\n\n## ', re.MULTILINE)
_ITEM = re.compile(r"^\d\. ", re.MULTILINE)
_RIGHT = re.compile(r"\*\*(正しい．|Right\.)\*\* ?")


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
    asked, _, opened = body.partition("<details>")
    head, *texts = _ITEM.split(asked)
    _, *replies = _ITEM.split(opened.partition("</details>")[0])
    title, _, text = head.partition("\n")
    answers = [
        Answer(bool(_RIGHT.match(reply)), text.strip(), _RIGHT.sub("", reply).strip())
        for text, reply in zip_longest(texts, replies, fillvalue="")
    ]
    if [a.is_right for a in answers].count(True) != 1 or not all(
        a.text and a.reply for a in answers
    ):
        raise Problem(
            ja=f"{page}: 問い「{name}」には，正しい答えが 1 つと，すべての答えに説明が要る．",
            en=f"{page}: the question '{name}' needs one right answer, and a reply to "
            "every answer.",
        )
    return Question(name, title.strip(), text.strip(), answers)
