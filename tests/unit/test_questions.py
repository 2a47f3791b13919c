"""The questions of the lessons: predict what a run shows, then see."""

from __future__ import annotations

import html
import re
from collections import Counter
from pathlib import Path

import pytest
from markdown import markdown

from bcclessons.console.text import Language, Problem
from bcclessons.course import lesson, question, recording
from bcclessons.course.lesson import Lesson
from bcclessons.course.question import Answer, Question
from bcclessons.course.run import MAIN
from bcclessons.course.translation import translation
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site.markdown import LessonMarkdown
from bcclessons.site.page import Page

LESSONS = lesson.load_all(CHECKOUT)
_ASKED = re.compile(r"^\[[^]]*\]\(questions(?:\.en)?\.md#([\w-]+)\)$", re.MULTILINE)
_REFERENCE = re.compile(r"\]\((?P<program>\w+_sample)#(?P<lines>[-L\d]+)")

each_lesson = pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
each_language = pytest.mark.parametrize("language", list(Language))


def questions(item: Lesson, language: Language) -> list[Question]:
    """Return a lesson's questions in a language."""
    return question.load(translation(item.folder / "questions.md", language))


def readme(item: Lesson, language: Language) -> Path:
    """Return the page that asks them."""
    return translation(item.folder / "README.md", language)


@each_lesson
def test_a_lesson_has_four_questions_or_more(item: Lesson) -> None:
    assert len(questions(item, Language.JA)) >= 4


@each_lesson
@each_language
def test_each_question_is_asked_once_in_order(item: Lesson, language: Language) -> None:
    asked = _ASKED.findall(readme(item, language).read_text(encoding="utf-8"))
    assert asked == [each.name for each in questions(item, language)]


@each_lesson
def test_both_languages_ask_the_same(item: Lesson) -> None:
    def outline(each: Question) -> tuple[str, bool, list[tuple[bool, list[str]]]]:
        answers = [(a.is_right, _references(a)) for a in each.answers]
        return each.name, bool(each.text), answers

    ja, en = (questions(item, language) for language in Language)
    assert list(map(outline, ja)) == list(map(outline, en))


def _references(answer: Answer) -> list[str]:
    """Return the lines of the program that the reply to an answer names."""
    return [found["lines"] for found in _REFERENCE.finditer(answer.reply)]


@each_lesson
@each_language
def test_each_wrong_answer_has_a_line_that_settles_it(
    item: Lesson, language: Language
) -> None:
    for each in questions(item, language):
        assert len(each.answers) >= 3, each.name
        assert len({a.text for a in each.answers}) == len(each.answers), each.name
        assert len({a.reply for a in each.answers}) == len(each.answers), each.name
        without = [a.text for a in each.answers if not (a.is_right or _references(a))]
        assert without == [], each.name


@each_lesson
@each_language
def test_the_right_answer_is_known_by_neither_place_nor_length(
    item: Lesson, language: Language
) -> None:
    found = questions(item, language)
    places = Counter(
        [answer.is_right for answer in each.answers].index(True) for each in found
    )
    assert len(places) >= 3
    assert max(places.values()) <= len(found) / 2
    longest = [max(each.answers, key=lambda a: len(a.text)).is_right for each in found]
    assert longest.count(True) <= len(found) / 3


@each_lesson
@each_language
def test_the_main_run_answers_a_question(item: Lesson, language: Language) -> None:
    text = readme(item, language).read_text(encoding="utf-8")
    before, _, _ = text.partition(f"](recordings/{MAIN}.txt)")
    (*_, paragraph, _) = before.split("\n\n")
    assert _ASKED.fullmatch(paragraph)


@each_lesson
@each_language
def test_a_page_has_the_questions_with_all_their_answers(
    item: Lesson, language: Language
) -> None:
    page = Page(readme(item, language), warn=pytest.fail)
    source = page.source.read_text(encoding="utf-8")
    result = markdown(source, extensions=["tables", LessonMarkdown(page)])
    for each in questions(item, language):
        block = re.search(
            rf'data-question="{item.label}/{each.name}" .*?</button>', result, re.S
        )
        assert block is not None
        assert block[0].count("<details ") == len(each.answers)
        assert len(re.findall("<details [^>]*data-right", block[0])) == 1
        lines = [n for a in each.answers for n in _references(a)]
        shown = re.findall(r'class="answer-reference"[^>]* href="#(L\d+)"', block[0])
        assert shown == [each.partition("-")[0] for each in lines]


def test_a_reply_says_whether_the_answer_is_right() -> None:
    item = lesson.find(LESSONS, "02")
    for language, right, wrong in (
        (Language.JA, "正しい．", "正しくない．"),
        (Language.EN, "Right.", "Wrong."),
    ):
        page = Page(readme(item, language))
        name = questions(item, language)[0].name
        link = f"[x]({translation(Path('questions.md'), language)}#{name})"
        result = html.unescape(markdown(link, extensions=[LessonMarkdown(page)]))
        assert result.count(f"<strong>{right}</strong>") == 1
        assert result.count(f"<strong>{wrong}</strong>") >= 2


def test_a_reference_in_an_answer_explains_no_line() -> None:
    item = lesson.find(LESSONS, "02")
    page = Page(readme(item, Language.EN))
    name = questions(item, Language.EN)[0].name
    markdown(f"[x](questions.en.md#{name})", extensions=[LessonMarkdown(page)])
    assert page.references == []


QUESTION = """<a id="one"></a>

## Which?

1. This.
2. That.

<details>
<summary>Which one is right, and why</summary>

1. No.

2. **Right.** Yes.

</details>
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (QUESTION.replace("**Right.**", ""), "'one' needs one right answer"),
        (QUESTION.replace("No.", "**Right.**"), "'one' needs one right answer"),
        (QUESTION.replace("1. No.\n", ""), "a reply to every answer"),
        (QUESTION.replace("2. That.\n", ""), "a reply to every answer"),
        (QUESTION.replace('"one"', '"other"'), "has no question 'one'; there is other"),
    ],
)
def test_a_question_that_is_not_right_is_refused(
    tmp_path: Path, text: str, says: str
) -> None:
    page = tmp_path / "questions.md"
    page.write_text(text)
    with pytest.raises(Problem, match=says):
        question.find(page, "one")


@each_lesson
@each_language
def test_a_code_host_does_not_give_the_answer_away(
    item: Lesson, language: Language
) -> None:
    source = translation(item.folder / "questions.md", language).read_text("utf-8")
    closed = re.sub(r"(?s)</summary>.*?</details>", "", source)
    for each in question.load(translation(item.folder / "questions.md", language)):
        for answer in each.answers:
            assert f". {answer.text}\n" in closed
            assert answer.reply not in closed
    assert not re.search(r"正しい．|Right\.|\[x\]", closed)


def test_a_link_to_no_question_is_warned_of() -> None:
    warnings: list[str] = []
    page = Page(LESSONS[0].folder / "README.md", warn=warnings.append)
    markdown("[x](questions.md#none)", extensions=[LessonMarkdown(page)])
    (warning,) = warnings
    assert warning.startswith("lessons/01_trace_printk/README.md")
    assert "has no question 'none'" in warning


def test_the_recordings_say_what_the_right_answers_say() -> None:
    """They are recorded anew now and then; these numbers are in the questions."""

    def body(label: str, stem: str) -> str:
        folder = lesson.find(LESSONS, label).recordings
        return recording.load(folder / f"{stem}.txt").body

    assert len(re.findall(r"comm=", body("01", "run"))) == 7
    assert body("01", "run-two-strings.debian-11").endswith("OUTPUT\n^C\n")
    took = re.search(r"\): ([\d.]+) s$", body("02", "run-timeout"), re.MULTILINE)
    assert took is not None
    assert 3.3 <= float(took[1]) < 4
    lost = body("02", "run-lost-at-end")
    assert lost.count("Hello") == 10
    assert "not sent: 12, reported to lost_cb: 0" in lost
    kept = re.search(r"kept: (\d+), changed since: (\d+)", body("02", "run-kept"))
    assert kept is not None
    assert 0 < int(kept[2]) < int(kept[1])
    pids = re.findall(r"\d+ +(sh|bash) +(\d+)", body("02", "run"))
    (sh,) = [n for n, (name, _) in enumerate(pids) if name == "sh"]
    assert pids[sh + 1] == ("bash", pids[sh][1])
    assert re.search(r"\d+ +bash +\d+ +bash +/usr/bin/ls ls", body("03", "run"))
    assert "(-14) true" in body("03", "run-fault")

    def counts(stem: str, comm: str) -> list[int]:
        found = re.findall(rf"^\d+ +{comm} +(\d+)$", body("04", stem), re.MULTILINE)
        return [int(count) for count in found]

    assert 100_000 < counts("run-increment", "many_calls.py")[-1] < 200_000
    assert counts("run-atomic", "many_calls.py")[-1] == 200_000
    assert counts("run-clear", "many_calls.py")[-1] < 200_000
    assert counts("run", "bash")[-1] == 104
    assert len(counts("run", "bash")) < 20
    assert sorted({*counts("run-full", "bash"), *counts("run-full", "less")})[-1] > 1
    cost = dict(re.findall(r"(\w+) .* ([\d.]+) us$", body("04", "run-both-ways"), re.M))
    assert float(cost["send"]) > 2 * float(cost["count"])

    def account(stem: str) -> dict[str, int]:
        found = re.findall(
            r"^(called|printed|lost|refused|skipped|unexplained) +(\d+)",
            body("06", stem),
            re.MULTILINE,
        )
        return {name: int(count) for name, count in found}

    assert account("run")["called"] == account("run")["printed"] == 7
    reported = re.search(r"lost_cb: (\d+)", body("06", "run-full"))
    assert reported is not None
    assert 0 < int(reported[1]) < account("run-full")["lost"]
    assert account("run-refused")["refused"] == 2
    skipped = account("run-skipped.debian-unstable")
    assert skipped["called"] + skipped["skipped"] == 16 * 2000 + 1
    late = re.search(r"CPU 1, ([\d.]+) s late", body("06", "run-other-cpu"))
    assert late is not None
    assert float(late[1]) > 3
    wakeup = account("run-wakeup")
    assert (wakeup["printed"], wakeup["unexplained"]) == (5, 3)
