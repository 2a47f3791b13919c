"""The exercises' contract, on a real kernel: each attempt gets the answer that helps."""

from __future__ import annotations

import pytest

from bcclessons.grading import checking
from tests.kernel.attempts import Attempt
from tests.kernel.conftest import Runner

pytestmark = pytest.mark.timeout(150)


def test_the_attempt_gets_its_answer(machine: Runner, attempt: Attempt) -> None:
    answer = checking.check(
        attempt.exercise,
        attempt.program,
        machine.machine,
        emulated=machine.name == "vm",
    )
    if attempt.says is None:
        assert answer is None
        return
    assert answer is not None, "a wrong program was found right"
    assert attempt.says in answer.text.en
    assert answer.text.ja
    # It says where to look, in the learner's own file, or shows what came.
    assert answer.came is not None or answer.number is not None
    if answer.number is not None:
        assert 1 <= answer.number <= len(attempt.program.splitlines())
