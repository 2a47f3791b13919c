"""Recorded runs: what a text holds, what two runs share, and that ours are whole."""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path

import msgspec
import pytest

from bcclessons.console.text import Language, Problem
from bcclessons.course import exercise, lesson, recording
from bcclessons.course.lesson import Change, Lesson, Run
from bcclessons.course.recording import Recording, shape
from bcclessons.recording import picture, recorder

ROOT = Path(__file__).parents[2]
RUNS = [
    pytest.param(item, run, id=f"{item.label}-{run.name}")
    for item in lesson.load_all(ROOT)
    for run in item.all_runs
]
TEXT = """\
# command: ./lab record 02 run
# date: 2026-11-24
# release: Debian 13
# kernel: 6.12.117+deb13-amd64
# bcc: 0.31.0

$ sudo ./sample
# not the head
^C
"""


def test_a_text_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_text(TEXT)
    run = recording.load(path)
    assert run == Recording(
        command="./lab record 02 run",
        date=datetime.date(2026, 11, 24),
        release="Debian 13",
        kernel="6.12.117+deb13-amd64",
        bcc="0.31.0",
        body="$ sudo ./sample\n# not the head\n^C\n",
    )
    assert str(run) == TEXT


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("# bcc: 0.31.0\n", "", "bcc"),
        ("# bcc: 0.31.0\n", "# bcc: 0.31.0\n# colour: red\n", "colour"),
        ("2026-11-24", "yesterday", "date"),
        (TEXT, "", "command"),
    ],
)
def test_a_text_that_is_no_recording_is_named(
    tmp_path: Path, right: str, wrong: str, named: str
) -> None:
    path = tmp_path / "run.txt"
    path.write_text(TEXT.replace(right, wrong))
    with pytest.raises(Problem) as caught:
        recording.load(path)
    for said in (caught.value.text.ja, caught.value.text.en):
        assert str(path) in said
        assert named in said


def test_a_missing_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        recording.load(tmp_path / "run.txt")
    assert str(tmp_path / "run.txt") in caught.value.text.en


TRACE = "227    bash             time=31264364262 pid=227 comm=bash"
PERF = "829305575433       bash             1273   Hello, perf_output!"
DATA = (
    "48.087    229    229    bash             218    bash             0     0\n"
    "          d621c5b0 23        2001  /usr/bin/ls ls"
)
ERROR = "/virtual/main.c:28:57: in trace (ptr): 0x15f04c0: i64 = 6 too many arguments"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (TRACE, TRACE.replace("227    bash ", "31501  <...>").replace("312", "9")),
        (PERF, PERF.replace("829305575433 ", "8293055754333").replace("1273", "6   ")),
        (DATA, DATA.replace("d621c5b0 23", "00000012 7 ").replace("2001 ", "1    ")),
        (DATA, DATA.replace("48.087 ", "1148.08")),
        (ERROR, ERROR.replace("0x15f04c0", "0x7ffe00")),
        ("in /lib/modules/6.12.117+deb13-amd64/b", "in /lib/modules/7.2.0-1-amd64/b"),
        ("Possibly lost 12 samples", "Possibly lost 4 samples"),
        (f"{PERF}\n{TRACE}", f"{TRACE}\n{PERF}"),
    ],
)
def test_what_must_vary_makes_no_difference(first: str, second: str) -> None:
    assert first != second
    assert shape(first) == shape(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (PERF, f"{PERF}\n{PERF}"),
        (PERF, PERF.replace("bash", "less")),
        (PERF, PERF.replace("bash ", "bash  ")),
        (PERF, PERF.replace("575433       ", "575433      ")),
        (PERF, PERF.replace("1273   ", "1273 ")),
        (PERF, PERF.replace("Hello", "Hallo")),
        (PERF, PERF.replace("829305575433", "(-14)       ")),
        (TRACE, TRACE.replace("comm=bash", "comm=less")),
        (TRACE, TRACE.replace(" time=", "  time=")),
        (TRACE, TRACE.replace("227    ", "227     ")),
        (DATA, DATA.replace("/usr/bin/ls", "(-14)")),
        (DATA.replace("ls ls", "(-14)"), DATA.replace("ls ls", "(-22)")),
        (DATA, DATA.replace("0     0", "0    0")),
        (ERROR, ERROR.replace("too many", "not enough")),
        (ERROR, ERROR.replace("i64", "i32")),
    ],
)
def test_what_a_program_prints_makes_one(first: str, second: str) -> None:
    assert first != second
    assert shape(first) != shape(second)


@pytest.mark.parametrize(("item", "run"), RUNS)
def test_every_run_is_recorded(item: Lesson, run: Run) -> None:
    taken = recording.load(item.folder / f"{run.stem}.txt")
    assert taken.command == f"./lab record {item.label} {run.name}"
    assert taken.release == recorder.release_of(run).title
    assert taken.body.startswith("$ ")
    # Ctrl-C ends it where something is typed in the other window.
    assert ("^C\n" in taken.body) == bool(run.steps)


def test_the_main_run_shows_the_events_of_the_demo(lessons: list[Lesson]) -> None:
    for item in lessons:
        command, *lines = recording.load(item.folder / "run.txt").body.splitlines()
        assert command == f"$ sudo ./{item.program}"
        assert item.output.ready.split("\n")[0] == lines[0]
        events = [line for line in lines if re.search(item.output.line, line)]
        # What the pages of these say of `ls` and `less`; another has its own demo.
        if item.label in ("01", "02", "03"):
            assert len(events) == 7
        assert len(events) >= len(item.demo.steps)


@pytest.mark.parametrize(("item", "run"), RUNS)
def test_every_change_fits(item: Lesson, run: Run) -> None:
    program = recorder.program_of(item, run)
    assert (program == item.source.read_text(encoding="utf-8")) == (not run.change)


def test_there_is_no_recording_of_another_run(lessons: list[Lesson]) -> None:
    for item in lessons:
        stems = {path.stem for path in item.folder.glob("run*.*")}
        checks = {f"run-{recorder.CHECK}", f"run-{recorder.CHECK}.en"}
        assert stems == {run.stem for run in item.all_runs} | checks


def test_the_recorded_check_is_of_the_exercise_as_it_is(lessons: list[Lesson]) -> None:
    for item in lessons:
        first = exercise.load_all([item])[0]
        program = first.start.read_text().splitlines()
        for language, name in (("ja", "run-check.txt"), ("en", "run-check.en.txt")):
            body = recording.load(item.folder / name).body
            title = first.title.to(Language(language))
            assert (
                body.count(f"$ ./lab check {first.label}\n{first.label} {title}") == 2
            )
            looked = re.search(r"(?:line |: )(\d+)(?: 行目)?: (.+)", body)
            assert looked is not None
            assert program[int(looked[1]) - 1].strip() == looked[2]


def test_the_readme_shows_the_recorded_run(lessons: list[Lesson]) -> None:
    item = lesson.find(lessons, "02")
    drawn = picture.draw(recording.load(item.folder / "run.txt"), item.program)
    assert (ROOT / "docs/pictures/run-02.svg").read_text(encoding="utf-8") == drawn


@pytest.mark.parametrize("piece", ["no such piece", "data", ""])
def test_a_change_that_does_not_fit_once_is_refused(
    lessons: list[Lesson], piece: str
) -> None:
    run = Run(name="wrong", change=[Change(from_=piece, to="")])
    with pytest.raises(Problem) as caught:
        recorder.program_of(lesson.find(lessons, "02"), run)
    for said in (caught.value.text.ja, caught.value.text.en):
        assert "perf_output_sample" in said
        assert "wrong" in said


def test_changes_are_made_one_after_the_other(lessons: list[Lesson]) -> None:
    item = lesson.find(lessons, "02")
    first, second = Change("import threading", "once"), Change("once", "twice")
    program = recorder.program_of(item, Run(name="a", change=[first, second]))
    assert program == item.source.read_text().replace("import threading", "twice")


def test_a_run_has_two_files_and_perhaps_a_picture(
    lessons: list[Lesson], tmp_path: Path
) -> None:
    folder = tmp_path / "lessons/02_perf_output"
    folder.mkdir(parents=True)
    drawn = tmp_path / "docs/pictures/run-02.svg"
    drawn.parent.mkdir(parents=True)
    drawn.touch()
    item = msgspec.structs.replace(lesson.find(lessons, "02"), folder=folder)
    (folder / "text").write_text(TEXT)
    taken = recorder.RecordedRun(recording.load(folder / "text"), "cast\n")
    os.unlink(folder / "text")
    files = recorder.files(taken, item, item.all_runs[0], tmp_path)
    assert list(files) == [folder / "run.txt", folder / "run.cast", drawn]
    assert list(files.values())[:2] == [TEXT, "cast\n"]
    assert "sudo" in files[drawn]
    assert drawn not in recorder.files(taken, item, Run(name="other"), tmp_path)
