"""The site by ProperDocs, which can take the place of MkDocs 1.6: the same pages."""

from __future__ import annotations

import re
from pathlib import Path

from tests.site.conftest import build

# Material writes which program has built the page.
GENERATOR = re.compile(rb'<meta name="generator" content="[^"]*">')


def contents(site: Path) -> dict[str, bytes]:
    """Return each file of a site, by its path, without the name of the generator."""
    return {
        path.relative_to(site).as_posix(): GENERATOR.sub(b"", path.read_bytes())
        for path in site.rglob("*")
        if path.is_file()
    }


def test_its_site_is_the_same(checkout: Path, site: Path, tmp_path: Path) -> None:
    done = build(checkout, tmp_path, program="properdocs")
    assert done.returncode == 0, done.stderr
    ours, theirs = contents(site), contents(tmp_path)
    assert ours.keys() == theirs.keys()
    assert [path for path in ours if ours[path] != theirs[path]] == []
