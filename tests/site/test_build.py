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
        marked = page_of(site, item, language)
        # But for what other kernels do not show, and words for screen readers.
        marked = re.sub(
            r"<del>.*?</del>|<span class=.word.[^>]*>[^<]*</span>",
            "",
            marked,
            flags=re.S,
        )
        page = html.unescape(re.sub(r"<[^>]*>", "", marked))
        links = re.findall(
            r"^\[.*\]\(recordings/(run\S*\.txt)\)$", source_of(item, language), re.M
        )
        assert "run.txt" in links
        for name in links:
            run = recording.load(item.recordings / name)
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


def test_each_published_script_is_linked(site: Path) -> None:
    pages = "".join(path.read_text() for path in site.glob("lessons/*/index.html"))
    scripts = {path.name for path in site.glob("lessons/*/*.py")}
    assert scripts == {
        "unseen_programs.py", "untouched_page.py", "many_calls.py", "both_ways.py",
        "both_buffers.py",
        "calls_at_once.py",
    }  # fmt: skip
    assert all(f'href="{name}"' in pages for name in scripts)


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


@pytest.fixture(scope="session")
def broken(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the site is built from, with one fault of each kind."""
    copy = copied(checkout, tmp_path_factory.mktemp("broken") / "checkout")
    lessons = copy / "lessons"
    replace(
        lessons / "02_perf_output/README.en.md",
        "[`b.perf_buffer_poll()`]",
        "[`b.perf_buffer_pull()`]",
    )
    replace(
        lessons / "01_trace_printk/README.md",
        "reference.md#trace_fields",
        "reference.md#trace_field",
    )
    with (lessons / "01_trace_printk/trace_printk_sample").open("a") as program:
        program.write("# a new line\n")
    (lessons / "03_data_access/recordings/run.txt").unlink()
    (copy / "docs/glossary.en.md").unlink()
    return copy


def copied(checkout: Path, copy: Path) -> Path:
    """Copy what the site is built from, to be changed."""
    copy.mkdir()
    for name in BUILT_FROM:
        make = shutil.copytree if (checkout / name).is_dir() else shutil.copy
        make(checkout / name, copy / name)
    return copy


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that is there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def errors(broken: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The warnings of the build of that copy, each of which makes it fail."""
    done = build(broken, tmp_path_factory.mktemp("site"))
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    return "\n".join(line for line in lines if line.startswith("WARNING"))


def test_a_reference_to_no_line_stops_the_build(errors: str) -> None:
    assert re.search(
        r"02_perf_output/README.en.md:\d+: `b.perf_buffer_pull\(\)` is on no line",
        errors,
    )


def test_a_program_that_the_matrix_has_not_run_stops_the_build(errors: str) -> None:
    assert "does not hold the results of 01" in errors
    assert "./lab test --matrix" in errors


def test_a_missing_recording_stops_the_build(errors: str) -> None:
    assert re.search(r"03_data_access/README.md:\d+: cannot embed run.txt", errors)


def test_a_missing_translation_stops_the_build(errors: str) -> None:
    assert "docs/glossary.md: there is no glossary.en.md" in errors


def test_a_dead_link_stops_the_build(broken: Path, errors: str) -> None:
    page = broken / "lessons/01_trace_printk/README.md"
    line = next(
        number
        for number, text in enumerate(page.read_text().splitlines(), 1)
        if "#trace_field)" in text
    )
    assert f"lessons/01_trace_printk/README.md:{line}: " in errors
    assert "#trace_field'" in errors
