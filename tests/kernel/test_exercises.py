"""The exercises' contract, on a real kernel: each attempt gets the feedback that helps."""

from __future__ import annotations

import time

import pytest

from bcclessons.grading.check import Observer, check
from bcclessons.grading.contract import Request, usual_limits
from bcclessons.grading.feedback import Feedback
from tests.kernel import observed
from tests.kernel.attempts import Attempt
from tests.kernel.conftest import Runner

pytestmark = pytest.mark.timeout(300)


def test_the_attempt_gets_its_feedback(machine: Runner, attempt: Attempt) -> None:
    exercise = attempt.exercise
    limits = usual_limits(emulated=machine.observer.emulated)
    request = Request(attempt.program, exercise.output.ready, exercise.steps, limits)

    def as_it_should_be(found: Feedback) -> bool:
        return attempt.says is not None and attempt.says in found.text.en

    def judged_by(observer: Observer) -> None:
        # Whatever else runs on the machine: a busy one decides nothing, and says so.
        for pause in (1, 5, 20, 0):
            # Next to the tests of another worker, each failed trial would be repeated.
            feedback = check(
                exercise, attempt.program, observer, enough=as_it_should_be
            )
            if feedback is None or not feedback.undecided:
                break
            time.sleep(pause)
        _judge(attempt, feedback)

    observed.judge(machine, request, judged_by)


def _judge(attempt: Attempt, feedback: Feedback | None) -> None:
    if attempt.says is None:
        assert feedback is None
        return
    assert feedback is not None, "a wrong program was found right"
    assert attempt.says in feedback.text.en
    assert feedback.text.ja
    # It says where to look, in the learner's own file, or shows what was printed.
    assert feedback.output is not None or feedback.line is not None
    if feedback.line is not None:
        assert 1 <= feedback.line <= len(attempt.program.splitlines())
