"""What maintainers do: test and record."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

import click

from bcclessons.console.text import Problem, Text
from bcclessons.course import exercise, lesson
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.placement import Place, placement
from bcclessons.doctor.target import Target
from bcclessons.lab import Lab
from bcclessons.machines import Machine, debian
from bcclessons.machines.debian import Release
from bcclessons.setup import apt, programs
from bcclessons.setup.paths import CHECKOUT
from bcclessons.setup.system import System

# What the tests of a folder of tests/ use; the other folders need no package.
_PROGRAMS = {
    "kernel": {"tmux": "tmux", "less": "less", "pgrep": "procps", **programs.VM_TOOLS},
    "site": programs.BROWSER,
}


# Three workers: those of the host and of the VM wait much. tests/conftest.py says which
# tests one of them runs.
_ALL_TESTS = ("--numprocesses=3",)


def _folders(arguments: Sequence[str]) -> set[str]:
    """Return the folders of tests/ that arguments of pytest select tests from."""
    tests = CHECKOUT / "tests"
    paths = [
        (CHECKOUT / argument.partition("::")[0]).resolve()
        for argument in arguments
        if not argument.startswith("-")
    ]
    paths = [path for path in paths if path.exists()] or [tests]
    return {
        folder
        for folder in _PROGRAMS
        if any(
            path.is_relative_to(tests / folder) or tests.is_relative_to(path)
            for path in paths
        )
    }


def test(
    lab: Lab, arguments: Sequence[str], release: str | None, *, matrix: bool
) -> None:
    """Run the tests that pytest's arguments select.

    Those of lessons in a VM of a release, or with ``matrix`` of that one or each and
    write the results. Exit with pytest's status.
    """
    only = None if release is None else debian.release(release)
    if matrix:
        _test_matrix(lab, arguments, only)
    elif only is not None:
        _test_on(lab, only, arguments)
    else:
        _test(lab, arguments)


def _test(lab: Lab, arguments: Sequence[str]) -> NoReturn:
    """Run the tests, after installing what those that are selected need."""
    folders = _folders(arguments)
    packages = [
        package
        for folder in sorted(folders)
        for package in programs.missing(System.here(), _PROGRAMS[folder])
    ]
    if "kernel" in folders:
        report = lab.report()
        for place in (Place.HOST, Place.VM):
            packages += placement(report, lab.lessons[0], only=place).packages
    reason = Text(ja="テストするの", en="Testing")
    apt.install(list(dict.fromkeys(packages)), reason, lab.console)
    command = [*lab.pytest(), *(arguments or _ALL_TESTS)]
    sys.exit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)


def _test_on(lab: Lab, release: Release, arguments: Sequence[str]) -> NoReturn:
    """Run the tests of lessons in a VM of a release."""
    command = [*lab.pytest(), f"--on={release.name}", *arguments]
    # The VM is started here: a test has no time to build one, and no way to show it.
    with lab.machine(None, Target(Place.VM, release)):
        status = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    sys.exit(status)


def _test_matrix(lab: Lab, arguments: Sequence[str], only: Release | None) -> None:
    """Run the tests of lessons on every release; exit with 1 unless all pass."""
    from bcclessons.recording import matrix

    if arguments:
        on = "" if only is None else f" --on {only.name}"
        raise Problem(
            ja="--matrix は，レッスンのすべてのテストを実行するので，pytest への"
            f"引数と一緒には使えない．例: ./lab test --matrix{on}",
            en="--matrix runs all tests of the lessons, so it takes no arguments "
            f"for pytest: type ./lab test --matrix{on}",
        )

    def start(release: Release) -> AbstractContextManager[Machine]:
        return lab.machine(None, Target(Place.VM, release))

    path = CHECKOUT / "docs/support.json"
    if not matrix.run(start, lab.pytest(), lab.lessons, lab.console, path, only):
        sys.exit(1)


def record(lab: Lab, name: str | None, runs: Sequence[str], *, journey: bool) -> None:
    """Record runs of a lesson, and the check of its first exercise; all by default.

    With ``journey``, record the journeys of a lesson, or of each.
    """
    from bcclessons.recording import exercise_check, recorder
    from tools import pages

    if journey:
        _record_journeys(lab, name, runs)
        return
    if name is None:
        raise click.MissingParameter(param_type="argument")
    chosen = lab.lesson(name, "./lab record")
    others = [run for run in runs if run != exercise_check.CHECK]
    found = lesson.find_runs(chosen, others) if others or not runs else []
    lab.require({"tmux": "tmux"}, Text(ja="録画するの", en="Recording"))
    # Written at the end: a run that fails leaves the others' files as they were.
    texts: dict[Path, str] = {}
    for run in (each for one in found for each in one.on_each_release):
        what = Text(ja=f"{run.stem} を録画する", en=run.stem)
        _prepare(lab, chosen, recorder.release_of(run), what)
        taken = recorder.record(chosen, run, lab.workspace)
        texts |= recorder.files(taken, chosen, run, CHECKOUT)
    exercises = exercise.load_all([chosen])
    if exercises and (not runs or exercise_check.CHECK in runs):
        lab.install_for(chosen, Target(Place.VM))
        checked = exercise_check.record_check(exercises[0], lab.workspace)
        for language, taken in checked.items():
            stem = exercise_check.stem(language)
            texts[chosen.recordings / f"{stem}.txt"] = str(taken.recording)
            texts[chosen.recordings / f"{stem}.cast"] = taken.cast
    recorder.save(texts)
    pages.main()
    for path in texts:
        lab.console.say(Text(ja=f"{path} を書いた．", en=f"Wrote {path}."))


def _prepare(lab: Lab, item: Lesson, release: Release, what: Text) -> None:
    """Install what recording on a release takes, and say what is recorded there."""
    lab.install_for(item, Target(Place.VM, release))
    lab.console.say(
        Text(
            ja=f"{release.title} の VM で {what.ja}．",
            en=f"Recording {what.en} in a VM of {release.title}.",
        )
    )


def _record_journeys(lab: Lab, name: str | None, runs: Sequence[str]) -> None:
    """Record the journeys of a lesson, or of each that has some."""
    from bcclessons.course.journey import recordings
    from bcclessons.recording import journey, recorder

    command = "./lab record --journey"
    chosen = lab.lessons if name is None else [lab.lesson(name, command)]
    if runs:
        raise Problem(
            ja="--journey は，レッスンのほかに引数を取らない．例: "
            f"{command} {chosen[0].label}",
            en="--journey takes no argument but a lesson: "
            f"type {command} {chosen[0].label}",
        )
    found = [(item, run) for item in chosen for run in recordings(item)]
    if not found:
        raise Problem(
            ja=f"レッスン {chosen[0].label} に，journey.toml は無い．書き方は CONTRIBUTING.md にある．",
            en=f"lesson {chosen[0].label} has no journey.toml; CONTRIBUTING.md says "
            "what goes into it.",
        )
    lab.require({"tmux": "tmux"}, Text(ja="録画するの", en="Recording"))
    texts: dict[Path, str] = {}
    for item, run in found:
        what = Text(
            ja=f"{item.label} の {run.name} を記録する",
            en=f"{run.name} of {item.label}",
        )
        _prepare(lab, item, recorder.release_of(run), what)
        taken = journey.record(item, run, lab.workspace)
        texts[journey.path_of(item, run)] = str(taken)
    recorder.save(texts)
    for path in texts:
        lab.console.say(Text(ja=f"{path} を書いた．", en=f"Wrote {path}."))
