"""The exercises as data: complete, in both languages, and giving nothing away."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from pathlib import Path

import msgspec
import pytest

from bcclessons.console.text import Problem
from bcclessons.course import exercise, learner_file
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved
from tests.kernel.attempts import EXERCISES

JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
every = pytest.mark.parametrize("item", EXERCISES, ids=lambda item: item.label)


def added(item: Exercise) -> list[str]:
    """Return the lines of code that the solution has and the start has not."""
    start, solution = (
        path.read_text().splitlines() for path in (item.start, item.solution)
    )
    lines = [line[2:].strip() for line in difflib.ndiff(start, solution)
             if line.startswith("+ ")]  # fmt: skip
    return [line for line in lines if line and not line.startswith(("//", "#"))]


def test_there_are_enough_and_they_are_numbered(lessons: list[Lesson]) -> None:
    assert len(EXERCISES) >= 10
    for item in lessons:
        mine = exercise.load_all([item])
        assert len(mine) >= 3
        assert [each.number for each in mine] == list(range(1, len(mine) + 1))


@every
def test_it_has_all_its_files(item: Exercise) -> None:
    names = {path.name for path in item.folder.iterdir()} - {"__pycache__"}
    tracked = {name for name in names if not name.startswith("my_sample")}
    assert tracked == {"start", "solution", "exercise.toml", "check.py"}
    for program in (item.start, item.solution):
        assert os.access(program, os.X_OK)
        lines = program.read_text().splitlines()
        assert lines[0] == "#!/usr/bin/python3"
        assert len(lines) < 110
        assert all(len(line) <= 79 for line in lines)


@every
def test_the_start_says_in_both_languages_what_to_do(item: Exercise) -> None:
    todo = re.findall(r"(?:#|//) TODO: (.+) / (.+)", item.start.read_text())
    assert len(todo) == 1
    japanese, english = todo[0]
    assert JAPANESE.search(japanese)
    assert not JAPANESE.search(english)
    assert "TODO" not in item.solution.read_text()


@every
def test_hints_and_task_are_in_both_languages(item: Exercise) -> None:
    assert len(item.hints) >= 2
    for text in (item.title, item.task, *item.hints):
        assert JAPANESE.search(text.ja)
        assert not JAPANESE.search(text.en)
    for text in (item.task, *item.hints):
        assert text.ja.endswith(("．", "か．"))
        assert text.en.endswith((".", "?"))


@every
def test_nothing_gives_the_solution_away(item: Exercise) -> None:
    folder = item.folder.parents[1]
    sections = "".join(
        (folder / name).read_text().partition(f"\n## {head}\n")[2].partition("\n## ")[0]
        for name, head in (("README.md", "演習"), ("README.en.md", "Exercises"))
    )
    assert "./lab check" in sections
    taught = {e.lesson.source for e in EXERCISES if e.label <= item.label}
    program = "".join(path.read_text() for path in taught)
    shown = [text for hint in (item.task, *item.hints) for text in (hint.ja, hint.en)]
    # What the lessons' own programs have is no secret.
    decisive = [x for x in added(item) if len(x) > 12 and x not in program]
    for line in decisive:
        for text in (*shown, sections, item.start.read_text()):
            assert line not in text


@every
def test_the_solution_is_near_the_start(item: Exercise) -> None:
    assert len(added(item)) <= 12


@every
def test_wrong_answers_are_plausible_and_several(item: Exercise) -> None:
    assert len(item.mistakes) >= 2
    programs = {item.with_mistake(mistake) for mistake in item.mistakes}
    assert len(programs) == len(item.mistakes)
    assert item.start.read_text() not in programs


@every
def test_it_has_its_place_on_the_page(item: Exercise) -> None:
    for name, title in (("README.md", item.title.ja), ("README.en.md", item.title.en)):
        page = (item.folder.parents[1] / name).read_text()
        section = page.partition(f"\n### {title}\n")[2]
        assert section, title
        assert f"./lab check {item.label}\n" in section.partition("\n### ")[0]


@pytest.mark.parametrize(
    ("where", "labels"),
    [
        ("02/1", ["02/1"]),
        ("2/01", ["02/1"]),
        ("02", [f"02/{number}" for number in range(1, 7)]),
        ("1/", ["01/1", "01/2", "01/3"]),
    ],
)
def test_one_is_found_by_what_one_types(where: str, labels: list[str]) -> None:
    assert [item.label for item in exercise.find(EXERCISES, where)] == labels


@pytest.mark.parametrize(
    ("where", "first", "last"),
    [
        *((where, "01/1", EXERCISES[-1].label) for where in ("", "9", "perf", "-1")),
        *((where, "01/1", EXERCISES[-1].label) for where in ("02/-1", "２/１", "02 1")),
        ("02/1/1", "01/1", EXERCISES[-1].label),
        ("02/9", "02/1", "02/6"),
        ("3/0", "03/1", "03/5"),
    ],
)
def test_none_is_found_in_a_sentence(where: str, first: str, last: str) -> None:
    with pytest.raises(Problem) as caught:
        exercise.find(EXERCISES, where)
    ja, en = caught.value.text.ja, caught.value.text.en
    assert f"{first} から {last} まで" in ja
    assert f"there are {first} to {last}:" in en
    for words in (ja, en):
        assert f"./lab check {first}" in words


@pytest.fixture
def own(tmp_path: Path) -> Exercise:
    """An exercise in a folder of its own."""
    folder = tmp_path / "02_perf_output/exercises/1_seconds"
    folder.mkdir(parents=True)
    original = EXERCISES[3]
    for path in original.folder.iterdir():
        if path.is_file() and not path.name.startswith("my_sample"):
            (folder / path.name).write_bytes(path.read_bytes())
            (folder / path.name).chmod(path.stat().st_mode)
    return exercise.load(folder, original.lesson)


def test_the_learners_file_is_made_once_and_never_overwritten(own: Exercise) -> None:
    assert learner_file.create(own)
    assert own.my_sample.read_text() == own.start.read_text()
    assert os.access(own.my_sample, os.X_OK)
    own.my_sample.write_text("my work")
    assert not learner_file.create(own)
    assert own.my_sample.read_text() == "my work"


def test_every_attempt_is_kept(own: Exercise) -> None:
    assert learner_file.put_aside(own) is None
    for number in (1, 2, 3):
        learner_file.create(own)
        own.my_sample.write_text(f"attempt {number}")
        kept = learner_file.put_aside(own)
        assert kept is not None
        assert kept.read_text() == f"attempt {number}"
    names = sorted(path.name for path in own.folder.glob("my_sample*"))
    assert names == [f"my_sample.{number}" for number in (1, 2, 3)]
    for number in range(4, learner_file.MOST_KEPT + 1):
        own.my_sample.with_name(f"my_sample.{number}").touch()
    own.my_sample.write_text("one more")
    with pytest.raises(Problem, match=r"my_sample\.99 already"):
        learner_file.put_aside(own)
    assert own.my_sample.read_text() == "one more"


@pytest.mark.parametrize("broken", ["directory", "bytes", "empty", "dangling", "large"])
def test_what_is_no_program_is_said(own: Exercise, broken: str) -> None:
    if broken == "directory":
        own.my_sample.mkdir()
    elif broken == "bytes":
        own.my_sample.write_bytes(b"\xff\xfe")
    elif broken == "large":
        own.my_sample.write_bytes(b"#" * 300_000)
    elif broken == "empty":
        own.my_sample.write_text(" \n")
    else:
        own.my_sample.symlink_to("nowhere")
    assert not learner_file.create(own)
    with pytest.raises(Problem, match=r"\./lab reset 02/1"):
        learner_file.read(own)


def test_line_ends_are_read_as_they_are(own: Exercise) -> None:
    """The kernel does not start a program with those of Windows."""
    own.my_sample.write_bytes(b"#!/usr/bin/python3\r\nprint()\r\n")
    assert learner_file.read(own) == "#!/usr/bin/python3\r\nprint()\r\n"
    assert learner_file.put_aside(own) is not None


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("kind = 'dance'", r"cannot read .*exercise\.toml"),
        ("kind = 'call'\nfiel = '/bin/ls'", r"steps have no field fiel"),
    ],
)
def test_an_exercise_that_cannot_be_read_is_said(
    own: Exercise, step: str, message: str
) -> None:
    path = own.folder / "exercise.toml"
    path.write_text(path.read_text() + f"\n[[steps]]\n{step}\n")
    with pytest.raises(Problem, match=message):
        exercise.load(own.folder, own.lesson)


def test_what_is_solved_is_so_until_it_is_changed(
    own: Exercise, tmp_path: Path
) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path / "state")}
    learner_file.create(own)
    assert not Solved(environment).has(own)
    Solved(environment).note(own, own.my_sample.read_text())
    assert Solved(environment).has(own)
    own.my_sample.write_text(own.my_sample.read_text() + "# more\n")
    assert not Solved(environment).has(own)


def test_hints_come_one_by_one_and_begin_anew(own: Exercise, tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path / "state")}
    counts = [Solved(environment).next_hints(own) for _ in range(4)]
    assert counts == [1, 2, 2, 2][: len(counts)]
    Solved(environment).forget_hints(own)
    assert Solved(environment).next_hints(own) == 1


def test_a_record_that_nobody_can_read_is_begun_anew(
    own: Exercise, tmp_path: Path
) -> None:
    path = tmp_path / "state/bcc-lessons/exercises.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert not Solved({"XDG_STATE_HOME": str(tmp_path / "state")}).has(own)


def test_two_labs_keep_each_others_records(own: Exercise, tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path / "state")}
    learner_file.create(own)
    watching = Solved(environment)
    Solved(environment).note(own, own.my_sample.read_text())
    watching.note(EXERCISES[0], "another")
    watching.next_hints(EXERCISES[0])
    assert Solved(environment).has(own)


def test_a_record_that_cannot_be_written_is_said(own: Exercise, tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(Problem, match="XDG_STATE_HOME"):
        Solved({"XDG_STATE_HOME": str(tmp_path / "state")}).note(own, "program")


def test_each_save_is_seen(own: Exercise) -> None:
    assert learner_file.revision(own) is None
    learner_file.create(own)
    seen = [learner_file.revision(own)]
    own.my_sample.write_text("in place")
    seen.append(learner_file.revision(own))
    new = own.folder / "new"
    new.write_text("in place")
    new.replace(own.my_sample)
    seen.append(learner_file.revision(own))
    assert len({*seen, None}) == 4
    own.my_sample.unlink()
    assert learner_file.revision(own) is None


def test_what_an_exercise_needs_goes_before_its_lessons_needs() -> None:
    by_label = {item.label: item for item in EXERCISES}
    parent, argv = by_label["03/4"], by_label["03/1"]
    assert parent.lesson_to_run.needs.headers == "exact"
    assert argv.lesson_to_run.needs.headers == "any"


def test_the_tenth_exercise_comes_after_the_second(
    own: Exercise, lessons: list[Lesson]
) -> None:
    for number in (10, 2):
        copy = own.folder.with_name(f"{number}_copy")
        shutil.copytree(own.folder, copy)
    lesson = msgspec.structs.replace(own.lesson, folder=own.folder.parents[1])
    found = exercise.load_all([lesson, lessons[0]])
    labels = [item.label for item in found if item.lesson == lesson]
    assert labels == ["02/1", "02/2", "02/10"]
    assert found[0].lesson.number == 1
