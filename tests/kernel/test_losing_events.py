"""Lesson 06 as a learner runs it, on real kernels, against a known truth."""

from __future__ import annotations

import re
import signal
from typing import NamedTuple

import pytest

from tests.kernel.conftest import Runner
from tests.kernel.lesson_run import (
    EveryLesson,
    Observation,
    Observer,
    assert_ended,
    find,
    lines_after,
)

LESSON = find("06")
RUNS = [
    "fast",
    "one page",
    "one more",
    "many pages",
    "slow reader",
    "slow reader, more pages",
    "paced",
    "interrupted",
]
ACCOUNT = re.compile(
    r"\ncalled +(\d+)\nprinted +(\d+)\nlost +(\d+) \(lost_cb: (\d+)\)\n"
    r"refused +(\d+)\nskipped +(\d+|n/a)\nunexplained (-?\d+)\n"
)

pytestmark = pytest.mark.timeout(300)


class Line(NamedTuple):
    """A line of the lesson."""

    pid: int
    comm: str


class Account(NamedTuple):
    """What the lesson prints at its end. ``skipped`` is None where it is not known."""

    called: int
    printed: int
    lost: int
    reported: int
    refused: int
    skipped: int | None
    unexplained: int


@pytest.fixture(scope="module")
def observe(machine: Runner) -> Observer:
    """Return what runs the lesson's cases."""
    return Observer(machine, LESSON, vm_counts={"balance": 1500})


def parse(line: str) -> Line:
    """Read a line by its layout, and hold it to the layout and to the pattern."""
    assert re.fullmatch(LESSON.output.line, line), repr(line)
    pid = line.partition(" ")[0]
    found = Line(int(pid), line[max(6, len(pid)) + 1 :])
    assert line == f"{found.pid:<6} {found.comm}"
    return found


def lines_of(stdout: str) -> list[Line]:
    """Return the lines after the header; the last must be whole, the account right."""
    return read(stdout)[0]


def read(stdout: str) -> tuple[list[Line], Account | None]:
    """Return the lines after the header, and the account at the end, if it is there."""
    found = ACCOUNT.search(stdout)
    account = None
    if found:
        assert found.end() == len(stdout)
        stdout = stdout[: found.start()]
        skipped = None if found[6] == "n/a" else int(found[6])
        called, printed, lost, reported, refused = map(int, found.groups()[:5])
        account = Account(
            called, printed, lost, reported, refused, skipped, int(found[7])
        )
    lines = lines_after(LESSON, stdout)
    if account:
        assert account.printed == len(lines)
        assert_balanced(account)
    return [parse(line) for line in lines], account


def assert_balanced(account: Account) -> None:
    """Hold that each call that was seen is accounted for."""
    assert account.unexplained == 0
    assert account.called == account.printed + account.lost + account.refused
    assert account.reported <= account.lost


def account_of(run: Observation) -> Account:
    """Return what it printed when Ctrl-C ended it."""
    assert run["stderr"] == ""
    _, account = read(run["stdout"])
    assert account is not None
    return account


def of_call(lines: list[Line], truth: Observation) -> list[Line]:
    """Return the lines of a call of execve."""
    wanted = Line(truth["pid"], truth["comm"])
    return [line for line in lines if line == wanted]


@pytest.mark.parametrize("name", RUNS)
def test_the_account_balances_to_the_event(observe: Observer, name: str) -> None:
    run = observe("balance")[name]
    account = account_of(run)
    started = account.called + (account.skipped or 0)
    if name == "interrupted":
        assert 0 < started < run["made"]
    else:
        assert started == run["made"]
    assert account.refused == 0


def test_events_are_lost_where_they_should_be(observe: Observer) -> None:
    runs = observe("balance")
    for name in ("fast", "one page", "slow reader", "slow reader, more pages"):
        assert account_of(runs[name]).lost > 0, name
    # All calls fit into these, however late the reader is.
    for name in ("many pages", "paced"):
        assert account_of(runs[name]).lost == 0, name


def test_losses_at_the_end_are_not_reported(observe: Observer) -> None:
    account = account_of(observe("balance")["slow reader"])
    assert account.reported < account.lost


def test_what_is_lost_is_reported_with_the_next_event(observe: Observer) -> None:
    account = account_of(observe("balance")["one more"])
    assert account.reported == account.lost > 0


def test_a_call_before_the_buffer_is_open_is_refused(observe: Observer) -> None:
    run = observe("unopened")
    account = account_of(run)
    assert account.refused == run["unopened"]
    assert account.printed == run["opened"] - (account.skipped or 0)
    assert account.lost == 0


def test_ctrl_c_in_the_middle_of_event(observe: Observer) -> None:
    run = observe("interrupted_in_event")
    assert account_of(run).printed == 1
    assert_ended(run, 0, observe.soon)


def test_the_kernel_says_how_many_it_skips_since_5_12(observe: Observer) -> None:
    run = observe("balance")["paced"]
    major, minor = map(int, run["release"].split(".")[:2])
    known = account_of(run).skipped is not None
    assert known == ((major, minor) >= (5, 12))


class TestEveryLesson(EveryLesson):
    """Ctrl-C has it print its account, and end in its own way."""

    lesson = LESSON
    ctrl_c = 0

    def events(self, stdout: str) -> list[Line]:
        return lines_of(stdout)

    def of_call(self, events: list[Line], truth: Observation) -> list[Line]:
        return of_call(events, truth)

    def test_ctrl_c_on_a_terminal(self, observe: Observer) -> None:
        for run in observe("ctrl_c_terminal")["runs"]:
            assert_ended(run, self.ctrl_c, observe.soon)
            lines, key, account = run["stdout"].replace("\r\n", "\n").partition("^C")
            assert key
            assert ACCOUNT.fullmatch(account)
            assert self.missing(lines + account, run["truth"]) == []

    def test_ctrl_c_while_nobody_reads(self, observe: Observer) -> None:
        for run in observe("ctrl_c_full_pipe")["runs"]:
            assert run["blocked"]
            # It waits until it can print its account; Ctrl-C once more ends that.
            assert run["again"]
            assert_ended(run, -signal.SIGINT, observe.soon)
