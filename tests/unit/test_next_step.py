"""The next step: it is always named, and it is the next one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bcclessons.cli.next_step import next_step
from bcclessons.course import exercise
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved
from bcclessons.setup.system import utf8_settings
from tests.unit.test_exercise_commands import Learner


@pytest.fixture
def learner(checkout: Path, tmp_path: Path) -> Learner:
    return Learner(checkout, tmp_path)


@pytest.fixture
def exercises(learner: Learner, lessons: list[Lesson]) -> list[Exercise]:
    """The exercises of a learner who has not started any."""
    from bcclessons.course import lesson

    return exercise.load_all(lesson.load_all(learner.folder))


@pytest.fixture
def solved(tmp_path: Path) -> Solved:
    return Solved({"XDG_STATE_HOME": str(tmp_path)})


def solve(item: Exercise, solved: Solved) -> None:
    item.my_sample.write_text(item.label)
    solved.note(item, item.label)


def test_a_learner_is_led_through_lessons_and_their_exercises(
    exercises: list[Exercise], solved: Solved
) -> None:
    """Each lesson is run before its exercises; then they come in their order."""
    said = next_step(exercises, solved).en
    for number, item in enumerate(exercises):
        if number == 0 or exercises[number - 1].lesson != item.lesson:
            assert said.startswith(f"Next: ./lab run {item.lesson.label} (")
            said = next_step(exercises, solved, item.lesson).en
        assert said.startswith(f"Next: ./lab check {item.label} (")
        solve(item, solved)
        said = next_step(exercises, solved, item).en
    assert said.startswith("All exercises are solved.")


def test_what_was_left_out_comes_at_the_end(
    exercises: list[Exercise], solved: Solved
) -> None:
    first, *rest = exercises
    for item in rest:
        solve(item, solved)
    again = f"./lab check {first.label}"
    first.my_sample.write_text("started")
    assert again in next_step(exercises, solved, rest[-1]).ja
    assert again in next_step(exercises, solved, rest[0].lesson).en


def test_a_lesson_that_was_run_is_followed_by_its_own_exercise(
    exercises: list[Exercise], solved: Solved
) -> None:
    last = exercises[-1].lesson
    mine = next(item for item in exercises if item.lesson == last)
    assert next_step(exercises, solved, last).en.startswith(
        f"Next: ./lab check {mine.label} ("
    )


@pytest.mark.parametrize("command", [(), ("stop",), ("check", "02/1", "--hint")])
def test_the_last_line_of_a_command_names_what_to_type(
    learner: Learner, command: tuple[str, ...]
) -> None:
    done = learner.lab(*command)
    last = (done.stdout + done.stderr).splitlines()[-1]
    assert "./lab " in last, done


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "euc_jp", "utf-8"])
def test_no_locale_makes_a_traceback(learner: Learner, encoding: str) -> None:
    """Japanese is printed as what the locale has, or else as UTF-8."""
    done = subprocess.run(
        [learner.folder / "lab", "--lang", "ja"],
        env={**learner.environment, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    used = encoding if encoding == "euc_jp" else "utf-8"
    assert "レッスンを動かす" in done.stdout.decode(used)


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "xx_XX.UTF-8"}, True),  # not installed
        ({"LC_ALL": ""}, True),  # and no LANG
        ({"LC_ALL": "C.UTF-8"}, False),
    ],
)
def test_a_shell_has_utf8_where_the_locale_has_not(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], needed: bool
) -> None:
    for name in [*os.environ]:
        if name.startswith("LC_") or name == "LANG":
            monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert utf8_settings() == ({"LC_ALL": "C.UTF-8"} if needed else {})
