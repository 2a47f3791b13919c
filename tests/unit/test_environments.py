"""Making what belongs in the cache: once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Text
from bcclessons.setup import environments

CONSOLE = Console(Language.EN)
NAME = Text(ja="道具", en="the tools")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "bcc-lessons/kind/tools-0123456789ab"


def test_it_is_made_once_and_replaces_the_older_one(folder: Path) -> None:
    older = folder.with_name("tools-ba9876543210")
    other = folder.with_name("others-ba9876543210")
    for path in (older, other):
        path.mkdir(parents=True)
    for _ in range(2):
        environments.once(folder, folder.mkdir, NAME, CONSOLE)
    assert sorted(folder.parent.glob("*-*")) == [other, folder]


def test_what_fails_half_way_leaves_nothing_and_is_tried_again(folder: Path) -> None:
    def fail() -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        environments.once(folder, fail, NAME, CONSOLE)
    assert not folder.exists()
    environments.once(folder, folder.mkdir, NAME, CONSOLE)
    assert (folder / "complete").exists()
