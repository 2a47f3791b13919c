"""System packages: asked for where there is someone to ask, and only where needed.

./lab runs with a PATH of stand-ins: an apt-get that notes its arguments and then fails,
and a sudo that runs what follows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem, Text
from bcclessons.setup import apt
from tests.unit.terminal import answer

APT = """#!/bin/sh
case "$*" in *--print-uris*)
  echo "Need to get 1,000 kB/28.9 MB of archives."
  echo "After this operation, 1,200 MB of additional disk space will be used."
  exit ;;
esac
echo "$@" >> {log}
echo "E: the stand-in has no packages" >&2
exit 100
"""


SUDO = """#!/bin/sh
printf '%s\\n' "$*" >> {log}
echo "{refusal}" >&2
exit 1
"""


class Asking:
    """./lab with stand-ins; ``installed`` is what apt-get was asked for."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.lab = str(checkout / "lab")
        self.log = folder / "log"
        self.path = folder / "bin"
        self.path.mkdir()
        self.script("apt-get", APT.format(log=self.log))
        self.script("sudo", '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n')
        for name in ("env", "flock"):
            program = shutil.which(name)
            assert program is not None
            (self.path / name).symlink_to(program)

    def script(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": str(self.path), "LANGUAGE": "en"}

    @property
    def installed(self) -> list[str]:
        if not self.log.exists():
            return []
        lines = self.log.read_text().splitlines()
        return [line for line in lines if " install " in f" {line} "]

    def answer(self, typed: bytes, *arguments: str) -> tuple[int, str]:
        """Run ./lab in a terminal and type; return its status and what it showed."""
        return answer([self.lab, *arguments], typed, self.environment)

    def alone(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ./lab where nobody can answer."""
        return subprocess.run(
            [self.lab, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=60,
            check=False,
        )


@pytest.fixture
def asking(checkout: Path, tmp_path: Path) -> Asking:
    return Asking(checkout, tmp_path)


RUN = ("run", "02")  # in a terminal, it needs tmux
INSTALL = "install --yes --no-install-recommends tmux"
FETCH = f"{INSTALL} --download-only"


@pytest.mark.parametrize(
    ("typed", "installs"),
    [
        (b"\n", True),
        (b"y\n", True),
        (b"YES\n", True),
        ("はい\n".encode(), True),
        (b"n\n", False),
        (b"no\n", False),
        (b"x\n", False),
        (b"\x04", False),  # Ctrl-D
    ],
)
def test_in_a_terminal_it_asks_and_obeys(
    asking: Asking, typed: bytes, installs: bool
) -> None:
    status, shown = asking.answer(typed, *RUN)
    assert status == 1
    before = shown[: shown.index("[Y/n]")]
    assert "tmux (about 29 MB to download, 1.2 GB of disk, 60 seconds)" in before
    assert bool(asking.installed) is installs
    assert f"apt-get {INSTALL}" in shown.rpartition("lab:")[2]
    if installs:
        # Again after an update: the lists of packages may be missing, or old.
        assert asking.log.read_text().splitlines() == [FETCH, "update", FETCH]
        assert "the stand-in has no packages" in shown


def test_ctrl_c_at_the_question_installs_nothing(asking: Asking) -> None:
    status, shown = asking.answer(b"\x03", *RUN)
    assert "Traceback" not in shown
    assert asking.installed == []
    assert status == 130


def test_yes_asks_nothing(asking: Asking) -> None:
    status, shown = asking.answer(b"", *RUN, "--yes")
    assert status == 1
    assert "[Y/n]" not in shown
    assert set(asking.installed) == {FETCH}


def test_where_nobody_can_answer_it_says_what_and_why(asking: Asking) -> None:
    done = asking.alone("record", "02")
    assert done.returncode == 1
    assert "Recording needs this package: tmux" in done.stderr
    assert "[Y/n]" not in done.stderr
    assert set(asking.installed) == {FETCH}


@pytest.mark.parametrize(
    ("paths", "needed", "not_needed"),
    [
        (("tests/unit",), (), ("",)),
        (("tests/language",), (), ("",)),
        (("tests/unit/test_cli.py::test_x",), (), ("",)),
        (("tests/site/test_pane.py",), ("chromium",), ("tmux", "qemu")),
        (("tests/kernel", "-q"), ("tmux", "qemu-system-x86"), ("chromium",)),
        (("tests",), ("tmux", "chromium"), ()),
        (("-k", "no_such_test"), ("tmux", "chromium"), ()),
    ],
)
def test_only_what_the_selected_tests_need_is_installed(
    asking: Asking,
    paths: tuple[str, ...],
    needed: tuple[str, ...],
    not_needed: tuple[str, ...],
) -> None:
    asking.alone("test", *paths, "--version")
    installed = " ".join(asking.installed)
    for package in needed:
        assert package in installed
    if not needed:
        assert installed == ""
    assert not any(package and package in installed for package in not_needed)


def test_a_terminal_whose_input_is_a_file_has_nobody_to_answer(asking: Asking) -> None:
    asking.script("lab", f'#!/bin/sh\nexec {asking.lab} "$@" < /dev/null\n')
    asking.lab = str(asking.path / "lab")
    status, shown = asking.answer(b"", "record", "02")
    assert status == 1
    assert "[Y/n]" not in shown
    assert set(asking.installed) == {FETCH}


def test_an_ordinary_user_needs_sudo(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(asking.path))
    reason = Text(ja="録画するの", en="Recording")
    refusal = "sudo: a password is required"
    asking.script("sudo", SUDO.format(log=asking.log, refusal=refusal))
    with pytest.raises(Problem, match=f"{refusal}.* sudo apt-get {INSTALL}"):
        apt.install(["tmux"], reason, Console(Language.EN))
    assert asking.log.read_text() == f"-n apt-get {FETCH}\n", "not tried again"
    (asking.path / "sudo").unlink()
    with pytest.raises(Problem, match="ask an administrator for: apt-get install tmux"):
        apt.install(["tmux"], reason, Console(Language.EN))


def test_without_apt_it_says_what_software_is_needed(asking: Asking) -> None:
    (asking.path / "apt-get").unlink()
    done = asking.alone("record", "02")
    (line,) = done.stderr.splitlines()
    assert "software (Debian's names): tmux" in line
