"""What every test may use: the checkout, its lessons, and the rule about skips."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bcclessons import lesson
from bcclessons.lesson import Lesson

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The checkout that is tested."""
    return CHECKOUT


@pytest.fixture(scope="session")
def lessons() -> list[Lesson]:
    """Every lesson."""
    return lesson.load_all(CHECKOUT)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Fail in CI where a kernel test was skipped for no measured reason.

    A test that cannot run on a machine says so with a reason that begins with
    "this machine"; everything else that skips by accident is a failure there.
    """
    if not (
        report.skipped and os.environ.get("CI") and "tests/kernel" in report.nodeid
    ):
        return
    reason = str(report.longrepr)
    if "this machine" not in reason:
        report.outcome = "failed"
        report.longrepr = f"a kernel test was skipped in CI: {reason}"
