"""The Markdown of the course without MkDocs: plain Python-Markdown and our extension."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown import markdown

from bcclessons.console.text import Language
from bcclessons.course import lesson, lineref, recording
from bcclessons.course.translation import same_page, translation
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site import listing
from bcclessons.site.markdown import LessonMarkdown
from bcclessons.site.page import Page

LESSON = lesson.find(lesson.load_all(CHECKOUT), "02")
POLL = "b.perf_buffer_poll()"


def rendered(page: Page, text: str | None = None) -> str:
    """Return the HTML of a page, or of another text in its place."""
    if text is None:
        text = page.source.read_text(encoding="utf-8")
    return markdown(text, extensions=["tables", "md_in_html", LessonMarkdown(page)])


@pytest.mark.parametrize("language", list(Language))
def test_a_lesson_has_its_references_its_run_and_its_program(
    language: Language,
) -> None:
    page = Page(translation(LESSON.folder / "README.md", language))
    result = rendered(page)
    source = LESSON.source.read_text()
    (line, _) = lineref.resolve(source, POLL)
    label = f"（{line} 行目）" if language is Language.JA else f" (line {line})"
    reference = re.search(rf'<a class="line-reference" [^>]*href="#L{line}"', result)
    assert reference is not None
    assert f"<code>{POLL}</code></a>{label}" in result
    run = recording.load(LESSON.recordings / "run.txt")
    shown = html.unescape(re.sub(r"<[^>]*>", "", result))
    assert run.body.rstrip() in shown
    program = listing.whole(source, page.explanations(LESSON), language)
    number = re.search(rf'id="L{line}"><a class="number" [^>]*href="#(r\d+)"', program)
    assert number is not None
    assert f'id="{number[1]}"' in result


def test_another_page_has_an_excerpt_whose_referenced_lines_are_marked() -> None:
    result = rendered(
        Page(CHECKOUT / "docs/new.en.md"),
        '[Poll](../lessons/02_perf_output/perf_output_sample "while True: … poll()")\n\n'
        f"See [`{POLL}`](../lessons/02_perf_output/perf_output_sample).\n",
    )
    assert re.findall(r'class="line( lit)?"', result).count(" lit") == 1
    assert 'href="../lessons/02_perf_output/README.en.md#L' in result


def test_the_narrowest_reference_explains_a_line_and_of_those_the_first() -> None:
    page = Page(LESSON.folder / "README.en.md")
    rendered(
        page,
        "[`struct data_t {` … `};`](perf_output_sample), "
        "[`u32 pid;`](perf_output_sample), [pid](perf_output_sample 'u32 pid;')",
    )
    (wide, narrow, _) = page.references
    (line, _) = narrow.lines
    explanations = page.explanations(LESSON)
    assert explanations[line] == narrow.id
    assert explanations[line - 1] == wide.id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("値を\n送る．", "<p>値を送る．</p>"),
        (f"[`{POLL}`](perf_output_sample) で待つ", " 行目）で待つ"),
        ("[`perf_output_sample`](perf_output_sample) を", 'href="#program"'),
        ("[A run](recordings/run.txt)", '<button type="button" class="watch">'),
        ("[A run](recordings/run.txt)", '<span data-lines="29 30">'),
        ("[A check](recordings/run-check.txt)", '<button type="button" class="watch">'),
    ],
)
def test_what_markdown_becomes(text: str, expected: str) -> None:
    assert expected in rendered(Page(LESSON.folder / "README.md"), text)


def test_a_part_of_a_run_has_only_these_lines() -> None:
    (header,) = re.findall("^TIME.*", (LESSON.recordings / "run.txt").read_text(), re.M)
    page = Page(LESSON.folder / "README.md")
    result = rendered(page, f'[A run](recordings/run.txt "{header}")')
    assert f">{header}\n</span></code>" in result
    assert "Hello" not in result


def test_a_run_is_text_alone_on_other_pages_and_where_nobody_types() -> None:
    for folder, text in (
        (CHECKOUT / "docs", "[A run](../lessons/02_perf_output/recordings/run.txt)"),
        (LESSON.folder, "[Refused](recordings/run-not-root.txt)"),
    ):
        result = rendered(Page(folder / "README.en.md"), text)
        assert "sudo ./perf_output_sample" in result
        assert "data-recording" not in result


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("See [`poll_perf()`](perf_output_sample).", "`poll_perf()` is on no line"),
        ("[A run](recordings/run-nothing.txt)", "cannot embed run-nothing.txt"),
        ('[Lines](perf_output_sample "nowhere")', "cannot embed perf_output_sample"),
    ],
)
def test_what_is_wrong_is_said_with_the_page_and_its_line(text: str, says: str) -> None:
    warnings: list[str] = []
    page = Page(LESSON.folder / "README.md", warn=warnings.append)
    rendered(page, text)
    (warning,) = warnings
    assert warning.startswith("lessons/02_perf_output/README.md: ")
    assert says in warning


def test_it_needs_no_mkdocs() -> None:
    code = "import sys, bcclessons.site.markdown; print('mkdocs' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, check=True
    )
    assert done.stdout == b"False\n"


def test_a_page_is_known_by_its_name_in_both_languages() -> None:
    japanese, english = Path("docs/setup.md"), Path("docs/setup.en.md")
    for page in (japanese, english):
        assert translation(page, Language.JA) == japanese
        assert translation(page, Language.EN) == english
    assert same_page(japanese, english)
    assert not same_page(japanese, Path("docs/index.en.md"))


@pytest.mark.parametrize(
    ("name", "kernel", "watched"),
    [("run", "6.12", True), ("run.debian-11", "5.10", False)],
)
def test_a_run_is_seen_on_the_kernel_that_is_linked_to(
    name: str, kernel: str, watched: bool
) -> None:
    result = rendered(
        Page(LESSON.folder / "README.en.md"), f"[A run](recordings/{name}.txt)"
    )
    labels = re.findall(
        r'<input type="radio"[^>]*?( checked)?><label[^>]*>([\d.]+)<', result
    )
    assert [label for _, label in labels] == ["5.10", "6.1", "6.12", "7.2"]
    assert [label for checked, label in labels if checked] == [kernel]
    assert result.count("What differs from Linux 6.12 is marked.") == 1  # on 5.10
    assert result.count("Nothing but times and numbers differs") == 2
    assert ("data-recording" in result) == watched
