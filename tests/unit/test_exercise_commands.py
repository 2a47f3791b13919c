"""./lab check --hint and ./lab reset, and lessons that cannot be read, in a copy."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bcclessons.setup.cache import cache_folder
from tests.unit.terminal import answer

EXERCISES = "lessons/02_perf_output/exercises"


class Learner:
    """Somebody who types ./lab in a checkout of their own, from an empty state."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.folder = folder / "checkout"
        ignored = shutil.ignore_patterns("my_sample*", "__pycache__")
        for name in ("bcclessons", "lessons"):
            shutil.copytree(checkout / name, self.folder / name, ignore=ignored)
        for name in ("lab", "requirements.txt"):
            shutil.copy(checkout / name, self.folder / name)
        # The bytecode of this copy is for this test alone.
        cache = folder / "cache/bcc-lessons"
        cache.mkdir(parents=True)
        (cache / "python").symlink_to(cache_folder(os.environ) / "python")
        self.environment = {
            **os.environ,
            "LANGUAGE": "en",
            "XDG_CACHE_HOME": str(cache.parent),
            "XDG_STATE_HOME": str(folder / "state"),
        }

    def lab(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ./lab where nobody can answer."""
        return subprocess.run(
            ["./lab", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, name: str, change: str = "") -> None:
        """Start an exercise by hand, and change it."""
        folder = self.folder / EXERCISES / name
        shutil.copy(folder / "start", folder / "my_sample")
        with (folder / "my_sample").open("a") as mine:
            mine.write(change)

    @property
    def files(self) -> list[str]:
        """The learner's files in lesson 02."""
        found = (self.folder / EXERCISES).glob("*/my_sample*")
        return sorted(str(path.relative_to(self.folder / EXERCISES)) for path in found)


@pytest.fixture
def learner(checkout: Path, tmp_path: Path) -> Learner:
    return Learner(checkout, tmp_path)


def test_the_last_hint_says_so_and_names_the_page(learner: Learner) -> None:
    assert "last hint" not in learner.lab("check", "02/1", "--hint").stdout
    for _ in range(2):
        shown = learner.lab("check", "02/1", "--hint").stdout.splitlines()
        assert shown[-1] == (
            "That was the last hint. The lesson's page explains it: "
            "lessons/02_perf_output/README.en.md"
        )
        assert (learner.folder / shown[-1].rpartition(": ")[2]).is_file()
    japanese = learner.lab("check", "02/1", "--hint", "--lang", "ja").stdout.strip()
    assert japanese.endswith("lessons/02_perf_output/README.md")


def test_reset_of_an_untouched_file_makes_no_copy(learner: Learner) -> None:
    learner.start("1_seconds")
    for _ in range(2):
        learner.lab("check", "02/1", "--hint")
    done = learner.lab("reset", "02/1")
    assert learner.lab("check", "02/1", "--hint").stdout.count("Hint ") == 1
    assert done.returncode == 0
    assert learner.files == ["1_seconds/my_sample"]
    assert done.stderr.splitlines()[-1] == "To check it: ./lab check 02/1"


def test_reset_of_a_lesson_resets_only_what_was_started(learner: Learner) -> None:
    done = learner.lab("reset", "02")
    assert done.returncode == 1
    assert "no exercise of 02 has been started" in done.stderr
    learner.start("1_seconds", "# mine")
    assert learner.lab("reset", "02").returncode == 0
    assert learner.files == ["1_seconds/my_sample", "1_seconds/my_sample.1"]


def test_reset_of_a_lesson_asks_first(learner: Learner) -> None:
    learner.start("1_seconds", "# mine")
    command = [str(learner.folder / "lab"), "reset", "02"]
    status, shown = answer(command, b"n\n", learner.environment)
    assert status == 1
    assert "Start 02/1 again? [Y/n]" in shown
    assert shown.endswith("lab: nothing was changed.\n")
    assert learner.files == ["1_seconds/my_sample"]
    status, shown = answer(command, b"y\n", learner.environment)
    assert status == 0
    assert "The previous file is kept as" in shown
    one = answer([*command[:2], "02/1"], b"", learner.environment)
    assert "[Y/n]" not in one[1]


def test_where_nothing_can_be_read_one_sentence_says_so(learner: Learner) -> None:
    for path in learner.folder.glob("lessons/*/exercises/*/exercise.toml"):
        path.write_text("title = 1")
    for command in (["check"], ["check", "--all"], ["watch"], ["check", "--hint"]):
        done = learner.lab(*command)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("lab: there is no exercise")
    for path in learner.folder.glob("lessons/*/lesson.toml"):
        path.unlink()
    for command in ([], ["doctor"], ["run", "02"], ["check"]):
        done = learner.lab(*command)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("lab: no lesson in ")


def test_a_full_disk_leaves_no_part_of_a_learners_file(learner: Learner) -> None:
    learner.lab("check", "02/1", "--hint")  # Python caches its modules
    # No file may become longer than this, as on a disk that is full.
    limited = ["prlimit", "--fsize=100", "./lab", "check", "02/1", "--host"]
    done = subprocess.run(
        limited,
        cwd=learner.folder,
        env=learner.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "my_sample cannot be written (File too large)" in done.stderr
    assert learner.files == []


def test_hints_are_of_the_first_unsolved(learner: Learner) -> None:
    solution = (learner.folder / EXERCISES / "1_seconds/solution").read_bytes()
    (learner.folder / EXERCISES / "1_seconds/my_sample").write_bytes(solution)
    right = {"02/1": hashlib.sha256(solution).hexdigest()}
    state = Path(learner.environment["XDG_STATE_HOME"], "bcc-lessons/exercises.json")
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"right": right, "hints": {}}))
    first = learner.lab("check", "02/1", "--hint").stdout
    assert learner.lab("check", "02", "--hint").stdout != first
    assert json.loads(state.read_text())["hints"] == {"02/1": 1, "02/2": 1}


def test_a_module_that_a_full_disk_cut_short_is_deleted(learner: Learner) -> None:
    assert learner.lab().returncode == 0
    cache = Path(learner.environment["XDG_CACHE_HOME"])
    (cached,) = cache.glob("bcc-lessons/bytecode/**/cli/learners.*.pyc")
    cached.write_bytes(cached.read_bytes()[:100])
    done = learner.lab()
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("run this again")
    assert learner.lab().returncode == 0
