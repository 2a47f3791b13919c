"""The lock files: one for each use, of the same versions, with nothing to spare."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest


def pins(lock: Path) -> dict[str, list[str]]:
    """Return the locked versions of each package, with their conditions."""
    found: dict[str, list[str]] = {}
    pattern = r"^([a-z0-9-]+)==([^\\\n]+?) *\\$"
    for name, version in re.findall(pattern, lock.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(version)
    return found


@pytest.mark.parametrize("use", ["", "-site"])
def test_the_locks_are_of_the_same_versions(checkout: Path, use: str) -> None:
    lock = pins(checkout / f"requirements{use}.txt")
    everything = pins(checkout / "requirements-dev.txt")
    assert len(lock) >= 8
    # A package may be needed under more conditions where there are more packages.
    for name, versions in lock.items():
        assert {pin.partition(" ;")[0] for pin in versions} <= {
            pin.partition(" ;")[0] for pin in everything[name]
        }


def test_the_site_needs_nothing_that_only_tests_need(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    names = {
        use: {
            re.match(r"[a-z0-9-]+", item)[0]  # type: ignore[index]
            for item in groups[use]
            if isinstance(item, str)
        }
        for use in ("site", "dev")
    }
    locked = set(pins(checkout / "requirements-site.txt"))
    # The server of live pages runs in the same environment as ./lab does.
    everywhere = set(pins(checkout / "requirements.txt"))
    assert names["site"] | everywhere <= locked
    assert not names["dev"] & (locked - everywhere)


@pytest.mark.parametrize("use", ["", "-site", "-dev"])
def test_a_lock_names_no_registry_and_has_a_hash_of_each_package(
    checkout: Path, use: str
) -> None:
    text = (checkout / f"requirements{use}.txt").read_text()
    assert "://" not in text
    packages = re.split(r"\n(?=[a-z])", text)
    assert all("--hash=sha256:" in package for package in packages)
