"""The site as MkDocs builds it: what the pages show, and what stops the build."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import pytest

from bcclessons.console.text import Language
from bcclessons.course import lineref, recording
from bcclessons.course.lesson import Lesson
from bcclessons.course.translation import translation
from tests.site.conftest import build

BUILT_FROM = ("mkdocs.yml", "docs", "lessons", "bcclessons")


def page_of(site: Path, item: Lesson, language: Language) -> str:
    """Return the HTML of a lesson's page."""
    root = site if language is Language.JA else site / language
    return (root / "lessons" / item.folder.name / "index.html").read_text()


def source_of(item: Lesson, language: Language) -> str:
    """Return the Markdown of a lesson's page."""
    return translation(item.folder / "README.md", language).read_text()


@pytest.mark.parametrize("language", list(Language))
def test_references_say_their_lines(
    site: Path, lessons: list[Lesson], language: Language
) -> None:
    for item in lessons:
        page = page_of(site, item, language)
        program = item.source.read_text()
        marked = re.findall(
            r'class="line-reference" data-lines="(\d+)-(\d+)" href="#L', page
        )
        assert len(marked) >= 8, item.label
        for first, last in marked:
            label = f"{first} 行目" if language is Language.JA else f"line {first}"
            if first != last:
                label = f"{last} 行目" if language is Language.JA else f"lines {first}"
            assert label in page
            assert int(last) <= len(program.splitlines())
    lesson_02 = next(item for item in lessons if item.number == 2)
    page = page_of(site, lesson_02, language)
    lines = lineref.resolve(lesson_02.source.read_text(), "b.perf_buffer_poll()")
    assert f'href="#L{lines.first}"' in page


@pytest.mark.parametrize("language", list(Language))
def test_runs_are_shown_as_recorded(
    site: Path, lessons: list[Lesson], language: Language
) -> None:
    for item in lessons:
        page = html.unescape(page_of(site, item, language))
        links = re.findall(
            r"^\[.*\]\((run\S*\.txt)\)$", source_of(item, language), re.M
        )
        assert "run.txt" in links
        for name in links:
            run = recording.load(item.folder / name)
            assert run.body in page, name
            assert run.kernel in page
            assert run.bcc in page


@pytest.mark.parametrize("language", list(Language))
def test_the_program_is_on_the_page_line_by_line(
    site: Path, lessons: list[Lesson], language: Language
) -> None:
    for item in lessons:
        page = page_of(site, item, language)
        found = re.findall(r'<span class="line" id="L\d+">(.*?)\n</span>', page, re.S)
        shown = [html.unescape(re.sub(r"<[^>]*>", "", line)) for line in found]
        assert shown == item.source.read_text().splitlines()


@pytest.mark.parametrize("language", list(Language))
def test_the_picture_is_in_the_page_in_its_language(
    site: Path, lessons: list[Lesson], language: Language
) -> None:
    for item in lessons:
        picture = translation(item.folder / "picture.svg", language).read_text()
        assert picture.strip() in page_of(site, item, language)


@pytest.mark.parametrize("language", list(Language))
def test_the_support_table_has_every_release(site: Path, language: Language) -> None:
    root = site if language is Language.JA else site / language
    page = (root / "support/index.html").read_text()
    for title in ("Debian 11", "Debian 12", "Debian 13", "Debian unstable"):
        assert f"<td>{title}</td>" in page


@pytest.fixture
def copy(checkout: Path, tmp_path: Path) -> Path:
    """A copy of what the site is built from, to be broken."""
    for name in BUILT_FROM:
        source = checkout / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / "checkout" / name)
        else:
            (tmp_path / "checkout").mkdir(exist_ok=True)
            shutil.copy(source, tmp_path / "checkout" / name)
    return tmp_path / "checkout"


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that is there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_reference_to_no_line_stops_the_build(copy: Path, tmp_path: Path) -> None:
    page = copy / "lessons/02_perf_output/README.en.md"
    replace(page, "[`b.perf_buffer_poll()`]", "[`b.perf_buffer_pull()`]")
    done = build(copy, tmp_path / "site")
    assert done.returncode == 1
    assert re.search(
        r"02_perf_output/README.en.md:\d+: `b.perf_buffer_pull\(\)` is on no line",
        done.stderr,
    )


def test_a_program_that_the_matrix_has_not_run_stops_the_build(
    copy: Path, tmp_path: Path
) -> None:
    with (copy / "lessons/01_trace_printk/trace_printk_sample").open("a") as program:
        program.write("# a new line\n")
    done = build(copy, tmp_path / "site")
    assert done.returncode == 1
    assert "does not hold the results of lesson 01" in done.stderr
    assert "./lab test --matrix" in done.stderr


def test_a_missing_recording_stops_the_build(copy: Path, tmp_path: Path) -> None:
    (copy / "lessons/03_data_access/run.txt").unlink()
    done = build(copy, tmp_path / "site")
    assert done.returncode == 1
    assert re.search(r"03_data_access/README.md:\d+: cannot embed run.txt", done.stderr)


def test_a_missing_translation_stops_the_build(copy: Path, tmp_path: Path) -> None:
    (copy / "docs/glossary.en.md").unlink()
    done = build(copy, tmp_path / "site")
    assert done.returncode == 1
    assert "docs/glossary.md: there is no glossary.en.md" in done.stderr


def test_a_dead_link_stops_the_build(copy: Path, tmp_path: Path) -> None:
    page = copy / "lessons/01_trace_printk/README.md"
    replace(page, "reference.md#trace_fields", "reference.md#trace_field")
    done = build(copy, tmp_path / "site")
    assert done.returncode == 1
    line = next(
        number
        for number, text in enumerate(page.read_text().splitlines(), 1)
        if "#trace_field)" in text
    )
    assert f"lessons/01_trace_printk/README.md:{line}: " in done.stderr
    assert "#trace_field'" in done.stderr
