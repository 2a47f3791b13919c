"""When a failed trial is the program's fault, and when a busy machine's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bcclessons.console.text import Language
from bcclessons.course.exercise import Exercise
from bcclessons.grading import busy, feedback
from bcclessons.grading.check import Observer, check
from bcclessons.grading.contract import Ending, Load, Observation
from bcclessons.grading.trial import Trial
from bcclessons.live.classroom.session import LearnerSession
from tests.kernel.attempts import EXERCISES

EXERCISE, EXERCISE_02 = EXERCISES[0], EXERCISES[3]
QUIET = Load(seconds=2.0, processes=10, waited=0.1)
STORM = Load(seconds=2.0, processes=2000, waited=0.1)
CALLS = Load(seconds=2.0, processes=10, calls=50_000, waited=0.1)
FULL = Load(seconds=10.0, processes=20, waited=7.0)
RAISED = 'Traceback (most recent call last):\n  File "x"\nValueError: no\n'


def is_certain(observed: Observation, exercise: Exercise = EXERCISE) -> bool:
    return busy.is_certain(observed, Trial.of(exercise, observed))


@pytest.mark.parametrize("load", [STORM, CALLS, FULL])
def test_a_busy_machine_is_said_with_what_to_do(load: Load) -> None:
    observed = Observation("interrupted", load=load)
    assert not is_certain(observed)
    assert busy.is_worth_repeating(observed)
    found = busy.feedback(observed, EXERCISE)
    assert found is not None
    assert found.undecided
    shown = feedback.result(EXERCISE, found, "", Language.EN)
    assert shown.startswith("01/1 Print four values: undecided: the machine is busy.")
    assert shown.endswith(" or in the VM: ./lab check 01/1 --vm")
    assert "--hint" not in shown
    assert feedback.as_data(found)["text"].ja.endswith(": ./lab check 01/1 --vm")


def test_in_a_class_one_presses_check_again() -> None:
    found = busy.feedback(Observation("interrupted", load=FULL), EXERCISE)
    text = feedback.as_data(found, LearnerSession.retry)["text"]
    assert text.en.endswith("no result yet. " + LearnerSession.retry.en)
    assert text.ja.endswith("判定できない．" + LearnerSession.retry.ja)
    assert "--vm" not in text.en + text.ja
    solved = feedback.as_data(None, LearnerSession.retry)
    assert solved["text"].en == "Solved."
    assert "retry" not in solved


def test_lines_that_have_no_pid_are_of_as_many_as_differ() -> None:
    item = next(each for each in EXERCISES if each.label == "04/3")
    line = "0      bash             1\n"
    stdout = f"{item.output.ready}\n{line * 40}"
    assert is_certain(Observation("flooded", stdout, load=STORM), item)
    assert not is_certain(Observation("interrupted", stdout, load=STORM), item)


def test_a_quiet_machine_is_no_excuse() -> None:
    observed = Observation("interrupted", load=QUIET)
    assert not busy.is_worth_repeating(observed)
    assert busy.feedback(observed, EXERCISE) is None


@pytest.mark.parametrize(
    ("load", "enough", "trials"),
    [(STORM, False, 2), (STORM, True, 1), (QUIET, False, 1), (QUIET, True, 1)],
)
def test_a_failed_trial_is_repeated_where_others_may_be_the_cause(
    monkeypatch: pytest.MonkeyPatch, load: Load, enough: bool, trials: int
) -> None:
    made = []

    def observe(*request: object) -> Observation:
        made.append(request)
        return Observation("deaf", load=load)

    monkeypatch.setattr("bcclessons.grading.check._observe", observe)
    start = EXERCISE.start.read_text()
    found = check(
        EXERCISE, start, Observer([], emulated=False), enough=lambda _: enough
    )
    assert found is not None
    assert len(made) == trials


@pytest.mark.parametrize("ending", ["not started", "early", "by itself", "bomb"])
def test_how_a_program_ends_by_itself_is_its_own_fault(ending: Ending) -> None:
    assert is_certain(Observation(ending, load=STORM))


def test_an_exception_is_its_own_fault_but_not_ctrl_c_in_a_callback() -> None:
    assert is_certain(Observation("interrupted", stderr=RAISED, load=STORM))
    pressed = RAISED.replace("ValueError: no", "KeyboardInterrupt")
    assert not is_certain(Observation("deaf", stderr=pressed, load=STORM))


@pytest.mark.parametrize(("pids", "certain"), [(1, True), (9, True), (5_000, False)])
def test_more_lines_than_others_can_cause_are_its_own(pids: int, certain: bool) -> None:
    line = "1                  x                {}    Hello, perf_output!"
    output = [EXERCISE_02.output.ready, *(line.format(n % pids) for n in range(5_000))]
    observed = Observation("flooded", stdout="\n".join(output), load=STORM)
    assert is_certain(observed, EXERCISE_02) is certain
    # Each call makes a line, though it makes no process.
    assert not is_certain(replace(observed, load=CALLS), EXERCISE_02)
    few = replace(CALLS, calls=2_000)
    assert is_certain(replace(observed, load=few), EXERCISE_02) is certain


def test_lines_of_no_process_are_not_of_others_calls() -> None:
    observed = Observation("flooded", stdout="x\n" * 10_000, load=CALLS)
    assert is_certain(observed)
