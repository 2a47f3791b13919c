"""The language of every page: Japanese prose, English prose, English spelling.

English in the code (comments, docstrings, messages) is spelled right, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from bcclessons.console.text import Language, Problem, language_wanted
from bcclessons.course import exercise, lesson
from bcclessons.course.exercise import Exercise
from bcclessons.course.translation import language_of
from tests.language.checkers import Checkers, Finding, Pages

# The first to run waits for the installation, which the network may make slow.
pytestmark = pytest.mark.timeout(900)

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(CHECKOUT))
    for pattern in ("*.md", "docs/**/*.md", "lessons/*/*.md")
    for path in CHECKOUT.glob(pattern)
)
CODE = sorted(
    str(path.relative_to(CHECKOUT))
    for pattern in ("lab", "lessons/*/*_sample", "bcclessons/**/*.py", "tests/**/*.py")
    for path in CHECKOUT.glob(pattern)
)
JAPANESE_PART = "\n## 日本語\n"

# Wrong sentences, and what must be said about each.
WRONG_JAPANESE = {
    "カーネルが値を送ります．": "no-mix-dearu-desumasu",
    "カーネルが値を送る。": "ja-no-mixed-period",
    "カーネルが，値を，集めて，順に，次へ，送る．": "max-ten",
    "値を送信することができる．": "ja-no-redundant-expression",
    "値を送ることができる．": "ことができる => ",
    "値を送るという形になる．": "という形 => ",
    "値(整数)を送る．": "( => （",
    "１ つの値を送る．": "１ => ",
    "| 値 |\n|---|\n| 値を送ります |": "ます => である調",
    "値の検証を行う．": "ja-no-redundant-expression",
    "値は PID は含む．": "no-doubled-joshi",
    "値が見れる．": "no-dropping-the-ra",
    "値はPID である．": "ja-space-between-half-and-full-width",
    "値は`pid` である．": "ja-space-around-code",
    "ユーザーのプログラムが読む．": "ユーザー => ユーザ",
    "リングバッファーから読む．": "リングバッファー => リングバッファ",
    "スケジューラーが決める．": "スケジューラー => スケジューラ",
    "「カーネルが値を送る．": "no-unmatched-pair",
    "受け取った文脈を渡す．": "文脈 => コンテキスト",
    "読む側が出口を開く．": "出口 => 出力先",
    "値は残らない．だから，先に写す．": "だから， => そのため，",
    "複製先のアドレスを渡す．": "複製先 => コピー",
}
WRONG_ENGLISH = {
    "The kernel fills an buffer.": "AnA",
    "The kernel copies the the struct.": "RepeatedWords",
    "The program should of stopped.": "ModalOf",
    "Use a buffer in order to send it.": "in order to => to",
    "You utilize a buffer.": "utilize => use",
    "It simply sends the struct.": "simply",
    "The program runs in userspace.": "userspace => user space",
    "It opens the way out.": "way out => output channel",
    "It reads the places of members.": "=> pointer, address, offset or hook",
}
WRONG_SPELLING = {
    "The kernel fills a bufer.": "bufer",
    "It reads `bufer`, and recieves it.": "recieves",
}
# What must pass, for it is how good pages are written.
RIGHT_JAPANESE = [
    "`execve` の入口にあるトレースポイントに取り付ける．",
    "検証器は，終わらないプログラムを拒むことがある．警告もエラーも出ない．",
    "エラーとキーは，メニューとツリーにコピーする．オーバーフローはしない．",
    "これは BCC のマクロで，[出力先](#出力先)を定義する．",
]
RIGHT_ENGLISH = [
    "Each CPU has its own ring; a loop over all CPUs reads them.",
    "Ctrl-C ends the program, and what it prints goes to stdout after 3 s in the VM.",
    "What pip gives you is another package.",
    "An eBPF program runs on an x86-64 VM with 2 GB; a uprobe is an event.",
]


def parts(page: str) -> tuple[str, str]:
    """Return a page's Japanese and its English, each on the lines that it is on."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    # What a picture says is prose like any other; checkers take it for one sentence.
    text = re.sub(r"!\[([^\]]*)\]\([^)\n]*\)", r"\1", text)
    text = re.sub(r" ?\{:? ?\.[^}\n]*\}", "", text)  # classes: {.md-button}
    if page == "README.md":
        english, heading, japanese = text.partition(JAPANESE_PART)
        return "\n" * english.count("\n") + heading + japanese, english + "\n"
    if page == "CONTRIBUTING.md" or language_of(Path(page)) is Language.EN:
        return "", text
    return text, ""


def exercise_text(item: Exercise, language: Language) -> str:
    """Return what an exercise says to a learner, as Markdown."""
    title, *said = (each.to(language) for each in (item.title, item.task, *item.hints))
    return f"# {title}\n\n" + "\n\n".join(said) + "\n"


EXERCISES = exercise.load_all(lesson.load_all(CHECKOUT))
JAPANESE = {page: text for page in PAGES if (text := parts(page)[0])} | {
    f"{item.folder.name}.md": exercise_text(item, Language.JA) for item in EXERCISES
}
ENGLISH = {page: text for page in PAGES if (text := parts(page)[1])} | {
    f"{item.folder.name}.en.md": exercise_text(item, Language.EN) for item in EXERCISES
}
Report = Mapping[str, list[Finding]]


@pytest.fixture(scope="session")
def checkers(request: pytest.FixtureRequest) -> Checkers:
    """The checkers; installing them, which takes a while, is seen in the terminal."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        try:
            return Checkers()
        except Problem as problem:
            why = problem.text.to(language_wanted([], os.environ))
    pytest.fail(why, pytrace=False)


@pytest.fixture(scope="session")
def japanese(checkers: Checkers) -> Report:
    return report(checkers.japanese, JAPANESE, [*WRONG_JAPANESE, *RIGHT_JAPANESE])


@pytest.fixture(scope="session")
def english(checkers: Checkers) -> Report:
    return report(checkers.english, ENGLISH, [*WRONG_ENGLISH, *RIGHT_ENGLISH])


@pytest.fixture(scope="session")
def spelling(checkers: Checkers) -> Report:
    code = {path: (CHECKOUT / path).read_text(encoding="utf-8") for path in CODE}
    sentences = [*WRONG_SPELLING, *RIGHT_ENGLISH]
    return report(checkers.spelling, {**ENGLISH, **code}, sentences)


def report(
    check: Callable[[Pages], list[Finding]], pages: Pages, sentences: Iterable[str]
) -> Report:
    """Return what is found in each page, and in each sentence as a page of its own."""
    names = {f"sentence-{n}.md": text for n, text in enumerate(sentences)}
    found: dict[str, list[Finding]] = {page: [] for page in (*pages, *names.values())}
    for finding in check({**pages, **names}):
        found[names.get(finding.page, finding.page)].append(finding)
    return found


def say(findings: list[Finding]) -> None:
    if findings:
        pytest.fail("\n".join(map(str, findings)), pytrace=False)


@pytest.mark.parametrize("page", JAPANESE)
def test_japanese(japanese: Report, page: str) -> None:
    say(japanese[page])


@pytest.mark.parametrize("page", ENGLISH)
def test_english(english: Report, page: str) -> None:
    say(english[page])


@pytest.mark.parametrize("page", ENGLISH)
def test_spelling(spelling: Report, page: str) -> None:
    say(spelling[page])


def test_spelling_of_the_code(spelling: Report) -> None:
    say([finding for path in CODE for finding in spelling[path]])


@pytest.mark.parametrize(("sentence", "says"), WRONG_JAPANESE.items())
def test_wrong_japanese_is_found(japanese: Report, sentence: str, says: str) -> None:
    assert any(says in finding.says for finding in japanese[sentence])


@pytest.mark.parametrize(("sentence", "says"), WRONG_ENGLISH.items())
def test_wrong_english_is_found(english: Report, sentence: str, says: str) -> None:
    assert any(says in finding.says for finding in english[sentence])


@pytest.mark.parametrize(("sentence", "says"), WRONG_SPELLING.items())
def test_wrong_spelling_is_found(spelling: Report, sentence: str, says: str) -> None:
    assert [f"({says})" in finding.says for finding in spelling[sentence]] == [True]


@pytest.mark.parametrize("sentence", RIGHT_JAPANESE)
def test_right_japanese_passes(japanese: Report, sentence: str) -> None:
    say(japanese[sentence])


@pytest.mark.parametrize("sentence", RIGHT_ENGLISH)
def test_right_english_passes(english: Report, spelling: Report, sentence: str) -> None:
    say(english[sentence] + spelling[sentence])


def test_the_words_we_add_to_the_spelling_are_in_order() -> None:
    words = (CHECKOUT / "tests/language/spelling.txt").read_text().splitlines()
    assert words == sorted(set(words), key=lambda word: (word.lower(), word))
