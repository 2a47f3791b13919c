"""Which observation is of an attempt: that of its program, steps and machine."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from bcclessons.grading.check import Observer
from bcclessons.setup.paths import CHECKOUT
from tests.kernel import observed
from tests.kernel.attempts import attempts

ATTEMPT = attempts()[0]
OBSERVER = Observer(["echo", "what was observed"], emulated=False)
VERSIONS = "6.18 0.31"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of ATTEMPT's observation, in a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return observed.file_of(ATTEMPT, OBSERVER, VERSIONS)


def _observe(observer: Observer) -> str:
    done = subprocess.run(observer.command, capture_output=True, text=True, check=True)
    return done.stdout


def test_what_was_observed_is_told_again(file: Path) -> None:
    with observed.saving(file, OBSERVER) as observer:
        assert _observe(observer) == "what was observed\n"
        assert not file.exists()
    assert _observe(observed.again(file, OBSERVER)) == "what was observed\n"


def test_what_was_not_as_it_should_be_is_not_saved(file: Path) -> None:
    with pytest.raises(AssertionError), observed.saving(file, OBSERVER) as observer:
        assert _observe(observer) == "what was expected\n"
    assert list(file.parent.iterdir()) == []


def test_a_program_that_was_not_run_is_not_observed(file: Path) -> None:
    with observed.saving(file, OBSERVER):
        pass
    assert not file.exists()


def test_what_was_not_used_for_long_is_removed(file: Path) -> None:
    old = file.with_name("old")
    old.parent.mkdir(parents=True)
    old.touch()
    os.utime(old, (0, 0))
    with observed.saving(file, OBSERVER) as observer:
        _observe(observer)
    assert list(file.parent.iterdir()) == [file]


def test_other_words_of_the_feedback_need_no_other(file: Path) -> None:
    other = dataclasses.replace(ATTEMPT, name="another", says="another")
    assert observed.file_of(other, OBSERVER, VERSIONS) == file


def test_another_program_has_another(file: Path) -> None:
    other = dataclasses.replace(ATTEMPT, program="another")
    assert observed.file_of(other, OBSERVER, VERSIONS) != file


def test_other_steps_have_another(file: Path) -> None:
    steps = ATTEMPT.exercise.steps[:-1]
    exercise = msgspec.structs.replace(ATTEMPT.exercise, steps=steps)
    other = dataclasses.replace(ATTEMPT, exercise=exercise)
    assert observed.file_of(other, OBSERVER, VERSIONS) != file


def test_another_machine_has_another(file: Path) -> None:
    assert observed.file_of(ATTEMPT, OBSERVER, "7.2 0.37") != file
    emulated = OBSERVER._replace(emulated=True)
    assert observed.file_of(ATTEMPT, emulated, VERSIONS) != file


def test_another_observer_has_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "observer.py"
    other.write_bytes(observed._OBSERVER.read_bytes())
    monkeypatch.setattr(observed, "_OBSERVER", other)
    before = observed.file_of(ATTEMPT, OBSERVER, VERSIONS)
    other.write_text(f"{other.read_text()}\n")
    observed._modules.cache_clear()
    assert observed.file_of(ATTEMPT, OBSERVER, VERSIONS) != before


def test_all_that_the_observer_imports_counts() -> None:
    modules = observed._imported(observed._OBSERVER)
    names = [path.relative_to(CHECKOUT).as_posix() for path in modules]
    assert names == [
        "bcclessons/__init__.py",
        "bcclessons/course/__init__.py",
        "bcclessons/course/steps.py",
        "bcclessons/grading/__init__.py",
        "bcclessons/grading/contract.py",
        "bcclessons/grading/execve.py",
        "bcclessons/grading/execve_count.py",
        "bcclessons/grading/namespace.py",
        "bcclessons/grading/observer.py",
        "bcclessons/grading/processes.py",
        "bcclessons/grading/program.py",
    ]
