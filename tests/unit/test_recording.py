"""Recorded runs: what a text holds, what two runs share, and that ours are whole."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import msgspec
import pytest

from bcclessons.console.text import Language, Problem
from bcclessons.course import exercise, journey, lesson, recording
from bcclessons.course.lesson import Lesson
from bcclessons.course.recording import Recording, shape
from bcclessons.course.run import Change, Run
from bcclessons.recording import exercise_check, picture, recorder

ROOT = Path(__file__).parents[2]
LESSONS = lesson.load_all(ROOT)
RUNS = [
    pytest.param(item, run, id=f"{item.label}-{run.stem}")
    for item in LESSONS
    for each in item.all_runs
    for run in each.on_each_release
]
# The columns that fit the pane at 1280 pixels, in type of 12 pixels.
WIDEST = 86
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


def test_a_lessons_first_recording_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "recordings/run.txt"
    for text in ("first", "second"):
        recorder.save({path: text})
        assert path.read_text() == text
        assert list(path.parent.iterdir()) == [path]


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
RAW = "           <...>-228     [001] ...21    26.905730: bpf_trace_printk: pid=228"
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
        (f"  Output: {TRACE}", f"  Output: {TRACE}".replace("bash ", "<...>", 1)),
        (RAW, RAW.replace("           <...>-228  ", "            bash-31501")),
        (PERF, PERF.replace("829305575433 ", "8293055754333").replace("1273", "6   ")),
        (DATA, DATA.replace("d621c5b0 23", "00000012 7 ").replace("2001 ", "1    ")),
        (DATA, DATA.replace("48.087 ", "1148.08")),
        (ERROR, ERROR.replace("0x15f04c0", "0x7ffe00")),
        ("    call();\n        ^", "   15 |     call();\n      |         ^"),
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


def states(body: str, other: str) -> list[tuple[str, str]]:
    """Return the letter that begins each compared line, and its state."""
    found = recording.compared("\n".join(body), "\n".join(other))
    return [(line.text, line.state) for line in found]


@pytest.mark.parametrize(
    ("body", "other", "differs", "missing"),
    [
        ("abc", "abc", "", ""),
        ("abc", "ab", "c", ""),
        ("ab", "abc", "", "c"),
        ("abc", "bca", "", ""),  # the order of lines varies
        ("abbc", "abc", "b", ""),
        ("xbc", "abc", "x", "a"),
        ("", "ab", "", "ab"),
    ],
)
def test_two_runs_are_compared(
    body: str, other: str, differs: str, missing: str
) -> None:
    found = states(body, other)
    assert [text for text, state in found if state != "missing"] == list(body)
    assert "".join(text for text, state in found if state == "differs") == differs
    assert "".join(text for text, state in found if state == "missing") == missing


def test_a_missing_line_is_where_it_would_be() -> None:
    assert states("ac", "abc") == [("a", "same"), ("b", "missing"), ("c", "same")]


def test_what_must_vary_is_compared_as_the_same() -> None:
    line = PERF.replace("1273", "6   ")
    assert [each.state for each in recording.compared(line, PERF)] == ["same"]


@pytest.mark.parametrize(("item", "run"), RUNS)
def test_every_run_is_recorded(item: Lesson, run: Run) -> None:
    taken = recording.load(item.recordings / f"{run.stem}.txt")
    assert taken.command == f"./lab record {item.label} {run.name}"
    assert taken.release == recorder.release_of(run).title
    assert taken.body.startswith("$ ")
    # Ctrl-C ends it where something is typed in the other window.
    assert ("^C\n" in taken.body) == bool(run.steps)


CASTS = sorted(ROOT.glob("lessons/*/recordings/*.cast"))


@pytest.mark.parametrize(
    "path", CASTS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}"
)
def test_a_cast_has_a_marker_for_each_typed_command(path: Path) -> None:
    header, *events = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert header["version"] == 2
    assert header["width"] <= WIDEST
    assert events[0][0] > 0  # the player loses what is there at 0
    typed = [label for _, kind, label in events if kind == "m"]
    body = recording.load(path.with_suffix(".txt")).body
    if path.stem.startswith("run-check"):
        commands = [line[2:] for line in body.splitlines() if line[:2] == "$ "]
        assert typed == commands
        return
    (item,) = [item for item in LESSONS if item.recordings == path.parent]
    (run,) = [run for run in item.all_runs if run.stem == path.stem]
    assert run.steps
    started = run.typed or [f"sudo ./{item.program}"]
    assert typed == [*started, *(step.command for step in run.steps), "Ctrl-C"]


@pytest.mark.parametrize(
    "path", CASTS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}"
)
def test_the_first_picture_of_a_cast_has_the_first_command(path: Path) -> None:
    _, *events = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert [at for at, _, _ in events] == sorted(at for at, _, _ in events)
    first = "".join(text for at, kind, text in events if at < 0.1 and kind == "o")
    command = next(label for _, kind, label in events if kind == "m")
    # Its first word: a lesson that is made as a copy has another program's name.
    assert command.split()[0] in re.sub(r"\s|\x1b[^A-Za-z]*[A-Za-z]", "", first)


def test_the_main_run_shows_the_events_of_the_demo(lessons: list[Lesson]) -> None:
    for item in lessons:
        command, *lines = recording.load(item.recordings / "run.txt").body.splitlines()
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
        names = {path.name for path in item.recordings.iterdir()}
        runs = [each for run in item.all_runs for each in run.on_each_release]
        checks = {exercise_check.stem(language) for language in Language}
        assert names == (
            {f"{run.stem}.txt" for run in runs}
            | {f"{run.stem}.cast" for run in runs if run.is_watched}
            | {f"{check}.{kind}" for check in checks for kind in ("txt", "cast")}
            | {f"{run.name}.json" for run in journey.recordings(item)}
        )


def test_the_recorded_check_is_of_the_exercise_as_it_is(lessons: list[Lesson]) -> None:
    for item in lessons:
        first = exercise.load_all([item])[0]
        program = first.start.read_text().splitlines()
        for language in Language:
            path = item.recordings / f"{exercise_check.stem(language)}.txt"
            body = recording.load(path).body
            title = first.title.to(language)
            assert body.count(f"$ ./lab check {first.label}") == 2
            assert body.count(f"\n{first.label} {title}") == 2
            looked = re.search(r"(?:line |: )(\d+)(?: 行目)?: (.+)", body)
            assert looked is not None
            assert program[int(looked[1]) - 1].strip() == looked[2]


def test_the_readme_shows_the_recorded_run(lessons: list[Lesson]) -> None:
    item = lesson.find(lessons, "02")
    drawn = picture.draw(recording.load(item.recordings / "run.txt"), item.program)
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
    own = folder / "recordings"
    drawn = tmp_path / "docs/pictures/run-02.svg"
    drawn.parent.mkdir(parents=True)
    drawn.touch()
    item = msgspec.structs.replace(lesson.find(lessons, "02"), folder=folder)
    (tmp_path / "text").write_text(TEXT)
    taken = recorder.RecordedRun(recording.load(tmp_path / "text"), "cast\n")
    main = item.all_runs[0]
    files = recorder.files(taken, item, main, tmp_path)
    assert list(files) == [own / "run.txt", own / "run.cast", drawn]
    assert list(files.values())[:2] == [TEXT, "cast\n"]
    assert "sudo" in files[drawn]
    quiet = recorder.files(taken, item, Run(name="other"), tmp_path)
    assert list(quiet) == [own / "run-other.txt"]
    elsewhere = msgspec.structs.replace(main, on="debian-11")
    on_11 = recorder.files(taken, item, elsewhere, tmp_path)
    assert list(on_11) == [own / "run.debian-11.txt"]
