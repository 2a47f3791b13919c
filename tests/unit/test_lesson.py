"""lesson.toml: the real ones are read, and a wrong one is refused in two languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bcclessons.console.text import Problem
from bcclessons.course.lesson import Lesson, find, find_runs, load, load_all

GOOD = """\
number = 7
program = "seven_sample"
title = { ja = "七", en = "Seven" }
goal = { ja = "七つ", en = "All seven" }

[needs]
kernel = "5.10"
features = ["tracepoints"]
headers = "any"

[output]
ready = "HEADER"
line = '^\\d+$'

[[demo.steps]]
command = "ls"

[[runs]]
name = "with-less"
change = [{ from = "a", to = "b" }]
steps = [{ command = "less file", keys = "q" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a lesson 07 that is right."""
    return make(tmp_path, "07_seven")


def make(root: Path, name: str, toml: str | bytes = GOOD) -> Path:
    """Make a lesson's folder in a checkout; return it."""
    folder = root / "lessons" / name
    folder.mkdir(parents=True)
    (folder / "seven_sample").touch(0o755)
    data = toml if isinstance(toml, bytes) else toml.encode()
    (folder / "lesson.toml").write_bytes(data)
    return folder


def messages(folder: Path) -> tuple[str, str]:
    """Return what load() says of a folder, in Japanese and in English."""
    with pytest.raises(Problem) as caught:
        load(folder)
    return caught.value.text.ja, caught.value.text.en


def test_the_real_lessons_load(lessons: list[Lesson]) -> None:
    assert [lesson.number for lesson in lessons] == sorted(
        {lesson.number for lesson in lessons}
    )
    assert 2 in {lesson.number for lesson in lessons}
    for lesson in lessons:
        assert lesson.source.is_file()
        assert re.compile(lesson.output.line).groupindex
        assert lesson.demo.steps


def test_lesson_02_reads_no_kernel_struct(lessons: list[Lesson]) -> None:
    needs = find(lessons, "02").needs
    assert (needs.features, needs.headers) == (["tracepoints"], "any")


def test_a_good_lesson_loads(folder: Path) -> None:
    lesson = load(folder)
    assert lesson.label == "07"
    assert lesson.source == folder / "seven_sample"
    assert lesson.title.ja == "七"
    assert lesson.demo.steps[0].keys == ""
    main, run = lesson.all_runs
    assert (main.stem, main.steps) == ("run", lesson.demo.steps)
    assert run.stem == "run-with-less"
    assert (run.change[0].from_, run.change[0].to) == ("a", "b")


@pytest.mark.parametrize("name", ["02", "2", "002", "perf", "perf_output"])
def test_a_lesson_is_found(lessons: list[Lesson], name: str) -> None:
    assert find(lessons, name).folder.name == "02_perf_output"


@pytest.mark.parametrize("name", ["999", "nothing", "-2", "２"])
def test_an_unknown_lesson_is_answered_with_those_there_are(
    lessons: list[Lesson], name: str
) -> None:
    with pytest.raises(Problem) as caught:
        find(lessons, name)
    for said in (caught.value.text.ja, caught.value.text.en):
        assert name in said
        assert "01, 02, 03" in said
        assert "./lab run 01" in said
    with pytest.raises(Problem, match=r"type \./lab record 01$"):
        find(lessons, name, "./lab record")


def test_an_ambiguous_name_is_answered_with_what_it_fits(tmp_path: Path) -> None:
    for number in (7, 8, 9):
        name = "other" if number == 9 else "seven"
        toml = GOOD.replace("number = 7", f"number = {number}")
        make(tmp_path, f"{number:02}_{name}", toml)
    lessons = load_all(tmp_path)
    with pytest.raises(Problem) as caught:
        find(lessons, "seven")
    for said in (caught.value.text.ja, caught.value.text.en):
        assert "07_seven, 08_seven" in said
        assert "09_other" not in said
        assert "./lab run 07" in said
    assert find(lessons, "8").number == 8


def test_a_checkout_without_lessons(tmp_path: Path) -> None:
    assert load_all(tmp_path) == []
    with pytest.raises(Problem):
        find([], "02")


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("number = 7", 'number = "7"', "number"),
        ("number = 7", "", "number"),
        ("number = 7", "number = 7\ncolour = 'red'", "colour"),
        ("number = 7", "number = 7\nfolder = '/'", "folder"),
        ("number = 7", "number = 8", "number"),
        ('"seven_sample"', '"eight_sample"', "program"),
        ('program = "seven_sample"', "program = 7", "program"),
        ('ja = "七", ', "", "title"),
        (', en = "All seven"', "", "goal"),
        ('"七"', '""', "title"),
        ('"5.10"', '"5"', "kernel"),
        ('"5.10"', "5.10", "kernel"),
        ('"5.10"', '"5.10.1"', "kernel"),
        ('"tracepoints"', '"magic"', "features"),
        ('["tracepoints"]', '"tracepoints"', "features"),
        ('"any"', '"some"', "headers"),
        ('headers = "any"', 'headers = "any"\nmemory = 1', "memory"),
        ("'^\\d+$'", "'('", "line"),
        ('ready = "HEADER"', "", "ready"),
        ('command = "ls"', 'keys = "q"', "command"),
        ('command = "ls"', 'command = "ls"\nkey = "q"', "key"),
        ('[[demo.steps]]\ncommand = "ls"', "", "demo"),
        ('name = "with-less"', "", "runs"),
        ('name = "with-less"', 'name = "With less"', "runs"),
        ('name = "with-less"', 'name = "../less"', "runs"),
        ('name = "with-less"', 'name = "run"', "runs"),
        ('name = "with-less"', 'name = "a"\nsize = 80', "size"),
        ('name = "with-less"', 'name = "a"\nuser = "somebody"', "user"),
        ('{ from = "a", to = "b" }', '{ from = "a" }', "change"),
        ('{ from = "a", to = "b" }', '{ from_ = "a", to = "b" }', "change"),
    ],
)
def test_a_wrong_field_is_named(
    tmp_path: Path, right: str, wrong: str, named: str
) -> None:
    assert GOOD.count(right) == 1
    folder = make(tmp_path, "07_seven", GOOD.replace(right, wrong))
    for said in messages(folder):
        assert str(folder / "lesson.toml") in said
        # Not as a part of the path, nor of another word.
        assert re.search(rf"\b{named}\b", said.replace(str(folder), ""))


@pytest.mark.parametrize(
    "toml",
    [b"", b"[[", GOOD.encode() + b"number = 7", GOOD.encode() + b"# \xff", b"\0"],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, toml: bytes) -> None:
    folder = make(tmp_path, "07_seven", toml)
    for said in messages(folder):
        assert str(folder / "lesson.toml") in said


def test_the_refusal_is_in_two_languages(tmp_path: Path) -> None:
    ja, en = messages(make(tmp_path, "07_seven", b"[["))
    assert re.search("[ぁ-ん]", ja)
    assert en.isascii()


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "lesson.toml").unlink()
    for said in messages(folder):
        assert str(folder / "lesson.toml") in said


def test_a_folder_of_another_number_is_refused(folder: Path) -> None:
    moved = folder.rename(folder.with_name("08_seven"))
    for said in messages(moved):
        assert str(moved / "lesson.toml") in said


def test_runs_are_found_by_name(folder: Path) -> None:
    lesson = load(folder)
    assert find_runs(lesson, []) == lesson.all_runs
    assert find_runs(lesson, ["with-less", "with-less"]) == lesson.runs
    with pytest.raises(Problem) as caught:
        find_runs(lesson, ["run", "without"])
    for said in (caught.value.text.ja, caught.value.text.en):
        assert "without" in said
        assert "run, with-less" in said
