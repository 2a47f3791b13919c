"""Lesson 02 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.event_lines import EveryEventLine, Line
from tests.kernel.lesson_run import Observer, find

LESSON = find("02")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def observe(machine: Runner) -> Observer:
    """Return what runs the lesson's cases."""
    return Observer(machine, LESSON)


class TestEveryLesson(EveryEventLine):
    """It prints a line for each call."""

    lesson = LESSON
    message = "Hello, perf_output!"


EVERY = TestEveryLesson()


def test_execveat_and_32_bit_programs_are_not_seen(observe: Observer) -> None:
    run = observe("unseen")
    started = {
        how: (int(pid), int(status))
        for pid, how, _, status in map(str.split, run["started"].splitlines())
    }
    assert list(started) == ["execve", "execveat", "execve_32_bit"]
    assert {status for _, status in started.values()} == {0}
    seen = {line.pid for line in EVERY.events(run["stdout"])}
    assert [pid in seen for pid, _ in started.values()] == [True, False, False]


def test_what_the_kernel_skips_is_in_recursion_misses(observe: Observer) -> None:
    run = observe("skipped")
    # Linux 7.2 skips some; those before 5.12 do not say how many, and skip none.
    assert run["by_tracepoint"] + run["skipped"] == run["calls"], run


def test_a_kprobe_is_not_skipped(observe: Observer) -> None:
    run = observe("skipped")
    if run["by_kprobe"] is None:
        pytest.skip("this machine has no kprobes")
    assert run["by_kprobe"] == run["calls"], run


def test_the_calls_are_of_every_kind(observe: Observer) -> None:
    truths = observe("columns")["truth"]
    comms = {truth["comm"].encode("latin-1") for truth in truths}
    assert comms >= {
        b"fifteen-letters",
        b"sixteen-letters",  # cut by the kernel
        b"two words",
        " 名前".encode(),
        b"\xff\xfe raw \x85",
        b"",
        b"python3",
        b"env",  # the second call of one process
    }
    assert {truth["status"] for truth in truths} == {0, 127}
    assert min(Counter(truth["cpu"] for truth in truths).values()) > 10


@pytest.mark.parametrize(("case", "calls"), [("columns", "truth"), ("storm", "bursts")])
def test_times_increase_on_each_cpu(observe: Observer, case: str, calls: str) -> None:
    run = observe(case)
    lines = EVERY.events(run["stdout"])
    place = {line: place for place, line in enumerate(lines)}
    on_cpu: dict[int, list[Line]] = {}
    for truth in run[calls]:
        on_cpu.setdefault(truth["cpu"], []).extend(EVERY.of_call(lines, truth))
    for found in on_cpu.values():
        times = [line.time for line in sorted(found, key=place.__getitem__)]
        assert times == sorted(set(times))
