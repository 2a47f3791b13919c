"""The results of the matrix: kept, told stale, shown; and the run that makes them."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import lesson as lesson_file
from bcclessons.course import support
from bcclessons.course.lesson import Lesson
from bcclessons.course.support import Outcomes, Row, Support
from bcclessons.machines import Machine, debian
from bcclessons.machines.debian import Release
from bcclessons.machines.host import Host
from bcclessons.recording import matrix
from tests.unit.fakes import lesson

PROGRAM = "print('Hello')\n"
TESTS: Outcomes = {
    "01": {"test_b": "passed", "test_a": "passed", "test_c": "skipped"},
    "02": {"test_a[x]": "passed"},
}
FAILED: Outcomes = {"01": {"test_a": "passed", "test_b": "failed"}, "02": {}}


@pytest.fixture
def lessons(tmp_path: Path) -> list[Lesson]:
    """Return lessons 01 and 02, with a program each."""
    made = []
    for number in (1, 2):
        folder = tmp_path / f"lessons/{number:02}_sample"
        folder.mkdir(parents=True)
        (folder / "sample").write_text(PROGRAM)
        title = Text(ja=f"例 {number}", en=f"Example {number}")
        made.append(
            msgspec.structs.replace(lesson(), number=number, folder=folder, title=title)
        )
    return made


@pytest.fixture
def results(lessons: list[Lesson]) -> Support:
    """Return results of both lessons on two releases, the newer first."""
    rows = [
        Row("Debian 13", "2026-11-24", "6.12.117+deb13-amd64", "0.31.0", TESTS),
        Row("Debian 12", "2026-11-25", "6.1.0-56-amd64", "0.26.0", FAILED),
    ]
    return Support(support.digests(lessons), rows)


def test_what_is_written_is_read(results: Support, tmp_path: Path) -> None:
    path = tmp_path / "docs/support.json"
    path.parent.mkdir()
    path.write_text("old")
    support.write(results, path)
    assert support.load(path) == results
    assert list(path.parent.iterdir()) == [path]


def test_the_file_is_for_people_and_diffs(results: Support, tmp_path: Path) -> None:
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    turned = msgspec.structs.replace(
        results, programs=dict(reversed(results.programs.items()))
    )
    support.write(results, paths[0])
    support.write(turned, paths[1])
    text = paths[0].read_text()
    assert text == paths[1].read_text()
    assert text.endswith("}\n")
    assert text == json.dumps(json.loads(text), indent=2) + "\n"
    assert text.index("test_a") < text.index("test_b")
    assert f'"01": "{hashlib.sha256(PROGRAM.encode()).hexdigest()}"' in text


@pytest.mark.parametrize(
    "text",
    [None, "", "{}", '{"programs": {}, "releases": 1}', "[]"],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "support.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(Problem) as caught:
        support.load(path)
    for words in (caught.value.text.ja, caught.value.text.en):
        assert str(path) in words
        assert words.endswith("./lab test --matrix")


def test_results_of_these_programs_are_fresh(
    results: Support, lessons: list[Lesson]
) -> None:
    support.check(results, lessons)


def test_results_of_other_programs_are_stale(
    results: Support, lessons: list[Lesson]
) -> None:
    lessons[1].source.write_text(PROGRAM + "\n")
    with pytest.raises(Problem, match="results of 02 as it is now"):
        support.check(results, lessons)
    lessons[0].source.write_text("")
    with pytest.raises(Problem, match="results of 01, 02 as it is now"):
        support.check(results, lessons)


@pytest.fixture
def solution(lessons: list[Lesson], checkout: Path) -> Path:
    """Give lesson 02 an exercise, 02/1, and return its solution."""
    folder = "exercises/1_seconds"
    copy = lessons[1].folder / folder
    shutil.copytree(checkout / "lessons/02_perf_output" / folder, copy)
    return copy / "solution"


def test_results_of_another_solution_are_stale(
    solution: Path, runs: Matrix, lessons: list[Lesson]
) -> None:
    runs.run()
    kept = support.load(runs.path)
    assert sorted(kept.programs) == ["01", "02", "02/1"]
    support.check(kept, lessons)
    solution.write_text(PROGRAM)
    with pytest.raises(Problem, match="results of 02/1 as it is now"):
        support.check(kept, lessons)


def test_results_that_lack_or_exceed_the_lessons_are_stale(
    results: Support, lessons: list[Lesson]
) -> None:
    for some in (
        lessons[:1],
        [*lessons, msgspec.structs.replace(lessons[1], number=3)],
    ):
        with pytest.raises(Problem, match=r"results of 0[23] as it is now"):
            support.check(results, some)


def test_the_table_in_both_languages(results: Support, lessons: list[Lesson]) -> None:
    assert support.table(results, lessons, Language.EN) == (
        "| Release | Kernel | BCC | Run on | Lesson 01 | Lesson 02 |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| Debian 12 | 6.1.0-56-amd64 | 0.26.0 | 2026-11-25 | **1 / 2** | – |\n"
        "| Debian 13 | 6.12.117+deb13-amd64 | 0.31.0 | 2026-11-24 | 2 / 2 | 1 / 1 |\n"
        "\n"
        "Run by `./lab test --matrix`. A lesson's cell says how many of its tests "
        "passed / were run.\n"
    )
    japanese = support.table(results, lessons, Language.JA).splitlines()
    assert (
        japanese[0]
        == "| Debian の版 | カーネル | BCC | 動かした日 | レッスン 01 | レッスン 02 |"
    )
    assert "./lab test --matrix" in japanese[-1]


# The run of the matrix, with every part real but for the VM and the tests.

VERSIONS = "6.1.0-56-amd64\\n0.26.0\\n"
# Stands for pytest: notes that it ran, and leaves what the release's file says.
PYTEST = """
import shutil, sys, time
from pathlib import Path
on, results = (word.partition("=")[2] for word in sys.argv[2:])
folder = Path(sys.argv[1])
with (folder / "ran").open("a") as ran:
    print(on, file=ran)
found = folder / on
if (folder / "endless").exists():
    time.sleep(1000)
if (folder / "changed").exists():
    (folder / "changed").write_text(on)
if not found.exists():
    sys.exit(2)
shutil.copy(found, results)
sys.exit("failed" in found.read_text())
"""


class ToldMachine(Host):
    """This host, which says of itself what a VM would."""

    def command(
        self,
        argv: Sequence[str],
        *,
        folder: str = ".",
        root: bool = False,
        terminal: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return what prints the versions, whatever is asked."""
        return ["printf", VERSIONS]


class Matrix:
    """A matrix whose releases find what ``outcomes`` says; a missing one is cut short."""

    def __init__(self, folder: Path, lessons: list[Lesson]) -> None:
        self._folder = folder
        self._lessons = lessons
        self._at_once = 0
        self.path = folder / "support.json"
        self.outcomes = {release.name: TESTS for release in debian.RELEASES}
        self.without_vm: set[str] = set()

    @contextmanager
    def _start(self, release: Release) -> Iterator[Machine]:
        if release.name in self.without_vm:
            raise Problem(ja="VM が無い", en="no VM")
        self._at_once += 1
        assert self._at_once <= 2
        try:
            yield ToldMachine(self._folder, None, tracefs=True)
        finally:
            self._at_once -= 1

    def run(self, only: Release | None = None) -> bool:
        for name, tests in self.outcomes.items():
            (self._folder / name).write_bytes(msgspec.json.encode(tests))
        pytest_command = [sys.executable, "-c", PYTEST, str(self._folder)]
        console = Console(Language.EN)
        return matrix.run(
            self._start, pytest_command, self._lessons, console, self.path, only
        )

    @property
    def ran(self) -> list[str]:
        """The releases whose tests have run."""
        return (self._folder / "ran").read_text().split()


NAMES = [release.name for release in debian.RELEASES]


@pytest.fixture
def runs(tmp_path: Path, lessons: list[Lesson]) -> Matrix:
    return Matrix(tmp_path, lessons)


def test_the_matrix_runs_every_release_and_keeps_what_it_found(
    runs: Matrix, lessons: list[Lesson], capfd: pytest.CaptureFixture[str]
) -> None:
    assert runs.run()
    assert sorted(runs.ran) == sorted(NAMES)
    kept = support.load(runs.path)
    assert [row.title for row in kept.releases] == [r.title for r in debian.RELEASES]
    assert {(row.kernel, row.bcc) for row in kept.releases} == {
        ("6.1.0-56-amd64", "0.26.0")
    }
    assert all(row.tests == TESTS for row in kept.releases)
    support.check(kept, lessons)
    said = capfd.readouterr().err
    assert "Debian 13\n" in said
    assert "Debian unstable: 3 tests passed, 0 failed, 1 skipped (" in said


def test_a_failing_release_is_kept_and_the_others_run(runs: Matrix) -> None:
    runs.outcomes[NAMES[0]] = FAILED
    assert not runs.run()
    assert sorted(runs.ran) == sorted(NAMES)
    assert support.load(runs.path).releases[0].tests == FAILED


def test_one_row_is_renewed_and_the_others_stay(runs: Matrix) -> None:
    runs.outcomes[NAMES[1]] = FAILED
    assert not runs.run()
    runs.outcomes = {NAMES[1]: TESTS}
    assert runs.run(debian.RELEASES[1])
    assert sorted(runs.ran) == sorted([*NAMES, NAMES[1]])
    kept = support.load(runs.path)
    assert [row.title for row in kept.releases] == [r.title for r in debian.RELEASES]
    assert all(row.tests == TESTS for row in kept.releases)


def test_a_row_is_not_renewed_among_results_of_other_programs(
    runs: Matrix, lessons: list[Lesson]
) -> None:
    runs.run()
    lessons[0].source.write_text("another program")
    before = runs.path.read_text()
    with pytest.raises(Problem, match="results of 01 "):
        runs.run(debian.RELEASES[1])
    assert runs.path.read_text() == before


@pytest.mark.usefixtures("solution")
def test_a_lesson_without_tests_on_every_release_was_not_run(
    runs: Matrix, lessons: list[Lesson]
) -> None:
    runs.outcomes[NAMES[3]] = {"01": TESTS["01"]}
    assert runs.run()
    kept = support.load(runs.path)
    assert list(kept.programs) == ["01"]
    with pytest.raises(Problem, match="results of 02, 02/1 "):
        support.check(kept, lessons)


def test_without_one_release_nothing_is_written_and_the_others_run(
    runs: Matrix,
) -> None:
    runs.path.write_text("old")
    runs.without_vm = {NAMES[1]}
    del runs.outcomes[NAMES[2]]
    with pytest.raises(Problem, match="Debian 12, Debian 11"):
        runs.run()
    assert sorted(runs.ran) == sorted([NAMES[0], *NAMES[2:]])
    assert runs.path.read_text() == "old"


def test_ctrl_c_ends_the_tests_and_starts_no_others(
    runs: Matrix, tmp_path: Path
) -> None:
    (tmp_path / "endless").touch()

    def interrupt() -> None:
        while not (tmp_path / "ran").exists() or len(runs.ran) < 2:
            time.sleep(0.05)
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        runs.run()
    assert time.monotonic() - begin < 60
    assert sorted(runs.ran) == sorted(NAMES[:2])
    assert not runs.path.exists()


def test_a_program_that_changes_meanwhile_is_not_the_one_that_ran(
    runs: Matrix, lessons: list[Lesson], tmp_path: Path
) -> None:
    (tmp_path / "changed").symlink_to(lessons[0].source)
    with pytest.raises(Problem, match="changed"):
        runs.run()
    assert not runs.path.exists()


def test_the_results_in_the_repository_are_of_these_programs_and_releases(
    checkout: Path,
) -> None:
    kept = support.load(checkout / "docs/support.json")
    support.check(kept, lesson_file.load_all(checkout))
    assert [row.title for row in kept.releases] == [r.title for r in debian.RELEASES]
    assert all(row.passed for row in kept.releases)


# What our conftest.py adds to pytest for it.

SAMPLE = """
import pytest
from tests.unit.fakes import lesson
LESSON = lesson(kernel="5.10")

@pytest.fixture(params=["vm"])
def machine(request):
    yield request.param
    assert "teardown" not in request.node.name

@pytest.mark.parametrize("word", ["one", "two"])
def test_passes(machine, word): pass
def test_fails(machine): assert False
def test_skips(machine): pytest.skip("this machine")
@pytest.fixture
def broken(): raise OSError
def test_errs(machine, broken): pass
def test_has_no_teardown(machine): pass
def test_without_a_machine(): pass
"""


@pytest.mark.parametrize("kernel", ["5.10", "5.11"])
def test_pytest_runs_the_lessons_tests_alone_and_tells_their_outcomes(
    tmp_path: Path, checkout: Path, kernel: str
) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE.replace("5.10", kernel))
    (tmp_path / "test_lab.py").write_text("def test_other(): pass\n")
    results = tmp_path / "results.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.conftest", "-q"),
            *("-p", "no:cacheprovider", "--rootdir", tmp_path, "-c", "/dev/null"),
            *("--on", "debian-11", f"--results={results}", tmp_path),
        ],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    found = msgspec.json.decode(results.read_bytes(), type=Outcomes)
    if kernel == "5.11":
        assert done.returncode == 0, done.stdout
        assert set(found["02"].values()) == {"skipped"}, "Debian 11 has kernel 5.10"
        return
    assert done.returncode == 1, done.stdout
    assert found == {
        "02": {
            "test_passes[vm-one]": "passed",
            "test_passes[vm-two]": "passed",
            "test_fails[vm]": "failed",
            "test_skips[vm]": "skipped",
            "test_errs[vm]": "error",
            "test_has_no_teardown[vm]": "error",
        }
    }


def test_a_lessons_test_has_one_name_on_every_release(checkout: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q"),
            *("--on", "debian-11", "tests/kernel"),
        ],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [line for line in done.stdout.splitlines() if "::" in line]
    assert any("test_perf_output.py" in name for name in names)
    assert not any("test_lab.py" in name or "[vm" in name for name in names)
