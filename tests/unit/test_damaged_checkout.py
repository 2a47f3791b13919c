"""A checkout with a damaged or missing file: one sentence each, and the rest works."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.test_exercise_commands import EXERCISES, Learner

TOML, FIRST = "lessons/02_perf_output/lesson.toml", f"{EXERCISES}/1_seconds"


@pytest.fixture
def learner(checkout: Path, tmp_path: Path) -> Learner:
    made = Learner(checkout, tmp_path)
    # What a shell would take apart.
    made.folder = made.folder.rename(tmp_path / "日本 語's")
    return made


def damage(learner: Learner, name: str) -> None:
    (learner.folder / name).write_bytes(b"\xff[")


@pytest.mark.parametrize(
    ("file", "command"),
    [
        (TOML, ("run", "2", "--demo")),
        (TOML, ("check", "02/1")),
        (TOML, ("check", "02")),
        (f"{FIRST}/exercise.toml", ("check", "2/1")),
        (f"{FIRST}/exercise.toml", ("check", "02/1", "--hint")),
        (f"{FIRST}/exercise.toml", ("reset", "02/1")),
    ],
)
def test_what_is_damaged_is_named_with_the_way_to_restore_it(
    learner: Learner, file: str, command: tuple[str, ...]
) -> None:
    damage(learner, file)
    done = learner.lab(*command)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"lab: cannot read {file} (")
    assert last.endswith(f"; to restore it: git checkout -- {file}")


@pytest.mark.parametrize("file", [TOML, f"{FIRST}/exercise.toml"])
def test_what_is_damaged_stops_nothing_else(learner: Learner, file: str) -> None:
    damage(learner, file)
    done = learner.lab()
    assert done.returncode == 0
    assert "  01  " in done.stdout
    assert "  03  " in done.stdout
    assert learner.lab("check", "03/1", "--hint").returncode == 0
    if file != TOML:
        assert learner.lab("check", "02/2", "--hint").returncode == 0


def test_a_missing_start_is_not_said_to_be_unwritable(learner: Learner) -> None:
    (learner.folder / FIRST / "start").unlink()
    done = learner.lab("reset", "02/1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"lab: cannot read {FIRST}/start (No such file or directory); "
        f"to restore it: git checkout -- {FIRST}/start"
    )


def test_a_program_that_is_not_executable_is_said(learner: Learner) -> None:
    program = learner.folder / "lessons/02_perf_output/perf_output_sample"
    program.chmod(0o644)
    done = learner.lab("run", "02", "--demo")
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"lab: {program} is not executable; to fix it: chmod +x ")


def test_a_folder_without_lessons_is_said(learner: Learner) -> None:
    shutil.rmtree(learner.folder / "lessons")
    done = learner.lab()
    assert done.returncode == 1
    assert done.stderr.startswith("lab: no lesson in ")
