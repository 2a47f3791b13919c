"""The exercises as data: complete, in both languages, and giving nothing away."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

import pytest

from bcclessons.console.text import Problem
from bcclessons.course import exercise, lesson
from bcclessons.course.exercise import MINE, Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved
from tests.kernel.attempts import EXERCISES, LESSONS

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
    tracked = {name for name in names if not name.startswith(MINE)}
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
    program = next(i for i in LESSONS if i.folder == folder).source.read_text()
    shown = [text for hint in (item.task, *item.hints) for text in (hint.ja, hint.en)]
    # What the lesson's own program has is no secret.
    decisive = [x for x in added(item) if len(x) > 12 and x not in program]
    assert decisive
    for line in decisive:
        for text in (*shown, sections, item.start.read_text()):
            assert line not in text


@every
def test_the_solution_is_near_the_start(item: Exercise) -> None:
    assert len(added(item)) <= 12


@every
def test_wrong_answers_are_plausible_and_several(item: Exercise) -> None:
    assert len(item.wrong) >= 2
    programs = {item.wrong_program(wrong) for wrong in item.wrong}
    assert len(programs) == len(item.wrong)
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
        ("02", [f"02/{number}" for number in range(1, 6)]),
        ("1/", ["01/1", "01/2", "01/3"]),
    ],
)
def test_one_is_found_by_what_one_types(where: str, labels: list[str]) -> None:
    assert [item.label for item in exercise.find(EXERCISES, where)] == labels


@pytest.mark.parametrize(
    "where", ["", "9", "02/9", "02/1/1", "perf", "-1", "02/-1", "２/１", "02 1"]
)
def test_none_is_found_in_a_sentence(where: str) -> None:
    with pytest.raises(Problem) as caught:
        exercise.find(EXERCISES, where)
    for words in (caught.value.text.ja, caught.value.text.en):
        assert "02/1" in words
        assert "./lab check 01/1" in words


@pytest.fixture
def own(tmp_path: Path) -> Exercise:
    """An exercise in a folder of its own."""
    folder = tmp_path / "02_perf_output/exercises/1_seconds"
    folder.mkdir(parents=True)
    original = EXERCISES[3]
    for path in original.folder.iterdir():
        if path.is_file() and not path.name.startswith(MINE):
            (folder / path.name).write_bytes(path.read_bytes())
            (folder / path.name).chmod(path.stat().st_mode)
    return exercise.load(folder)


def test_the_learners_file_is_made_once_and_never_overwritten(own: Exercise) -> None:
    assert exercise.begin(own)
    assert own.mine.read_text() == own.start.read_text()
    assert os.access(own.mine, os.X_OK)
    own.mine.write_text("my work")
    assert not exercise.begin(own)
    assert own.mine.read_text() == "my work"


def test_every_attempt_is_kept(own: Exercise) -> None:
    assert exercise.put_aside(own) is None
    for number in (1, 2, 3):
        exercise.begin(own)
        own.mine.write_text(f"attempt {number}")
        kept = exercise.put_aside(own)
        assert kept is not None
        assert kept.read_text() == f"attempt {number}"
    names = sorted(path.name for path in own.folder.glob(f"{MINE}*"))
    assert names == [f"{MINE}.{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("broken", ["directory", "bytes", "empty", "dangling"])
def test_what_is_no_program_is_said(own: Exercise, broken: str) -> None:
    if broken == "directory":
        own.mine.mkdir()
    elif broken == "bytes":
        own.mine.write_bytes(b"\xff\xfe")
    elif broken == "empty":
        own.mine.write_text(" \n")
    else:
        own.mine.symlink_to("nowhere")
    assert not exercise.begin(own)
    with pytest.raises(Problem, match=r"\./lab reset 02/1"):
        exercise.read_mine(own)
    assert exercise.put_aside(own) is not None


def test_an_exercise_that_cannot_be_read_is_said(own: Exercise) -> None:
    path = own.folder / "exercise.toml"
    path.write_text(path.read_text() + "\n[[steps]]\nkind = 'dance'\n")
    with pytest.raises(Problem, match=r"exercise\.toml cannot be read"):
        exercise.load(own.folder)


def test_what_is_solved_is_so_until_it_is_changed(
    own: Exercise, tmp_path: Path
) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path / "state")}
    exercise.begin(own)
    assert not Solved(environment).has(own)
    Solved(environment).note(own, own.mine.read_text())
    assert Solved(environment).has(own)
    own.mine.write_text(own.mine.read_text() + "# more\n")
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
    exercise.begin(own)
    watching = Solved(environment)
    Solved(environment).note(own, own.mine.read_text())
    watching.note(EXERCISES[0], "another")
    watching.next_hints(EXERCISES[0])
    assert Solved(environment).has(own)


def test_a_record_that_cannot_be_written_is_said(own: Exercise, tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(Problem, match="XDG_STATE_HOME"):
        Solved({"XDG_STATE_HOME": str(tmp_path / "state")}).note(own, "program")


def test_each_save_is_seen(own: Exercise) -> None:
    assert exercise.saved(own) is None
    exercise.begin(own)
    seen = [exercise.saved(own)]
    own.mine.write_text("in place")
    seen.append(exercise.saved(own))
    new = own.folder / "new"
    new.write_text("in place")
    new.replace(own.mine)
    seen.append(exercise.saved(own))
    assert len({*seen, None}) == 4
    own.mine.unlink()
    assert exercise.saved(own) is None


def test_what_an_exercise_needs_goes_before_its_lessons_needs() -> None:
    by_label = {item.label: item for item in EXERCISES}
    parent, argv = by_label["02/2"], by_label["03/1"]
    assert parent.lesson_to_run(lesson.find(LESSONS, "02")).needs.headers == "exact"
    assert argv.lesson_to_run(lesson.find(LESSONS, "03")).needs.headers == "any"
