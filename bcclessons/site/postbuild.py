"""What is made of a site's pages once all of them are rendered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bcclessons.console.text import Language
from bcclessons.site import card, card_font, material, root_files, search_index
from bcclessons.site.metadata import Metadata


class PostBuild:
    """Collects the rendered pages; then writes the index, the pictures and the rest."""

    def __init__(self) -> None:
        self._pages: dict[str, Metadata] = {}
        self._contents: dict[str, tuple[Language, str, str]] = {}

    def add(self, page: Metadata, content: str) -> None:
        """Take a page and its HTML."""
        self._pages[page.path] = page
        self._contents[page.path] = page.language, page.name, content

    def write(
        self, site: Path, inform: Callable[[str], None], warn: Callable[[str], None]
    ) -> None:
        """Write into the folder of the site."""
        material.edit(site, warn)
        search_index.write(site / "search", self._contents)
        pages = list(self._pages.values())
        root_files.write(site, pages)
        for page in pages:
            if page.has_card:
                _, _, content = self._contents[page.path]
                card.draw(card.of(page, content), site / page.card)
        if pages[0].is_public and not pages[0].has_card:
            inform(
                "pages have no picture for those who share them: that takes the font "
                f"of the package {card_font.PACKAGE}, and Pillow"
            )
