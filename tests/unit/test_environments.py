"""Making the Python environment of ./lab, where that fails."""

from __future__ import annotations

import errno
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem
from bcclessons.setup import environments
from bcclessons.setup.cost import Cost
from bcclessons.setup.files import unwritable
from bcclessons.setup.paths import CHECKOUT, environment_folder
from tests.processes import left_of, started_with


def failing(folder: Path, script: str) -> str:
    """Return what is said of a command that fails while an environment is made."""
    with pytest.raises(Problem) as caught:
        environments.call(folder / "environment", "sh", "-c", f"{script}; exit 1")
    return caught.value.text.en


def test_a_full_disk_is_told_from_other_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is full" in failing(
        tmp_path, "echo '[Errno 28] No space left on device' >&2"
    )
    other = failing(tmp_path, "echo first >&2; echo 'no network' >&2")
    assert "(no network); check the network" in other
    monkeypatch.setattr(environments, "LITTLE_BYTES", 10**18)  # more than any disk has
    assert "is full" in failing(tmp_path, "echo 'ensurepip failed' >&2")


def test_debians_separate_package_is_installed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # without apt, which is said at once
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    folder, lock = tmp_path / "bcc-lessons/python/new", tmp_path / "lock.txt"
    with pytest.raises(Problem, match=r"environment needs .*: python3-venv"):
        environments.make(folder, lock, Console(Language.EN))
    assert not folder.exists()


def test_what_an_environment_is_said_to_cost_is_what_it_takes() -> None:
    """Of the environment that runs this test, where there is no bytecode in it."""
    dev = CHECKOUT / "requirements-dev.txt"
    if Path(sys.prefix) != environment_folder(dev):
        pytest.skip("this machine runs the tests in an environment of its own")
    files = Path(sys.prefix).rglob("*")
    used = sum(f.lstat().st_blocks * 512 for f in files if not f.is_dir())
    assert used == pytest.approx(environments.COSTS["requirements-dev"].disk, rel=0.2)
    locks = {path.stem for path in CHECKOUT.glob("requirements*.txt")}
    assert set(environments.COSTS) == set(environments.USES) == locks


@pytest.mark.parametrize(
    ("cost", "en", "ja"),
    [
        (
            Cost(216e6, 660e6, 50),
            "about 216 MB to download, 660 MB of disk, 50 seconds",
            "ダウンロード 約 216 MB，ディスク 約 660 MB，時間 約 50 秒",
        ),
        (
            Cost(2e3, 1.24e9, 170),
            "about 1 MB to download, 1.2 GB of disk, 3 minutes",
            "ダウンロード 約 1 MB，ディスク 約 1.2 GB，時間 約 3 分",
        ),
    ],
)
def test_a_cost_reads_as_one_says_it(cost: Cost, en: str, ja: str) -> None:
    assert (cost.text.en, cost.text.ja) == (en, ja)


def test_what_is_made_and_its_cost_are_said_before_it_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And that what was fetched is kept, where it is interrupted."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "bcc-lessons/python/new"

    def interrupt(made: Path, *command: str) -> NoReturn:
        said = capsys.readouterr().err
        assert f"for the website in {folder.parent}" in said
        assert "about 34 MB to download, 198 MB of disk, 20 seconds" in said
        fetched = made.with_name(f"fetched-{made.name}")
        fetched.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(environments, "call", interrupt)
    with pytest.raises(KeyboardInterrupt):
        environments.make(
            folder, CHECKOUT / "requirements-site.txt", Console(Language.EN)
        )
    assert "What was downloaded is kept; the same command" in capsys.readouterr().err
    assert sorted(path.name for path in folder.parent.iterdir()) == [
        "fetched-new",
        "lock",
    ]


def test_only_errors_in_writing_are_explained() -> None:
    for number, words in (
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "Read-only file system"),
        (errno.EACCES, "Permission denied"),
    ):
        problem = unwritable(OSError(number, os.strerror(number), "/some/file"))
        assert problem is not None
        assert "/some/file" in problem.text.en
        assert words in problem.text.en
    assert unwritable(OSError(errno.ENOENT, "No such file", "/some/file")) is None


def test_a_lab_that_cannot_write_says_so(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "bcc-lessons").mkdir()
    # Where nobody can make a file, not even root.
    (tmp_path / "bcc-lessons/python").symlink_to("/sys")
    done = subprocess.run(
        [sys.executable, "-S", checkout / "lab"],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "LANGUAGE": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("lab: cannot write ")
    assert "/lock (" in line


def test_what_fills_an_environment_ends_with_lab(tmp_path: Path) -> None:
    """Its lock is free when a killed ./lab has ended: the next one fills it anew."""
    code = (
        "import sys; from pathlib import Path;"
        "from bcclessons.setup.environments import call;"
        "print('in', flush=True); call(Path(sys.argv[1]), 'sleep', '60')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "environment"],
        cwd=CHECKOUT,
        env={**os.environ, "STARTED_BY": str(tmp_path)},
        stdout=subprocess.PIPE,
    ) as lab:
        assert lab.stdout is not None
        assert lab.stdout.readline() == b"in\n"
        while not any(
            x.startswith("sleep") for x in started_with(str(tmp_path)).values()
        ):
            time.sleep(0.02)
        lab.kill()
    assert left_of(str(tmp_path), 5) == {}
