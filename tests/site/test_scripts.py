"""Our own scripts: small, typed, formatted, and for browsers of four years ago."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Text, language_of
from tools import npm

WORKER = "search.js"
LINES = 250
MODULES = 6


@pytest.fixture(scope="session")
def assets(checkout: Path) -> Path:
    """The folder of the scripts."""
    return checkout / "bcclessons/site/theme/assets"


@pytest.fixture(scope="session")
def scripts(assets: Path, checkout: Path) -> list[Path]:
    """The scripts, in the order in which a lesson's page loads them; those of a class.

    The last are those of single lessons.
    """
    first = ["page.js", "pane.js"]
    own = sorted(
        assets.glob("*.js"),
        key=lambda path: (path.name not in first, path.name),
    )
    classroom = checkout / "bcclessons/live/classroom/assets"
    live = sorted((assets / "live").glob("*.js"))
    lessons = sorted(checkout.glob("lessons/*/*.js"))
    return [*own, *live, *sorted(classroom.glob("*.js")), *lessons]


def _name(path: Path, assets: Path) -> str:
    """Return the path of a script among those that are checked."""
    if path.is_relative_to(assets):
        return path.relative_to(assets).as_posix()
    return f"{'class' if 'classroom' in path.parts else 'lessons'}/{path.name}"


@pytest.fixture(scope="session")
def checkers(
    scripts: list[Path],
    assets: Path,
    checkout: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with the checkers and copies of the scripts."""
    what = Text(ja="ページの検査ツール", en="the checkers of pages")
    source = Path(__file__).with_name("node")
    packages = npm.installed(source, what, Console(language_of(os.environ)))
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "node_modules").symlink_to(packages / "node_modules")
    (folder / "live").mkdir()
    (folder / "class").mkdir()
    (folder / "lessons").mkdir()
    for path in scripts:
        shutil.copy(path, folder / _name(path, assets))
    # What is bundled is modules: those are only linted.
    bundled = (checkout / "bcclessons/site/node").glob("*.js")
    for path in (*bundled, *source.glob("*.json"), *source.glob("*.d.ts")):
        shutil.copy(path, folder)
    return folder


def test_they_are_few_and_short(scripts: list[Path], assets: Path) -> None:
    assert len([path for path in scripts if path.parent == assets]) <= MODULES
    lengths = {path.name: len(path.read_text().splitlines()) for path in scripts}
    assert {name: n for name, n in lengths.items() if n > LINES} == {}


def test_their_types_are_right(
    checkers: Path, scripts: list[Path], assets: Path
) -> None:
    names = [_name(path, assets) for path in scripts]
    pages = [name for name in names if name != WORKER]
    # With files named, TypeScript reads no tsconfig.json: it extends one that names them.
    for libraries, files in (
        ("DOM", pages),
        ("WebWorker", [WORKER]),
    ):
        config = checkers / f"tsconfig.{libraries}.json"
        lib = f'["ES2022", "{libraries}", "{libraries}.Iterable"]'
        quoted = ", ".join(f'"{name}"' for name in (*files, "vendor.d.ts"))
        config.write_text(
            f'{{"extends": "./tsconfig.json", "files": [{quoted}], '
            f'"compilerOptions": {{"lib": {lib}}}}}'
        )
        done = npm.node(checkers, "node_modules/typescript/bin/tsc", "-p", config.name)
        assert done.returncode == 0, done.stdout


def test_they_are_formatted_and_linted(checkers: Path) -> None:
    done: subprocess.CompletedProcess[str] = npm.node(
        checkers,
        "node_modules/@biomejs/biome/bin/biome",
        "ci",
        "--error-on-warnings",
        "--colors=off",
    )
    assert done.returncode == 0, done.stdout + done.stderr
