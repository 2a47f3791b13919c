"""What every test may use: the checkout, its lessons, and the rule about skips."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TypeVar, get_args

import msgspec
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from bcclessons.course import lesson
from bcclessons.course.lesson import Lesson
from bcclessons.course.support import Outcome, Outcomes
from bcclessons.machines import debian
from bcclessons.setup.system import version_of

CHECKOUT = Path(__file__).resolve().parents[1]

_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)

# Their asserts then say what they compared, as those of a test module do.
pytest.register_assert_rewrite("tests.kernel.lesson_run", "tests.kernel.event_lines")


# A shell has what it runs in the background ignore Ctrl-C, and what that starts does so,
# too. Tests that press Ctrl-C find it as in the foreground.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The checkout that is tested."""
    return CHECKOUT


@pytest.fixture(scope="session")
def lessons() -> list[Lesson]:
    """Every lesson."""
    return lesson.load_all(CHECKOUT)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options by which ./lab test asks for the tests of one release."""
    parser.addoption(
        "--on",
        metavar="RELEASE",
        help="only the tests of lessons, in the VM of this release",
    )
    parser.addoption(
        "--every-attempt",
        action="store_true",
        help="in a VM, too, try all attempts at exercises, not only those with in_vm",
    )
    parser.addoption(
        "--results",
        metavar="FILE",
        type=Path,
        help="with --on, write each test's outcome to this file",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """With --on, leave only the tests of lessons: what ./lab does is as it was.

    A lesson's test uses ``machine``, and its module names the lesson in ``LESSON``; or
    it is made for an attempt at one of the lesson's exercises.
    """
    on = config.getoption("--on")
    if on is None:
        return
    kept = []
    for item in items:
        subject = _lesson_of(item)
        if subject is None or "machine" not in getattr(item, "fixturenames", ()):
            continue
        kept.append(item)
        item.user_properties.append(("lesson", subject.label))
        kernel = debian.release(on).kernel
        if version_of(kernel) < version_of(subject.needs.kernel):
            reason = f"this machine's kernel is older than {subject.needs.kernel}"
            item.add_marker(pytest.mark.skip(reason=reason))
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


LONGEST_SCOPES = (
    "vm",
    "host",
    "tests/kernel/test_building.py",
    "live",
    "live pages",
    "tests/kernel/test_recordings.py",
    "tests/site/test_pane.py",
    "tests/site/test_new_lesson.py",
    "tests/site/test_look.py",
    "tests/site/test_journey.py",
    "tests/site/test_player.py",
    "tests/site/test_practice.py",
    "tests/kernel/test_vm.py",
    "tests/unit/test_cli.py",
    "language",
)
"""What takes a worker long, longest first, by ``--durations=0``."""


def next_scope(waiting: Iterable[str]) -> str:
    """Return which scope a worker takes next, so that no long one is the last."""
    return min(waiting, key=_rank)


def _rank(scope: str) -> int:
    known = scope in LONGEST_SCOPES
    return LONGEST_SCOPES.index(scope) if known else len(LONGEST_SCOPES)


class _Workers(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Has one worker run those tests that share a machine, or a module's fixtures.

    Those on this host share its trace pipe, those in the VM share that; a module that
    is not of these has VMs of its own. A VM is emulated by one CPU, so that another
    has time for the rest. Each worker that has tests of the site builds it, which takes
    seconds.
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        if folder == "kernel" and (found := re.search(r"\[(host|vm)\b", nodeid)):
            return found[1]
        if nodeid.startswith("tests/site/test_live_"):  # they share a live server
            return "live pages"
        return (
            folder if folder in ("language", "live") else super()._split_scope(nodeid)
        )

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(next_scope(self.workqueue), last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> LoadScopeScheduling:
    """Distribute the tests to the workers of pytest-xdist."""
    return _Workers(config, log)


def _lesson_of(item: pytest.Item) -> Lesson | None:
    """Return the lesson that a test is about."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if "attempt" in parameters:
        lesson_of_attempt: Lesson = parameters["attempt"].lesson
        return lesson_of_attempt
    return getattr(getattr(item, "module", None), "LESSON", None)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write the outcomes to the file of --results, for ./lab test --matrix."""
    path: Path | None = config.getoption("--results")
    if path is None:
        return
    outcomes: Outcomes = {}
    # A test may have more than one, as one that passed and was not torn down. The
    # worst comes last.
    for outcome in get_args(Outcome):
        for report in terminalreporter.stats.get(outcome, []):
            if isinstance(report, pytest.TestReport):
                label = str(dict(report.user_properties)["lesson"])
                name = report.nodeid.partition("::")[2]
                outcomes.setdefault(label, {})[name] = outcome
    path.write_bytes(msgspec.json.encode(outcomes))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Fail a test that is skipped by accident in CI."""
    return _no_accidental_skip((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[
    None, pytest.CollectReport, pytest.CollectReport
]:
    """Fail a module that is skipped by accident in CI."""
    return _no_accidental_skip((yield))


def _no_accidental_skip(report: _Report) -> _Report:
    """Return a report, failed where kernel or site tests were skipped for no reason.

    A test that cannot run on a machine says so with a reason that begins with "this
    machine". The report is changed before pytest counts it.
    """
    real = report.nodeid.startswith(("tests/kernel", "tests/site"))
    if report.skipped and real and os.environ.get("CI"):
        reason = str(report.longrepr)
        if "this machine" not in reason and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = f"a test was skipped in CI: {reason}"
    return report
