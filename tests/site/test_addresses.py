"""The addresses of a published site: its own, and where its sources are edited."""

from __future__ import annotations

import re
from pathlib import Path

from bcclessons.console.text import Language
from bcclessons.course.translation import language_of
from tests.site.conftest import PUBLISHED

SITE, EDIT = PUBLISHED.values()


def test_every_page_links_to_its_source_and_its_canonical_address(
    checkout: Path, published_site: Path
) -> None:
    pages = sorted(published_site.rglob("index.html"))
    assert len(pages) >= 16
    for path in pages:
        page = path.read_text()
        links = re.findall(
            r'<a href="([^"]+)" title="[^"]+" class="md-content__button', page
        )
        edit, view = links
        assert edit.startswith(EDIT)
        source = edit.removeprefix(EDIT)
        assert (checkout / source).is_file(), source
        assert view == EDIT.replace("edit", "raw") + source
        english = path.is_relative_to(published_site / "en")
        assert (language_of(Path(source)) is Language.EN) is english
        address = path.parent.relative_to(published_site).as_posix().removesuffix(".")
        address = SITE + (f"{address}/" if address else "")
        assert f'<link rel="canonical" href="{address}">' in page


def test_without_addresses_there_are_no_such_links(site: Path) -> None:
    for path in site.rglob("index.html"):
        assert 'class="md-content__button' not in path.read_text()
