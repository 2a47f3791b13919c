"""A lesson is added by the guide: what else fails is a fault of the guide or a test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# What CONTRIBUTING.md says that the new lesson still needs, by the tests that say so.
NEEDS = {
    "test_each_call_has_an_entry_that_names_the_lesson": "docs/reference",
    "test_the_home_page_counts_the_lessons": "docs/index",
    "test_each_program_is_run_on_real_kernels": "tests/kernel",
    "test_the_results_in_the_repository_are_of_these_programs_and_releases": "--matrix",
}
# What a module of unit tests has that reads the lessons of the checkout.
READS_LESSONS = re.compile(
    r"load_all\(|lessons: list\[Lesson\]|LESSONS|EXERCISES|(?<!bcc-)lessons/"
)


@pytest.fixture(scope="module")
def copy(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with a lesson 99, made as the guide says."""
    folder = tmp_path_factory.mktemp("new") / "checkout"
    ignored = shutil.ignore_patterns(".git", "my_sample*", "__pycache__")
    shutil.copytree(checkout, folder, ignore=ignored)
    subprocess.run(
        [sys.executable, "-m", "tools.new_lesson", "99", "scratch"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


def test_no_test_fails_but_those_that_the_guide_names(copy: Path) -> None:
    about_lessons = [
        path
        for path in sorted((copy / "tests/unit").glob("test_*.py"))
        if READS_LESSONS.search(path.read_text())
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", *about_lessons],
        cwd=copy,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = set(re.findall(r"^(?:FAILED|ERROR) [^:]*::(\w+)", done.stdout, re.M))
    assert failed == set(NEEDS), done.stdout[-3000:]
    guide = (copy / "CONTRIBUTING.md").read_text()
    for test, need in NEEDS.items():
        assert test in guide
        assert need in guide


def test_the_site_has_a_page_of_it(copy: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--no-strict", "-d", tmp_path],
        cwd=copy,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    warnings = [x for x in done.stderr.splitlines() if x.startswith("WARNING")]
    assert warnings, done.stderr
    for warning in warnings:
        assert "docs/support.json does not hold the results of 99" in warning
    for page in ("", "en/"):
        text = (tmp_path / f"{page}lessons/99_scratch/index.html").read_text()
        assert "scratch_sample" in text
        assert "99 " in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "as in: new_lesson 99 my_lesson"),
        (["02", "again"], "there is a lesson 02"),
        (["99", "../x"], "not a lesson's number and name"),
        (["x", "y"], "invalid literal"),
    ],
)
def test_bad_input_gets_one_sentence(
    copy: Path, arguments: list[str], message: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.new_lesson", *arguments],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
