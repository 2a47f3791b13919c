"""The machines that the kernel tests run on: this host and the VM, or a release's VM."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.placement import Place, placement
from bcclessons.doctor.report import examine
from bcclessons.doctor.target import Target
from bcclessons.grading.check import Observer
from bcclessons.lab import Lab
from bcclessons.machines import Machine, debian
from bcclessons.machines.commands import versions
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT
from bcclessons.setup.system import System


def workspace() -> Workspace:
    """Return what machines are made from, here."""
    cache = cache_folder(os.environ)
    return Workspace(CHECKOUT, cache, Console(Language.EN))


@dataclass
class Runner:
    """Runs commands as root on a machine, in the checkout's root.

    ``name`` is "host", or "vm" for one of any release. It ``observes_anew`` what was
    observed on it before.
    """

    machine: Machine
    name: str
    observes_anew: bool

    @property
    def observer(self) -> Observer:
        """What checks a program on it."""
        return Observer.on(self.machine)

    @cached_property
    def versions(self) -> str:
        """Those of its kernel and BCC, and its name."""
        return f"{self.name} {' '.join(versions(self.machine))}"

    def run(
        self, argv: Sequence[str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, or for ``timeout`` seconds at most."""
        return subprocess.run(
            self.machine.command(argv, root=True),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses ``machine`` on each; with --on, only in that release's VM."""
    if "machine" not in metafunc.fixturenames:
        return
    on = metafunc.config.getoption("--on")
    if "attempt" in metafunc.fixturenames:
        _parametrize_attempts(metafunc, on)
        return
    machines: list[object] = [Place.HOST.value, Place.VM.value]
    if on is not None:
        # A test has the same name on every release.
        machines = [pytest.param(Place.VM.value, id=pytest.HIDDEN_PARAM)]
    metafunc.parametrize("machine", machines, indirect=True, scope="session")


def _parametrize_attempts(metafunc: pytest.Metafunc, on: str | None) -> None:
    """Have each attempt made once: on this host if it can, else in the VM.

    With --on, only the right ones are tried, in that release's VM. In a VM, which is
    slow, those without ``in_vm`` are tried with --every-attempt only.
    """
    from tests.kernel.attempts import attempts

    report = examine(System.here(), workspace())
    every = metafunc.config.getoption("--every-attempt")
    cases = []
    for attempt in attempts():
        if on is not None:
            if attempt.says is None and (every or attempt.in_vm):
                case = pytest.param(Place.VM.value, attempt, id=attempt.label)
                cases.append(case)
            continue
        host = placement(report, attempt.lesson, only=Place.HOST).place
        place = Place.VM if host is Place.NOWHERE else Place.HOST
        if place is Place.VM and not (every or attempt.in_vm):
            continue
        cases.append(
            pytest.param(place.value, attempt, id=f"{place.value}-{attempt.label}")
        )
    metafunc.parametrize(
        ("machine", "attempt"), cases, indirect=["machine"], scope="session"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have what a test has found wrong with a lesson be observed anew the next time."""
    report = yield
    observe = getattr(item, "funcargs", {}).get("observe")
    if report.failed and observe is not None:
        observe.forget()
    return report


@pytest.fixture(scope="session")
def machine(request: pytest.FixtureRequest, lessons: list[Lesson]) -> Iterator[Runner]:
    """Each machine in turn, made ready as ./lab run makes it."""
    name: str = request.param
    lab = Lab(workspace())
    on = request.config.getoption("--on")
    release = debian.RELEASES[0] if on is None else debian.release(on)
    target = Target(Place(name), release)
    decided = placement(lab.report(target), lessons[0], only=target.place)
    if decided.place is Place.NOWHERE:
        pytest.skip(f"this machine cannot be the {name}: {decided.why.en}")
    with ExitStack() as stack:
        try:
            ready = stack.enter_context(lab.machine(lessons[0], target))
        except Problem as problem:
            pytest.fail(f"no {name}: {problem.text.en}")
        anew = on is not None or bool(request.config.getoption("--every-attempt"))
        yield Runner(ready, name, anew)
