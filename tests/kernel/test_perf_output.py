"""Lesson 02 as a learner runs it, on real kernels, against a known truth.

What happens on the machine is in on_machine.py; what it must amount to is here.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from bcclessons import lesson as lessons

ROOT = Path(__file__).parents[2]
LESSON = lessons.find(lessons.load_all(ROOT), "02")
PROGRAM = str(LESSON.source.relative_to(ROOT))
MESSAGE = "Hello, perf_output!"

# How often a slow machine does what a fast one does by on_machine.py's default.
FEWER_ON_VM = {
    "columns": 1,
    "ctrl_c_starting": 3,
    "ctrl_c_ready": 4,
    "ctrl_c_storm": 2,
    "ctrl_c_terminal": 1,
}
# Seconds from the signal to the end of the process.
SOON = {"host": 1.0, "vm": 5.0}
CASE_SECONDS = 290.0

pytestmark = pytest.mark.timeout(300)

Observation = dict[str, Any]
Observe = Callable[[str], Observation]


class Machine(Protocol):
    """What these tests ask of the ``machine`` fixture (of module scope or wider)."""

    @property
    def name(self) -> str:
        """Either "host" or "vm"."""

    def run(self, argv: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
        """Run ``argv`` there as root, in the root of the checkout."""


class Line(NamedTuple):
    """A line of the lesson; ``comm`` is padded as it is printed."""

    time: int
    comm: str
    pid: int


@pytest.fixture(scope="module")
def observe(machine: Machine) -> Observe:
    """Return a function that runs a case once and returns what was observed."""
    seen: dict[str, Observation] = {}

    def run(case: str) -> Observation:
        if case not in seen:
            argv = ["/usr/bin/python3", "tests/kernel/on_machine.py", case, PROGRAM]
            if machine.name == "vm" and case in FEWER_ON_VM:
                argv += ["--count", str(FEWER_ON_VM[case])]
            ended = machine.run(argv, CASE_SECONDS)
            assert ended.returncode == 0, ended.stderr
            seen[case] = json.loads(ended.stdout)
        return seen[case]

    return run


@pytest.fixture(scope="module")
def soon(machine: Machine) -> float:
    """Return how many seconds after a signal the lesson must have ended."""
    return SOON[machine.name]


def parse(line: str) -> Line:
    """Read a line by its layout, and hold it to the layout and to the pattern."""
    assert re.fullmatch(LESSON.output.line, line), repr(line)
    found = Line(int(line[:18]), line[19:35], int(line[36:].split()[0]))
    assert line == f"{found.time:<18} {found.comm:<16} {found.pid:<6} {MESSAGE}"
    return found


def lines_of(stdout: str) -> list[Line]:
    """Return the lines after the header; the last must be whole."""
    # Not splitlines(): a process name may hold what that takes for a line's end.
    header, *lines, rest = stdout.split("\n")
    assert header == LESSON.output.ready
    assert rest == ""
    return [parse(line) for line in lines]


def match(lines: list[Line], truths: list[Observation]) -> list[tuple[int, Line]]:
    """Pair each call of execve with its one line; return (CPU, line) as printed."""
    cpu_of: dict[int, int] = {}
    places: dict[int, list[int]] = {}
    for place, line in enumerate(lines):
        places.setdefault(line.pid, []).append(place)
    for truth in truths:
        fitting = [
            place
            for place in places.get(truth["pid"], [])
            if lines[place].comm == truth["comm"].ljust(16)
            and truth["before"] <= lines[place].time <= truth["after"]
        ]
        assert len(fitting) == 1, (truth, [lines[p] for p in fitting])
        assert fitting[0] not in cpu_of, truth
        cpu_of[fitting[0]] = truth["cpu"]
    return [(cpu, lines[place]) for place, cpu in sorted(cpu_of.items())]


def assert_increasing(matched: list[tuple[int, Line]]) -> None:
    """Hold that the times of each CPU increase in the order of printing."""
    for cpu in {cpu for cpu, _ in matched}:
        times = [line.time for on, line in matched if on == cpu]
        assert times == sorted(set(times)), cpu


def assert_nothing_left(run: Observation) -> None:
    """Hold that no process, BPF program or enabled tracepoint is left."""
    left = run["left"]
    assert left["processes"] == []
    assert left["programs"] == []
    assert left["tracepoint_after"] == left["tracepoint_before"]


def assert_ended(run: Observation, status: int, soon: float) -> None:
    """Hold that it ended as it should: silent, soon, and leaving nothing."""
    assert run["stderr"] == ""
    assert run["status"] == status
    assert run["seconds"] < soon
    assert_nothing_left(run)


def test_each_call_has_one_line_with_true_columns(observe: Observe) -> None:
    run = observe("columns")
    match(lines_of(run["stdout"]), run["truth"])
    assert run["stderr"] == ""


def test_the_calls_are_of_every_kind(observe: Observe) -> None:
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


def test_pid_is_that_of_the_process_not_of_the_thread(observe: Observe) -> None:
    run = observe("columns")
    threads = [truth for truth in run["truth"] if truth["comm"] == "a thread"]
    lines = lines_of(run["stdout"])
    match(lines, threads)
    for truth in threads:
        assert truth["tid"] != truth["pid"]
        assert not any(
            line.pid == truth["tid"] and line.comm == "a thread".ljust(16)
            for line in lines
        )


def test_a_failing_call_has_a_line_too(observe: Observe) -> None:
    run = observe("columns")
    failed = [truth for truth in run["truth"] if truth["status"] == 127]
    assert failed
    match(lines_of(run["stdout"]), failed)


def test_no_line_is_printed_twice(observe: Observe) -> None:
    for case in ("columns", "storm"):
        lines = lines_of(observe(case)["stdout"])
        assert len(set(lines)) == len(lines)


def test_times_increase_on_each_cpu(observe: Observe) -> None:
    for case in ("columns", "storm"):
        run = observe(case)
        assert_increasing(match(lines_of(run["stdout"]), run["truth"]))


def test_a_storm_is_printed_to_the_last(observe: Observe, soon: float) -> None:
    run = observe("storm")
    assert len(run["truth"]) >= 2000
    assert_ended(run, 0, soon)  # silent, so without "Possibly lost"
    match(lines_of(run["stdout"]), run["truth"])


def test_ctrl_c_before_the_header(observe: Observe, soon: float) -> None:
    runs = observe("ctrl_c_starting")["runs"]
    assert not runs[0]["was_ready"]
    for run in runs:
        # Before Ctrl-C is asked for, it may end the program in the shell's own way.
        allowed = (0,) if run["was_ready"] else (0, -signal.SIGINT)
        assert run["status"] in allowed
        assert_ended(run, run["status"], soon)
        assert run["stdout"] == "" or lines_of(run["stdout"]) is not None


@pytest.mark.parametrize("case", ["ctrl_c_ready", "ctrl_c_idle"])
def test_ctrl_c_after_the_header(observe: Observe, soon: float, case: str) -> None:
    for run in observe(case)["runs"]:
        assert_ended(run, 0, soon)
        lines_of(run["stdout"])


def test_ctrl_c_in_a_storm(observe: Observe, soon: float) -> None:
    for run in observe("ctrl_c_storm")["runs"]:
        assert run["reached"]
        assert_ended(run, 0, soon)
        lines_of(run["stdout"])


def test_ctrl_c_on_a_terminal(observe: Observe, soon: float) -> None:
    for run in observe("ctrl_c_terminal")["runs"]:
        assert_ended(run, 0, soon)
        assert run["stdout"].endswith("^C")
        lines = lines_of(run["stdout"].removesuffix("^C").replace("\r\n", "\n"))
        match(lines, run["truth"])


def test_ctrl_c_while_nobody_reads(observe: Observe, soon: float) -> None:
    for run in observe("ctrl_c_full_pipe")["runs"]:
        assert run["blocked"]
        assert_ended(run, 0, soon)
        lines_of(run["stdout"])


def test_sigterm(observe: Observe, soon: float) -> None:
    for run in observe("sigterm")["runs"]:
        assert_ended(run, -signal.SIGTERM, soon)
        lines_of(run["stdout"])


def test_closed_pipe(observe: Observe) -> None:
    run = observe("closed_pipe")
    assert run["stderr"] == ""
    assert run["status"] == -signal.SIGPIPE
    assert len(lines_of(run["stdout"])) == 2  # and the header: head -3
    assert_nothing_left(run)


def test_pipe_closed_from_the_start(observe: Observe) -> None:
    for run in observe("closed_pipe_at_once")["runs"]:
        assert run["stderr"] == ""
        assert run["status"] == -signal.SIGPIPE
        assert_nothing_left(run)


@pytest.mark.parametrize(
    ("case", "english"),
    [
        ("not_root", "run as root: sudo ./perf_output_sample"),
        ("no_bcc", "no bcc: sudo apt install python3-bpfcc"),
    ],
)
def test_refusal_is_one_line_in_both_languages(
    observe: Observe, case: str, english: str
) -> None:
    run = observe(case)
    assert run["status"] == 1
    assert run["stdout"] == ""
    assert run["stderr"].count("\n") == 1
    japanese, _, rest = run["stderr"].partition(" / ")
    assert re.search("[ぁ-んァ-ヶ]", japanese)
    assert rest == english + "\n"
