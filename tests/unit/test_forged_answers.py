"""Programs and observers that are made to cost the checker time, or its answer."""

from __future__ import annotations

import sys
import time

import pytest

from bcclessons.console.text import Problem
from bcclessons.grading.check import Observer, check
from bcclessons.grading.contract import STARTED
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source
from tests.kernel.attempts import EXERCISES

EXERCISE = EXERCISES[0]


def forging(program: str) -> Observer:
    """Return an observer that says what it likes: what a Python program prints."""
    return Observer([sys.executable, "-c", program], emulated=True)


def checked(program: str) -> Feedback | None:
    return check(EXERCISE, "print()\n", forging(program))


@pytest.mark.parametrize(
    "answer",
    [
        "{}",
        "[]",
        "7",
        '{"ending": "early", "calls": 7, "load": {}}',
        '{"ending": "early", "stdout": 7, "calls": [], "load": {}}',
        '{"ending": "early", "calls": [{"pid": 1, "tid": 1, "ppid": 1, "before": 1,'
        '"after": 1, "result": 0, "step": 99}], "load": {}}',
        '{"more": ' + "[" * 9000,
    ],
)
def test_an_answer_that_is_none_is_said(answer: str) -> None:
    with pytest.raises(Problem, match="could not be tried"):
        checked(f"print({answer!r})")


def test_to_start_is_said_once() -> None:
    """A page is told of it each time."""
    times: list[None] = []
    observer = forging(f"for _ in range(1000): print({STARTED!r})")
    with pytest.raises(Problem, match="could not be tried"):
        check(EXERCISE, "print()\n", observer, started=lambda: times.append(None))
    assert len(times) == 1


def test_a_long_answer_takes_no_pattern_long() -> None:
    program = """
from bcclessons.grading.contract import Observation
text = "bpf: Failed to load program: Permission denied" + chr(10)
text += "0: (85) call" + chr(10) + "invalid " * 100_000 + chr(10)
text += "processed 1 insns" + chr(10)
print(Observation("early", stderr=text, status=1).to_json())
"""
    begin = time.monotonic()
    assert checked(program) is not None
    assert time.monotonic() - begin < 5


def test_a_long_line_takes_no_pattern_long() -> None:
    begin = time.monotonic()
    Source('b = """\n' + "a(" * 60_000 + '\n"""\n').functions()
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize("program", ["x = " + "-" * 100_000 + "1", "a" + ".b" * 99_999])
def test_a_program_that_is_nested_too_deeply_is_said(program: str) -> None:
    found = check(EXERCISE, program, forging(""))
    assert found is not None
    assert "too deeply nested" in found.text.en
