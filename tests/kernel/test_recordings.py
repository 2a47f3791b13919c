"""The recorded runs: each cast ends as its text does, and a fresh run looks like it.

In ./lab test, only runs that take a few seconds are made afresh, and each lesson's
main one. All the others: ./lab test tests/kernel/test_recordings.py -m slow
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem
from bcclessons.course import exercise as exercises
from bcclessons.course import lesson as lessons
from bcclessons.course import recording
from bcclessons.course.lesson import Lesson
from bcclessons.course.run import MAIN, Change, Run
from bcclessons.doctor.placement import Place, placement
from bcclessons.doctor.target import Target
from bcclessons.lab import Lab
from bcclessons.machines.debian import Release
from bcclessons.machines.workspace import Workspace
from bcclessons.recording import exercise_check, recorder
from bcclessons.setup.cache import cache_folder
from bcclessons.terminal import tmux

ROOT = Path(__file__).parents[2]
LESSONS = lessons.load_all(ROOT)
WORKSPACE = Workspace(ROOT, cache_folder(os.environ), Console(Language.EN))


def is_slow(item: Lesson, run: Run) -> bool:
    """Tell whether a run takes long: somebody types, or clang reads the kernel."""
    quick = run.name == MAIN or not (run.steps or item.needs.headers == "exact")
    return bool(run.on) or not quick


def case(item: Lesson, run: Run) -> object:
    """Return a run as a test's parameters."""
    marks = [pytest.mark.slow] if is_slow(item, run) else []
    return pytest.param(item, run, id=f"{item.label}-{run.stem}", marks=marks)


RUNS = [
    (item, run)
    for item in LESSONS
    for each in item.all_runs
    for run in each.on_each_release
]
# It prints by the clock: how often a line comes is a matter of time.
BY_THE_CLOCK = {"04"}
CASTS = sorted(ROOT.glob("lessons/*/recordings/*.cast"))


def need_vm(item: Lesson, release: Release) -> None:
    """Skip the test where there can be no VM."""
    target = Target(Place.VM, release)
    decided = placement(Lab(WORKSPACE).report(target), item, only=target.place)
    if decided.place is Place.NOWHERE:
        pytest.skip(f"this machine cannot be the vm: {decided.why.en}")


@pytest.mark.parametrize(("item", "run"), [case(*each) for each in RUNS])
def test_a_fresh_run_has_the_recorded_shape(item: Lesson, run: Run) -> None:
    need_vm(item, recorder.release_of(run))
    recorded = recording.load(item.recordings / f"{run.stem}.txt")
    fresh = recorder.record(item, run, WORKSPACE, fast=True).recording
    shapes = [recording.shape(each.body) for each in (fresh, recorded)]
    if item.label in BY_THE_CLOCK:
        shapes = [sorted(set(map(without_bar, shape))) for shape in shapes]
    assert shapes[0] == shapes[1]


def without_bar(line: str) -> str:
    """Return a line without its width, and without the bar of a histogram."""
    return re.sub(r"\|[* ]+\|", "|", " ".join(line.split()))


@pytest.mark.slow
@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
def test_a_fresh_check_has_the_recorded_shape(item: Lesson) -> None:
    need_vm(item, WORKSPACE.release)
    first = exercises.load_all([item])[0]
    fresh = exercise_check.record_check(first, WORKSPACE, fast=True)
    for language, taken in fresh.items():
        path = item.recordings / f"{exercise_check.stem(language)}.txt"
        recorded = recording.load(path).body
        assert recording.shape(taken.recording.body) == recording.shape(recorded)


@pytest.mark.parametrize(
    "path", CASTS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}"
)
def test_a_cast_ends_with_what_the_text_ends_with(path: Path, tmp_path: Path) -> None:
    text = recording.load(path.with_suffix(".txt")).body
    cast = path.read_text(encoding="utf-8")
    header, *events = map(json.loads, cast.splitlines())
    assert header["version"] == 2
    times = [at for at, _, _ in events]
    assert times == sorted(times)
    size = os.terminal_size((header["width"], header["height"]))
    sent = tmp_path / "sent"
    sent.write_text("".join(data for _, kind, data in events if kind == "o"))
    show = ["sh", "-c", f"stty raw -echo; cat {sent}; touch {sent}.shown; sleep 60"]
    with tmux.session(["set -g status off"], size, [show]) as command:
        end = time.monotonic() + 10
        while not (tmp_path / "sent.shown").exists() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.2)
        screen = subprocess.run(
            [*command, "capture-pane", "-p"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    last = [line for line in text.splitlines() if set(line) != {"─"}][-5:]
    for line in last:
        assert any(shown.startswith(line[:30]) for shown in screen), line


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for all temporary files; a socket's path there is short enough."""
    with tempfile.TemporaryDirectory(prefix="rec-") as name:
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


def assert_nothing_left(folder: Path) -> None:
    """Hold that no file is left in the folder, and no process that names it."""
    end = time.monotonic() + 10
    while True:
        command = ["pgrep", "-af", f"{folder}/"]
        left = subprocess.run(command, capture_output=True, text=True, check=False)
        if not (left.stdout or any(folder.iterdir())):
            return
        assert time.monotonic() < end, (left.stdout, sorted(folder.rglob("*")))
        time.sleep(0.2)


def test_a_run_that_ends_before_its_time_is_refused(private: Path) -> None:
    item = lessons.find(LESSONS, "02")
    need_vm(item, recorder.release_of(item.all_runs[0]))
    broken = Run(
        name="broken",
        change=[Change("import threading", "import threading, nothing")],
        steps=item.demo.steps,
    )
    with pytest.raises(Problem) as caught:
        recorder.record(item, broken, WORKSPACE, fast=True)
    for said in (caught.value.text.ja, caught.value.text.en):
        assert "broken" in said
        assert "No module named 'nothing'" in said
    assert_nothing_left(private)


def test_a_recording_that_is_cut_short_changes_nothing(private: Path) -> None:
    item = lessons.find(LESSONS, "02")
    need_vm(item, recorder.release_of(item.all_runs[0]))
    before = {path: path.read_bytes() for path in item.recordings.iterdir()}
    process = subprocess.Popen(
        [ROOT / "lab", "record", item.label], stderr=subprocess.DEVNULL
    )
    try:
        # tmux has its folder once the run is on the terminal.
        end = time.monotonic() + 60
        while not any(private.glob("*/tmux")) and time.monotonic() < end:
            time.sleep(0.05)
        assert any(private.glob("*/tmux"))
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.wait()
    assert_nothing_left(private)
    assert {path: path.read_bytes() for path in item.recordings.iterdir()} == before


def test_a_run_that_fails_leaves_those_before_it_as_they_were(
    checkout: Path, tmp_path: Path
) -> None:
    item = lessons.find(LESSONS, "02")
    need_vm(item, recorder.release_of(item.all_runs[0]))
    copy = tmp_path / "checkout"
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
    folder = copy / item.recordings.relative_to(ROOT)
    (folder / "run-not-root.txt").write_text("old")
    data = folder.parent / "lesson.toml"
    data.write_text(data.read_text().replace("rm -r /usr/lib/python3", "exit 3 #"))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = subprocess.run(
        [copy / "lab", "--lang", "en", "record", "02", "not-root", "no-bcc"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Recording run-not-root" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("lab: a command failed on the VM")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
