"""What is observed once: which observation is whose, and when it is judged again."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from bcclessons.course.steps import Step
from bcclessons.grading import contract
from bcclessons.grading.check import Observer
from bcclessons.grading.contract import Request
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT
from tests.kernel import observed
from tests.kernel.conftest import Runner

REQUEST = Request("program", "header", [], contract.FAST)


@dataclass
class Machine:
    """Stands for one whose observer tells how often it was asked."""

    asked: Path
    versions: str = "6.18 0.31"
    observes_anew: bool = False

    @property
    def observer(self) -> Observer:
        """Return it; the file ``asked`` grows each time."""
        count = 'echo >>"$0"; wc -l <"$0"'
        return Observer(["sh", "-c", count, str(self.asked)], emulated=False)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine, and a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    observed._remove_unused.cache_clear()
    return Machine(tmp_path / "asked")


def _told(
    machine: Machine, request: Request = REQUEST, wrong: tuple[str, ...] = ()
) -> list[str]:
    """Return what was told to a judge, who finds some of it wrong."""
    told: list[str] = []

    def judged_by(observer: Observer) -> None:
        told.append(subprocess.check_output(observer.command, text=True).strip())
        assert told[-1] not in wrong

    observed.judge(cast(Runner, machine), request, judged_by)
    return told


def test_it_is_observed_once(machine: Machine) -> None:
    assert _told(machine) == ["1"]
    assert _told(machine) == ["1"]


def test_it_is_observed_each_time_if_that_is_asked_for(machine: Machine) -> None:
    machine.observes_anew = True
    assert _told(machine) == ["1"]
    assert _told(machine) == ["2"]


def test_what_was_found_wrong_is_not_kept(machine: Machine) -> None:
    with pytest.raises(AssertionError):
        _told(machine, wrong=("1",))
    assert _told(machine) == ["2"]


def test_what_is_found_wrong_later_is_observed_anew(machine: Machine) -> None:
    assert _told(machine) == ["1"]
    assert _told(machine, wrong=("1",)) == ["1", "2"]
    assert _told(machine) == ["2"]


def test_a_program_that_is_not_run_is_not_observed(machine: Machine) -> None:
    for _ in range(2):
        observed.judge(cast(Runner, machine), REQUEST, lambda _: None)
    assert _told(machine) == ["1"]


@pytest.mark.parametrize(
    "change", [{"program": "other"}, {"steps": [Step("settle")]}, {"ready": "other"}]
)
def test_another_request_is_observed_itself(
    machine: Machine, change: dict[str, Any]
) -> None:
    assert _told(machine) == ["1"]
    assert _told(machine, dataclasses.replace(REQUEST, **change)) == ["2"]
    assert _told(machine) == ["1"]


def test_another_kernel_is_observed_itself(machine: Machine) -> None:
    assert _told(machine) == ["1"]
    machine.versions = "7.2 0.37"
    assert _told(machine) == ["2"]


def test_what_was_not_used_for_long_is_removed(machine: Machine) -> None:
    _told(machine)
    folder = cache_folder(os.environ) / "observations"
    (file,) = folder.iterdir()
    os.utime(file, (0, 0))
    observed._remove_unused.cache_clear()
    assert _told(machine) == ["2"]


def test_all_that_the_observer_imports_counts() -> None:
    files = observed._imported(observed.OBSERVER)
    assert [path.relative_to(CHECKOUT / "bcclessons").as_posix() for path in files] == [
        "__init__.py",
        "course/__init__.py",
        "course/steps.py",
        "grading/__init__.py",
        "grading/contract.py",
        "grading/execve.py",
        "grading/execve_count.py",
        "grading/namespace.py",
        "grading/observer.py",
        "grading/processes.py",
        "grading/program.py",
    ]


def test_another_observer_observes_anew(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "observer.py"
    monkeypatch.setattr(observed, "_imported", lambda _: [file])
    for text, told in (("one", "1"), ("another", "2"), ("one", "1")):
        file.write_text(text)
        observed._modules.cache_clear()
        assert _told(machine) == [told]
    observed._modules.cache_clear()
