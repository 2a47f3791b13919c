"""What runs in old guests is held to their Python by ruff, and covers what it imports."""

from __future__ import annotations

import ast
import fnmatch
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

# Their Python has no packages but its own standard library and bcc.
ENTRIES = ["bcclessons/grading/observer.py", "tests/kernel/on_machine/__main__.py"]
SETTINGS = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["ruff"]
OLD = [
    glob
    for glob, version in SETTINGS["per-file-target-version"].items()
    if version == "py39"
]


def imported(path: Path) -> set[Path]:
    """Return our own modules that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{n.name}" for n in node.names)]
            files = [CHECKOUT / f"{name.replace('.', '/')}.py" for name in names]
            found |= {file for file in files if file.is_file()}
    return found


def test_it_covers_all_that_they_import() -> None:
    closed: set[Path] = set()
    found = {CHECKOUT / entry for entry in ENTRIES}
    while found:
        closed |= found
        found = {each for path in found for each in imported(path)} - closed
    names = {path.relative_to(CHECKOUT).as_posix() for path in closed}
    not_held = {
        name for name in names if not any(fnmatch.fnmatch(name, glob) for glob in OLD)
    }
    assert not_held == set()


def test_each_pattern_is_of_some_file() -> None:
    for glob in OLD:
        folder = CHECKOUT / glob.partition("/")[0]
        names = [path.relative_to(CHECKOUT).as_posix() for path in folder.rglob("*.py")]
        assert fnmatch.filter(names, glob), glob


@pytest.mark.parametrize("name", [*ENTRIES, "lessons/02_perf_output/new_sample"])
def test_a_newer_statement_is_refused(name: str) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ruff"),
            "check",
            "--no-cache",
            "--stdin-filename",
            name,
        ],
        input="match 1:\n    case _:\n        pass\n",
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Cannot use `match` statement on Python 3.9" in done.stdout
