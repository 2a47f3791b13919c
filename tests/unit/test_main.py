"""What ./lab returns to the shell, and prints, when a command fails."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from bcclessons.cli import learners, maintainers
from bcclessons.cli.main import main
from bcclessons.console.console import Console
from bcclessons.console.text import Language
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.placement import Place
from bcclessons.doctor.report import Report
from bcclessons.doctor.target import ANYWHERE, Target
from bcclessons.lab import Lab
from bcclessons.machines import debian
from bcclessons.machines.host import Host
from bcclessons.machines.workspace import Workspace
from tests.unit.fakes import Machine


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make ./lab without a command fail."""

    def fail(lab: Lab) -> NoReturn:
        raise error

    monkeypatch.setattr(learners, "overview", fail)


def test_a_file_that_cannot_be_written_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/some/file")
    failing(monkeypatch, full)
    assert main(["--lang", "en"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lab: cannot write /some/file: the disk is full.")
    failing(monkeypatch, OSError(errno.EIO, "a fault to look into"))
    with pytest.raises(OSError, match="a fault"):
        main([])


def test_ctrl_c_has_the_status_that_shells_give_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert main([]) == 130


def test_output_that_nobody_reads_is_no_error(checkout: Path) -> None:
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [checkout / "lab"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=buffered,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


class FakeLab(Lab):
    """A Lab on a machine made of files."""

    def __init__(self, checkout: Path, machine: Machine) -> None:
        super().__init__(Workspace(checkout, machine.cache, Console(Language.EN)))
        self._machine = machine

    def report(self, target: Target = ANYWHERE) -> Report:
        return self._machine.report(target.release)

    @contextmanager
    def machine(
        self, wanted: Lesson | None, target: Target = ANYWHERE
    ) -> Iterator[Host]:
        print(f"starting {target.place}, {target.release.name}", flush=True)
        yield Host(self.workspace.checkout, None, tracefs=True)

    def pytest(self) -> list[str]:
        return ["echo", "pytest"]


def test_tests_on_a_release_run_in_its_vm(
    checkout: Path, bare: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    lab = FakeLab(checkout, bare)
    with pytest.raises(SystemExit, match="0"):
        maintainers.test(lab, ["-k", "storm"], "debian-11", matrix=False)
    assert capfd.readouterr().out.splitlines() == [
        "starting vm, debian-11",
        "pytest --on=debian-11 -k storm",
    ]


def test_where_to_run_is_as_the_options_say() -> None:
    eleven = debian.release("debian-11")
    for host, vm, on, target in (
        (False, False, None, ANYWHERE),
        (True, False, None, Target(Place.HOST)),
        (False, True, None, Target(Place.VM)),
        (False, False, "debian-11", Target(Place.VM, eleven)),
        (False, True, "debian-11", Target(Place.VM, eleven)),
    ):
        assert Target.from_options(host=host, vm=vm, on=on) == target


@pytest.mark.parametrize("as_json", [True, False])
def test_the_doctor_fails_where_a_lesson_does_not_run(
    checkout: Path,
    bare: Machine,
    capsys: pytest.CaptureFixture[str],
    *,
    as_json: bool,
) -> None:
    with pytest.raises(SystemExit, match="1"):
        learners.doctor(FakeLab(checkout, bare), as_json=as_json)
    bare.add_headers()
    bare.add_bcc()
    learners.doctor(FakeLab(checkout, bare), as_json=as_json)
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["check", "02/9", "--json"], 1, "there is no exercise '02/9'"),
        (["check", "--json", "--all", "--host", "--vm"], 1, "give one or the other"),
        (["check", "02/1", "--hint", "--json"], 1, "cannot be used together"),
        (["check", "--json", "--nothing"], 2, "there is no option --nothing"),
        (["check", "--json", "02/1", "02/2"], 2, "see ./lab check --help"),
    ],
)
def test_an_error_is_json_to_who_reads_json(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    assert main([*arguments, "--lang", "en"]) == status
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert said in error["en"]
    assert error["ja"] != error["en"]
    assert printed.err == f"lab: {error['en']}\n"
