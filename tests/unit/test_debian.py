"""The releases, as data."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem
from bcclessons.machines import debian
from bcclessons.machines.vm import recipe


def test_a_release_is_found_by_its_whole_name() -> None:
    for row in debian.RELEASES:
        assert debian.release(row.name) is row
    for name in ("", "debian", "debian-1", "Debian 11", "debian-111"):
        with pytest.raises(Problem) as caught:
            debian.release(name)
        for row in debian.RELEASES:
            assert row.name in caught.value.text.en
            assert row.name in caught.value.text.ja


def test_no_release_takes_anothers_images_for_its_own() -> None:
    """An image's folder is its release's name, a dash, and a digest."""
    for one, other in itertools.permutations(debian.RELEASES, 2):
        assert not other.name.startswith(f"{one.name}-")


def test_a_full_disk_is_told_from_a_missing_network() -> None:
    """It may have filled up before anything could be written into the log."""
    for log, free in (
        ("", 0),
        ("tar: x: Cannot write: No space left on device", 10**9),
    ):
        assert "disk is full" in debian._failure("trixie", log, free).text.en
    other = debian._failure("trixie", "E: Unable to connect to the mirror", 10**9)
    assert (
        "(trixie): Unable to connect to the mirror Check the network" in other.text.en
    )


def test_an_image_does_not_depend_on_what_is_said_of_its_kernel() -> None:
    for row in debian.RELEASES:
        assert re.fullmatch(r"\d+\.\d+", row.kernel)
        assert recipe.digest(replace(row, kernel="1.0")) == recipe.digest(row)


# What mmdebstrap 1.5 (Debian 13) does where root is not in a chroot.
MMDEBSTRAP = """#!/bin/sh
case "$*" in *--skip=*check/chrootless*) exit 0 ;; esac
echo "E: running chrootless mode as root without fakeroot might damage the host system"
exit 1
"""


def test_root_may_unpack_packages_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mmdebstrap").write_text(MMDEBSTRAP)
    (tmp_path / "mmdebstrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    console = Console(Language.EN)
    into, fetched = tmp_path / "root", tmp_path / "fetched"
    debian.unpack("trixie", (), "headers", into, fetched, console)
