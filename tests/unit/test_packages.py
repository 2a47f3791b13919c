"""The packages of bcclessons: few, each told in a sentence, with imports one way."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

ROOT = CHECKOUT / "bcclessons"
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
# It puts them together for the command line: every package below cli.
ROOT_MODULES = {"lab"}


def sentence(package: str) -> str:
    """Return the sentence that a package's __init__.py says of it."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text())
    return ast.get_docstring(tree) or ""


def allowed(package: str) -> set[str]:
    """Return the packages that a package says that it may import."""
    names = re.fullmatch(r"[^;]+; may import ([^;]+)\.", sentence(package))
    assert names, f"{package}: its sentence ends in '; may import …'"
    if names[1] == "every other package":
        return {*PACKAGES, *ROOT_MODULES} - {package}
    return set() if names[1] == "nothing" else set(names[1].split(", "))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the name below bcclessons of each import, also for types."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        top, _, rest = node.module.partition(".")
        if top == "bcclessons":
            for name in [rest.partition(".")[0]] if rest else node.names:
                yield node.lineno, name if isinstance(name, str) else name.name


def test_there_are_at_most_eleven() -> None:
    assert 0 < len(PACKAGES) <= 11
    modules = {path.stem for path in ROOT.glob("*.py")} - {"__init__"}
    assert modules == ROOT_MODULES


def test_imports_go_one_way() -> None:
    graph = {package: allowed(package) - ROOT_MODULES for package in PACKAGES}
    assert set().union(*graph.values()) <= set(PACKAGES)
    graphlib.TopologicalSorter(graph).prepare()  # CycleError names a cycle


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_what_it_may(package: str) -> None:
    may = allowed(package) | {package}
    wrong = [
        f"{path.relative_to(CHECKOUT)}:{line} imports {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, name in imports(path)
        if name not in may
    ]
    assert wrong == []


def test_no_module_is_too_long() -> None:
    paths = [*ROOT.rglob("*.py"), *(CHECKOUT / "tools").rglob("*.py")]
    lengths = {path: len(path.read_text().splitlines()) for path in paths}
    assert {path.name: n for path, n in lengths.items() if n > 250} == {}
