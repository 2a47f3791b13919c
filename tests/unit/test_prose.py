"""What people read: the pages of lessons/ and docs/, README.md and CONTRIBUTING.md."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bcclessons.console.text import Language
from bcclessons.course import copies, lesson, lineref
from bcclessons.course.lesson import Lesson
from bcclessons.course.translation import language_of, translation

CHECKOUT = Path(__file__).resolve().parents[2]
LESSONS = lesson.load_all(CHECKOUT)
# The link by which a page sends Japanese readers to the other page.
SWITCH_TO_JAPANESE = "[日本語]("
LINE_NUMBER = re.compile(
    r"\d+\s*(?:[-〜～,，と]\s*\d+\s*)?行目|第\s*\d+\s*行|\blines?\s+\d|\bL\d+\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Link:
    """A link of a page, or an image; ``text`` is its label without code marks."""

    target: str
    title: str
    text: str


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path

    @cached_property
    def source(self) -> str:
        """Return its Markdown, without the runs that it repeats."""
        return copies.without_runs(self.path.read_text(encoding="utf-8"))

    @cached_property
    def blocks(self) -> list[Token]:
        """Return its parts, one after the other."""
        return MarkdownIt("commonmark").enable("table").parse(self.source)

    def headings(self) -> list[tuple[str, str]]:
        """Return each heading's level (h1, h2 …) and text."""
        pairs = zip(self.blocks, self.blocks[1:], strict=False)
        return [(a.tag, b.content) for a, b in pairs if a.type == "heading_open"]

    def code(self) -> list[tuple[str, str]]:
        """Return each block of code: its language and its text."""
        blocks = (block for block in self.blocks if block.type in _CODE)
        return [(block.info.strip(), block.content) for block in blocks]

    def links(self) -> Iterator[Link]:
        """Yield its links and images, in order."""
        for block in self.blocks:
            parts = block.children or []
            for start, part in enumerate(parts):
                title = str(part.attrGet("title") or "")
                if part.type == "image":
                    yield Link(str(part.attrGet("src")), title, part.content)
                elif part.type == "link_open":
                    ends = (t.type == "link_close" for t in parts[start:])
                    label = parts[start : start + list(ends).index(True)]
                    text = "".join(token.content for token in label)
                    yield Link(str(part.attrGet("href")), title, text)

    def anchors(self) -> set[str]:
        """Return what a link after # can name, by the rule of code hosts."""
        texts = (re.sub(r"[^\w\- ]", "", text.lower()) for _, text in self.headings())
        return {text.replace(" ", "-") for text in texts} | set(self.marks())

    def marks(self) -> list[str]:
        """Return the anchors that are put by hand, in order."""
        return re.findall(r'<a id="([^"]+)"></a>', self.source)

    def references(self) -> Iterator[tuple[Lesson, str]]:
        """Yield each reference to a program: its lesson, and a fragment of it.

        A link whose label is the program's name leads to all of it.
        """
        programs = {item.source.resolve(): item for item in LESSONS}
        for link in self.links():
            path = link.target.partition("#")[0]
            item = programs.get((self.path.parent / path).resolve())
            fragment = link.title or link.text
            if item is not None and fragment != item.program:
                yield item, fragment


_CODE = ("fence", "code_block")


@dataclass(frozen=True)
class Pair:
    """A page in both languages."""

    japanese: Page
    english: Page

    @classmethod
    def of(cls, page: Path) -> Pair:
        return cls(*(Page(translation(page, language)) for language in Language))


LESSON_PAIRS = [Pair.of(item.folder / "README.md") for item in LESSONS]
QUESTION_PAIRS = [Pair.of(item.folder / "questions.md") for item in LESSONS]
DOCS_PAIRS = [
    Pair.of(path)
    for path in sorted((CHECKOUT / "docs").glob("*.md"))
    if language_of(path) is Language.JA
]
PAIRS = [*LESSON_PAIRS, *QUESTION_PAIRS, *DOCS_PAIRS]
PAGES = [page for pair in PAIRS for page in (pair.japanese, pair.english)]
OTHER_PAGES = [Page(CHECKOUT / "README.md"), Page(CHECKOUT / "CONTRIBUTING.md")]
ENGLISH_PAGES = [*(pair.english for pair in PAIRS), OTHER_PAGES[1]]
JAPANESE_PAGES = [*(pair.japanese for pair in PAIRS), OTHER_PAGES[0]]


def name(value: Lesson | Page | Pair) -> str:
    if isinstance(value, Lesson):
        path = value.folder
    else:
        path = (value.japanese if isinstance(value, Pair) else value).path
    return str(path.relative_to(CHECKOUT))


@pytest.fixture(params=PAIRS, ids=name)
def both(request: pytest.FixtureRequest) -> Pair:
    pair: Pair = request.param
    return pair


def test_the_pages_around_the_lessons_are_there() -> None:
    names = {pair.japanese.path.stem for pair in DOCS_PAIRS}
    assert names >= {"index", "setup", "reference", "glossary", "support"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_reference_fits_lines_of_the_program(page: Page) -> None:
    for item, fragment in page.references():
        lineref.resolve(item.source.read_text(encoding="utf-8"), fragment)


@pytest.mark.parametrize(
    ("item", "pair"), list(zip(LESSONS, LESSON_PAIRS, strict=True)), ids=name
)
def test_a_lessons_pages_refer_to_its_program_alone(item: Lesson, pair: Pair) -> None:
    for page in (pair.japanese, pair.english):
        assert {found.label for found, _ in page.references()} == {item.label}


def test_both_languages_refer_to_the_same_lines(both: Pair) -> None:
    ja, en = (
        [
            (item, lineref.resolve(item.source.read_text(encoding="utf-8"), fragment))
            for item, fragment in page.references()
        ]
        for page in (both.japanese, both.english)
    )
    assert ja == en


def test_both_languages_have_the_same_outline(both: Pair) -> None:
    ja, en = (
        [heading[0] for heading in page.headings()]
        for page in (both.japanese, both.english)
    )
    assert ja == en


def test_both_languages_have_the_same_code(both: Pair) -> None:
    assert both.japanese.code() == both.english.code()


def test_both_languages_have_the_same_links(both: Pair) -> None:
    """Each to the page in its language; the names of headings differ."""
    ja, en = (
        [
            (target.replace(".en.", "."), bool(anchor))
            for link in page.links()
            for target, _, anchor in [link.target.partition("#")]
        ]
        for page in (both.japanese, both.english)
    )
    assert ja == en


@pytest.mark.parametrize("page", ENGLISH_PAGES[:-1], ids=name)
def test_english_links_to_english(page: Page) -> None:
    """To a page, to a picture."""
    for link in list(page.links())[1:]:
        path = page.path.parent / link.target.partition("#")[0]
        other = path.with_name(f"{path.stem}.en{path.suffix}")
        assert not (path.is_file() and other.is_file()), link.target


def test_both_languages_have_the_same_anchors(both: Pair) -> None:
    assert both.japanese.marks() == both.english.marks()
    assert len(set(both.japanese.marks())) == len(both.japanese.marks())


def test_both_languages_have_tables_of_the_same_size(both: Pair) -> None:
    ja, en = (
        [block.type for block in page.blocks if block.type == "tr_open"]
        for page in (both.japanese, both.english)
    )
    assert ja == en


@pytest.mark.parametrize(
    ("item", "pair"), list(zip(LESSONS, LESSON_PAIRS, strict=True)), ids=name
)
def test_the_pages_have_the_lessons_title(item: Lesson, pair: Pair) -> None:
    assert pair.japanese.headings()[0] == ("h1", item.title.ja)
    assert pair.english.headings()[0] == ("h1", item.title.en)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_line_number_is_written_by_hand(page: Page) -> None:
    # Those in links to programs are held by the test of what a page repeats.
    by_hand = re.sub(r"_sample#L\d+(-L\d+)?\b", "_sample", page.source)
    assert not LINE_NUMBER.findall(by_hand)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_repeats_is_as_it_is_now(page: Page) -> None:
    text = page.path.read_text(encoding="utf-8")
    assert copies.renewed(text, page.path, LESSONS) == text, "python -m tools.pages"


@pytest.mark.parametrize(
    "text",
    [
        "20行目",
        "20 行目",
        "13〜17行目",
        "29と30行目",
        "see line 20",
        "Lines 13-17",
        "#L20",
    ],
)
def test_a_line_number_is_seen(text: str) -> None:
    assert LINE_NUMBER.search(text)


@pytest.mark.parametrize(
    "text", ["1 行ずつ", "7 行並ぶ", "one line", "6 lines", "URL2"]
)
def test_a_count_of_lines_is_none(text: str) -> None:
    assert not LINE_NUMBER.search(text)


@pytest.mark.parametrize("page", [*OTHER_PAGES, *PAGES], ids=name)
def test_every_link_into_the_checkout_leads_somewhere(page: Page) -> None:
    dead = []
    for link in page.links():
        target, _, anchor = unquote(link.target).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = page.path.parent / target if target else page.path
        if not path.exists() or (
            path.suffix == ".md" and anchor and anchor not in Page(path).anchors()
        ):
            dead.append(link.target)
    assert not dead


@pytest.mark.parametrize("page", [*OTHER_PAGES, *PAGES], ids=name)
def test_every_picture_says_what_is_seen(page: Page) -> None:
    images = [token for block in page.blocks for token in block.children or []]
    assert all(token.content for token in images if token.type == "image")


@pytest.mark.parametrize("page", JAPANESE_PAGES, ids=name)
def test_japanese_has_its_own_punctuation(page: Page) -> None:
    assert not set("、。") & set(page.source)


@pytest.mark.parametrize("page", JAPANESE_PAGES, ids=name)
def test_japanese_and_latin_words_are_apart(page: Page) -> None:
    letter = r"[ぁ-んァ-ヶー一-龥]"
    touching = rf"{letter}[A-Za-z0-9`]|[A-Za-z0-9]{letter}"
    assert not [line for line in _prose(page) if re.search(touching, line)]


def _prose(page: Page) -> Iterator[str]:
    """Yield the texts of a page, with what is code in them as one Latin word."""
    for block in page.blocks:
        parts = block.children or []
        yield "".join(
            "code" if part.type == "code_inline" else part.content for part in parts
        )


@pytest.mark.parametrize("page", ENGLISH_PAGES, ids=name)
def test_english_has_no_full_width_character(page: Page) -> None:
    source = page.source.replace(SWITCH_TO_JAPANESE, "")
    wide = {c for c in source if unicodedata.east_asian_width(c) in "WF"}
    assert not wide


def test_the_home_page_counts_the_lessons() -> None:
    english, japanese = (
        (CHECKOUT / "docs" / name).read_text(encoding="utf-8")
        for name in ("index.en.md", "index.md")
    )
    words = {3: "three", 4: "four", 5: "five", 6: "six"}
    number = len(LESSONS)
    assert f"\n{number} lessons, " in english
    assert f"{words[number]} short programs" in english
    assert f"all {words[number]} about" in english
    assert f"\n{number} レッスン，" in japanese
    assert f"短いプログラム {number} 本" in japanese
    assert f"{number} つで" in japanese
