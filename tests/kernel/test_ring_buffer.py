"""Lesson 05 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.event_lines import EveryEventLine
from tests.kernel.lesson_run import Observer, find

LESSON = find("05")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def observe(machine: Runner) -> Observer:
    """Return what runs the lesson's cases."""
    return Observer(machine, LESSON)


class TestEveryLesson(EveryEventLine):
    """It prints a line for each call."""

    lesson = LESSON
    message = "Hello, ring_buffer!"


EVERY = TestEveryLesson()


def test_calls_one_after_the_other_are_in_order_from_whatever_cpu(
    observe: Observer,
) -> None:
    run = observe("in_turn")
    assert len({truth["cpu"] for truth in run["truth"]}) > 1
    lines = EVERY.events(run["stdout"])
    pids = [truth["pid"] for truth in run["truth"]]
    found = [line.pid for line in lines if line.pid in pids]
    assert len(pids) - len(found) <= run["skipped"]
    assert found == [pid for pid in pids if pid in found]
    times = [line.time for line in lines if line.pid in pids]
    assert times == sorted(times)
