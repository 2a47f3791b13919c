"""The font of the preview pictures, where it is missing and cannot be installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language
from bcclessons.site import card_font


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine with neither the font nor a command to find or install it."""
    monkeypatch.setattr(card_font, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    card_font.folder.cache_clear()
    yield
    card_font.folder.cache_clear()


@pytest.mark.usefixtures("no_font")
def test_nothing_can_be_drawn() -> None:
    assert card_font.folder() is None
    assert not card_font.can_draw()


@pytest.mark.usefixtures("no_font")
@pytest.mark.parametrize("language", Language)
def test_one_line_says_so_and_the_build_goes_on(
    language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    card_font.install(Console(language))
    said = capsys.readouterr().err
    assert said.count("fonts-noto-cjk") == 1
    assert len(said.splitlines()) == 1
