"""A learner's copy of the checkout: what is in it, and what is made good."""

from __future__ import annotations

import os
import subprocess
from contextlib import chdir
from pathlib import Path

import pytest

from bcclessons.course import exercise, learner_file
from bcclessons.course.lesson import Lesson
from bcclessons.live.classroom import checkout, fleet
from tests.conftest import CHECKOUT
from tests.unit.test_python_floor import imported

START = "lessons/02_perf_output/exercises/1_seconds/start"
PROGRAM = "lessons/02_perf_output/perf_output_sample"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    made = tmp_path / "learner" / "checkout"
    checkout.refresh(CHECKOUT, made)
    return made


def test_the_guest_has_all_that_its_observer_imports() -> None:
    closed: set[Path] = set()
    found = {CHECKOUT / "bcclessons/grading/observer.py"}
    while found:
        closed |= found
        found = {each for path in found for each in imported(path)} - closed
    packages = {path.parent / "__init__.py" for path in closed}
    packages.add(CHECKOUT / "bcclessons/__init__.py")
    names = {
        path.relative_to(CHECKOUT / "bcclessons").as_posix()
        for path in closed | packages
    }
    assert names == set(checkout.GUEST_MODULES)


def test_it_has_programs_and_starts_and_no_solution(copy: Path) -> None:
    for name in (START, PROGRAM):
        assert (copy / name).read_bytes() == (CHECKOUT / name).read_bytes()
        assert (copy / name).stat().st_mode & 0o111
    names = {path.name for path in copy.rglob("*")}
    assert not names & {"solution", "check.py", "my_sample", ".git", "__pycache__"}


def test_what_is_damaged_is_made_good_and_own_files_stay(copy: Path) -> None:
    own = copy / "lessons/02_perf_output/exercises/1_seconds/my_sample"
    own.write_text("mine")
    (copy / "lessons/notes").write_text("mine, too")
    (copy / START).unlink()
    (copy / PROGRAM).write_text("damaged")
    (copy / PROGRAM).chmod(0o600)
    checkout.refresh(CHECKOUT, copy)
    for name in (START, PROGRAM):
        assert (copy / name).read_bytes() == (CHECKOUT / name).read_bytes()
        assert (copy / name).stat().st_mode & 0o111
    assert own.read_text() == "mine"
    assert (copy / "lessons/notes").read_text() == "mine, too"


def test_a_file_in_the_place_of_a_folder_is_kept_aside(copy: Path) -> None:
    folder = copy / "lessons/02_perf_output"
    folder.rename(copy / "lessons/moved")
    folder.write_text("mine")
    (copy / "lessons/01_trace_printk/lesson.toml").unlink()
    (copy / "lessons/01_trace_printk/lesson.toml").mkdir()
    checkout.refresh(CHECKOUT, copy)
    assert (copy / PROGRAM).is_file()
    assert (copy / "lessons/01_trace_printk/lesson.toml").is_file()
    assert folder.with_name("02_perf_output.1").read_text() == "mine"


def test_an_exercise_has_the_learners_file_and_our_check(
    copy: Path, lessons: list[Lesson]
) -> None:
    ours = exercise.load_all(lessons)[0]
    his = checkout.exercise_of(ours, CHECKOUT, copy)
    assert learner_file.create(his)
    assert his.my_sample.is_relative_to(copy)
    assert his.my_sample.read_bytes() == ours.start.read_bytes()
    assert (his.folder, his.start, his.label) == (ours.folder, ours.start, ours.label)


def test_a_copy_may_take_so_much_of_the_disk(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not checkout.is_too_large(copy)
    (copy / "large").write_bytes(bytes(3 << 20))
    assert not checkout.is_too_large(copy)
    monkeypatch.setattr(checkout, "MOST_BYTES", 3 << 20)
    assert checkout.is_too_large(copy)
    (copy / "large").unlink()
    monkeypatch.setattr(checkout, "MOST_BYTES", 1 << 30)
    monkeypatch.setattr(checkout, "MOST_FILES", 10)
    assert checkout.is_too_large(copy)


@pytest.mark.parametrize("levels", [100, 3000])
def test_folders_in_folders_are_too_many_and_can_be_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, levels: int
) -> None:
    folder = tmp_path / "1/checkout"
    folder.mkdir(parents=True)
    with chdir(folder):  # a path of all of them would be too long
        for _ in range(levels):
            os.mkdir("folder")
            os.chdir("folder")
    try:
        assert checkout.is_too_large(folder)
        fleet.delete(tmp_path, 1)
        assert list(tmp_path.iterdir()) == []
        fleet.delete(tmp_path, 1)
    finally:  # pytest could not
        subprocess.run(["rm", "-rf", tmp_path / "1"], check=True)
