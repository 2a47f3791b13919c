"""Which attempts were tried: another one, or other checks or versions, are not the same."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.kernel import tried
from tests.kernel.attempts import Attempt, attempts

ATTEMPT = attempts()[0]


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """An attempt at a copy of its exercise, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tried._folder.cache_clear()
    folder = tmp_path / ATTEMPT.exercise.folder.name
    shutil.copytree(ATTEMPT.exercise.folder, folder)
    exercise = msgspec.structs.replace(ATTEMPT.exercise, folder=folder)
    return dataclasses.replace(ATTEMPT, exercise=exercise)


def test_the_same_attempt_has_the_same_record(attempt: Attempt) -> None:
    record = tried.record(attempt, "6.18 0.31")
    assert not record.exists()
    record.touch()
    assert tried.record(attempt, "6.18 0.31").exists()


@pytest.mark.parametrize("name", ["check.py", "exercise.toml", "start"])
def test_a_file_of_the_exercise_that_changes_makes_another(
    attempt: Attempt, name: str
) -> None:
    before = tried.record(attempt, "6.18 0.31")
    path = attempt.exercise.folder / name
    path.write_text(path.read_text() + "\n")
    assert tried.record(attempt, "6.18 0.31") != before


@pytest.mark.parametrize("field", ["name", "program", "says"])
def test_another_attempt_has_another(attempt: Attempt, field: str) -> None:
    changed: dict[str, Any] = {field: "another"}
    other = dataclasses.replace(attempt, **changed)
    assert tried.record(other, "6.18 0.31") != tried.record(attempt, "6.18 0.31")


def test_another_kernel_has_another(attempt: Attempt) -> None:
    assert tried.record(attempt, "7.2 0.37") != tried.record(attempt, "6.18 0.31")


def test_other_checks_have_another(
    attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tried.record(attempt, "6.18 0.31")
    tried._folder.cache_clear()
    monkeypatch.setattr(tried, "_CHECKS", tried._CHECKS[1:])
    assert tried.record(attempt, "6.18 0.31") != before
