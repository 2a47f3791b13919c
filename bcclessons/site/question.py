"""A question in a page: each answer opens the reply to it, without a script, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bcclessons.console.text import Language, Text
from bcclessons.course.lesson import Lesson
from bcclessons.course.question import Answer, Question, load
from bcclessons.course.translation import translation
from bcclessons.site import scripts
from bcclessons.site.fragment import apart, inline
from bcclessons.site.page import Page

Render = Callable[[str, Page], str]
"""What makes HTML of Markdown that stands on a page."""

_PREDICT = Text(ja="予想", en="Prediction")
_RIGHT = Text(ja="正しい．", en="Right.")
_WRONG = Text(ja="正しくない．", en="Wrong.")
_PREDICTED = Text(ja="予想のとおりである．", en="You predicted it.")
_MISSED = Text(
    ja="予想が外れた．この問いは，ほかのレッスンの終わりでもう一度出る．",
    en="You did not predict it. This question comes once more, at the end of another lesson.",
)
_AGAIN = Text(ja="もう一度", en="Once more")
_AGAIN_WHY = Text(
    ja="ほかのレッスンで，前に予想が外れた問いである．",
    en="Questions of other lessons that you predicted wrong before.",
)
_SKIP = Text(ja="答えずに見る", en="Show it without answering")

_RULE = "\n\n---\n\n"


def shown(question: Question, page: Page, render: Render) -> str:
    """Return a question as HTML, for the page of a lesson."""
    lesson = page.own_lesson()
    assert lesson is not None, f"{page.source} asks a question outside a lesson"
    # One run of Markdown takes as long as ten; so all of it goes through at once.
    pieces = [question.title, question.text]
    pieces += [piece for each in question.answers for piece in (each.text, each.reply)]
    html = render(_RULE.join(pieces), replace(page, references=[]))
    html = apart(html, "answer-reference")
    title, text, *answers = (part.strip() for part in html.split("<hr />"))
    language = page.language

    def answer(item: Answer, text: str, reply: str) -> str:
        result = (_RIGHT if item.is_right else _WRONG).to(language)
        return (
            f'<details class="answer"{" data-right" if item.is_right else ""}>'
            f"<summary>{inline(text)}</summary>"
            f"{reply.replace('<p>', f'<p><strong>{result}</strong> ', 1)}</details>"
        )

    shown = map(answer, question.answers, answers[::2], answers[1::2])
    heading = f"question-{lesson.label}-{question.name}"
    return (
        f'<div class="question" role="group" aria-labelledby="{heading}"'
        f' data-question="{lesson.label}/{question.name}" data-stop>'
        f'<p class="question-title" id="{heading}">'
        f"<span>{_PREDICT.to(language)}</span> {inline(title)}</p>"
        f"{text}{''.join(shown)}"
        f'<p class="question-state" role="status" data-true="{_PREDICTED.to(language)}" '
        f'data-false="{_MISSED.to(language)}"></p>'
        f'<button type="button" class="question-skip">{_SKIP.to(language)}</button>'
        "</div>"
    )


def write_scripts(lesson: Lesson, site: Path, render: Render) -> None:
    """Write a lesson's questions, as HTML, for the pages of other lessons."""
    for language in Language:
        page = Page(translation(lesson.folder / "README.md", language), [lesson])
        path = translation(lesson.folder / "questions.md", language)
        found = {
            f"{lesson.label}/{each.name}": shown(each, page, render)
            for each in load(path)
        }
        (site / script_path(lesson, language)).write_text(
            scripts.leaving("questions", found), encoding="utf-8"
        )


def script_path(lesson: Lesson, language: Language) -> str:
    """Return the path on the site of the script with a lesson's questions."""
    return f"lessons/{lesson.folder.name}/questions.{language}.js"


def again(page: Page) -> str:
    """Return where a lesson's page asks other lessons' questions once more.

    It is for those that the reader has answered wrong; the script fills it.
    """
    own, language = page.own_lesson(), page.language
    root = "en/" if language is Language.EN else ""
    lessons = "".join(
        f'<div data-again="{item.label}" hidden '
        f'data-script="{page.link_to(script_path(item, language))}"><h3>'
        f'<a href="{page.link_to(f"{root}lessons/{item.folder.name}/index.html")}">'
        f"{item.label} {item.title.to(language)}</a></h3></div>"
        for item in page.lessons
        if item != own
    )
    return (
        f'<section class="again" data-search-exclude hidden><h2>{_AGAIN.to(language)}</h2>'
        f"<p>{_AGAIN_WHY.to(language)}</p>{lessons}</section>"
    )
