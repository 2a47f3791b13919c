"""The addresses of a published site: its own, and where its sources are edited."""

from __future__ import annotations

import re
from pathlib import Path

from bcclessons.console.text import Language
from bcclessons.course.translation import language_of
from tests.site.conftest import build

SITE = "https://example.org/lessons/"
EDIT = "https://example.org/code/edit/main/"


def test_every_page_links_to_its_source_and_its_canonical_address(
    checkout: Path, tmp_path: Path
) -> None:
    done = build(
        checkout, tmp_path, BCC_LESSONS_SITE_URL=SITE, BCC_LESSONS_EDIT_URI=EDIT
    )
    assert done.returncode == 0, done.stderr
    pages = sorted(tmp_path.rglob("index.html"))
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
        english = path.is_relative_to(tmp_path / "en")
        assert (language_of(Path(source)) is Language.EN) is english
        address = path.parent.relative_to(tmp_path).as_posix().removesuffix(".")
        address = SITE + (f"{address}/" if address else "")
        assert f'<link rel="canonical" href="{address}">' in page


def test_without_addresses_there_are_no_such_links(site: Path) -> None:
    for path in site.rglob("index.html"):
        assert 'class="md-content__button' not in path.read_text()
