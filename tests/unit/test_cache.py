"""The cache: what is built once, whole or not at all, and what may be removed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bcclessons.cli import bootstrap
from bcclessons.console.console import Console
from bcclessons.console.text import Language, Text
from bcclessons.setup import cache

CONSOLE = Console(Language.EN)
NAME = Text(ja="道具", en="the tools")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tools-0123456789ab"


def age(folder: Path, days: int) -> None:
    """Make a folder look unused for so many days."""
    then = time.time() - days * 86400
    os.utime(folder, (then, then))


def test_a_build_that_fails_leaves_nothing_and_is_tried_again(folder: Path) -> None:
    def fail() -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.build_once(folder, fail, NAME, CONSOLE)
    assert not folder.exists()
    for _ in range(2):  # a second mkdir would fail
        cache.build_once(folder, folder.mkdir, NAME, CONSOLE)
    assert (folder / "complete").exists()


def test_what_another_lab_builds_is_waited_for_and_used(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builds: list[None] = []
    waiting = threading.Thread(
        target=cache.build_once,
        args=(folder, lambda: builds.append(None), NAME, CONSOLE),
    )
    shown = ""
    with cache.locked(folder.parent / "lock", lambda: None):
        waiting.start()
        end = time.monotonic() + 10
        while not shown and time.monotonic() < end:
            time.sleep(0.01)
            shown = capsys.readouterr().err
        folder.mkdir()
        (folder / "complete").touch()
    waiting.join(10)
    assert shown == "another ./lab is making the tools; waiting for it.\n"
    assert builds == []


def test_two_locks_share_a_cache(folder: Path) -> None:
    other = folder.with_name("tools-ba9876543210")
    for each in (folder, other, folder, other):
        cache.build_once(each, each.mkdir, NAME, CONSOLE)
    assert (folder / "complete").exists()
    assert (other / "complete").exists()


def test_a_use_marks_a_folder_and_a_build_removes_only_unused_ones(
    folder: Path,
) -> None:
    used, unused = folder.with_name("tools-used"), folder.with_name("tools-unused")
    for old in (used, unused):
        cache.build_once(old, old.mkdir, NAME, CONSOLE)
    age(used, 31)
    age(unused, 31)
    cache.build_once(used, used.mkdir, NAME, CONSOLE)
    cache.build_once(folder, folder.mkdir, NAME, CONSOLE)
    left = {path.name for path in folder.parent.iterdir() if path.is_dir()}
    assert left == {folder.name, used.name}


def test_a_folder_in_use_is_not_removed_whatever_its_age(folder: Path) -> None:
    folder.mkdir()
    age(folder, 31)
    with cache.in_use(folder), cache.in_use(folder):  # by several at a time
        assert time.time() - folder.stat().st_mtime < 60
        age(folder, 400)
        cache.remove_unused(folder.parent)
        assert folder.exists()
    age(folder, 29)
    cache.remove_unused(folder.parent)
    assert folder.exists()
    age(folder, 31)
    cache.remove_unused(folder.parent)
    assert list(folder.parent.iterdir()) == []


def test_an_environment_is_in_use_while_its_python_runs(folder: Path) -> None:
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin/python"
    python.symlink_to(sys.executable)
    command = cache.python_command(str(python), folder.parent)
    with (
        cache.in_use(folder),
        subprocess.Popen(
            [*command, "-c", "print(1, flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        age(folder, 400)
        cache.remove_unused(folder.parent)
        assert folder.exists()
        process.communicate(b"\n")
    cache.remove_unused(folder.parent)
    assert not folder.exists()


def test_the_environment_of_a_running_lab_is_in_use(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    (folder / "complete").touch()
    monkeypatch.setattr(bootstrap, "environment_folder", lambda _: folder)
    monkeypatch.setattr(sys, "prefix", str(folder))

    def main(arguments: list[str]) -> int:
        age(folder, 400)
        cache.remove_unused(folder.parent)
        return len(arguments) if folder.exists() else -1

    monkeypatch.setattr("bcclessons.cli.main.main", main)
    assert bootstrap.run("lab", ["check", "02/1"]) == 2
