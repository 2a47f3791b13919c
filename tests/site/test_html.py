"""The HTML of every page: valid, every link with an end, nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.site.document import Document
from tools import npm

ROOT = "https://example.org/"

# What the checker is told not to mind, and why.
_SETTINGS = {
    "root": True,
    "extends": ["html-validate:standard"],
    "rules": {
        # Matters of taste, in Material's templates.
        "doctype-style": "off",
        "no-implicit-button-type": "off",
        "no-trailing-whitespace": "off",
        "presentation-role-style": "off",
    },
}
# What Material's templates have, and we do not change: the switches of its drawer, of
# its search and of its palette, and its two forms, which need no button.
_MATERIAL = re.compile(
    r"(#__(drawer|search|palette_\d|toc|nav_\d+(_label)?)|form|\[name=\"?__palette\"?\].*)$"
)


def validated(packages: Path, paths: list[Path]) -> list[dict[str, Any]]:
    """Return what the checker says of each page."""
    settings, results = packages / "settings.json", packages / "results.json"
    settings.write_text(json.dumps(_SETTINGS))
    npm.node(
        packages, "node_modules/html-validate/bin/html-validate.mjs",
        "--config", str(settings), f"--formatter=json={results}", *map(str, paths),
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(results.read_text())
    return found


def test_every_page_is_valid(site: Path, packages: Path) -> None:
    found = [
        f"{Path(page['filePath']).relative_to(site)}:{said['line']}: "
        f"{said['message']} ({said['ruleId']}, {said['selector']})"
        for page in validated(packages, sorted(site.rglob("*.html")))
        for said in page["messages"]
        if not _MATERIAL.search(said["selector"] or "")
    ]
    assert found == []


def test_the_checker_finds_what_is_wrong(packages: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><html lang="en"><p id="a">x<div></p></div>')
    assert validated(packages, [page])[0]["messages"]


@pytest.fixture(scope="session")
def documents(site: Path, pages: list[str]) -> dict[str, Document]:
    """Every page, by its path."""
    return {
        path: Document(site / path / "index.html", f"{ROOT}{path}") for path in pages
    }


def test_every_link_and_anchor_has_an_end(
    site: Path, documents: dict[str, Document]
) -> None:
    links = [
        (path, address.removeprefix(ROOT), anchor)
        for path, document in documents.items()
        for address, anchor in document.links
        if address.startswith(ROOT)
    ]
    assert len(links) > 500
    dead = []
    for path, target, anchor in links:
        file = site / target
        exists = (file / "index.html").is_file() if file.is_dir() else file.is_file()
        ids = documents[target].ids if target in documents else set()
        if not exists or (anchor and anchor not in ids):
            dead.append((path, target, anchor))
    assert dead == []


def test_every_page_has_its_translation_and_leads_to_it(
    documents: dict[str, Document],
) -> None:
    japanese = [path for path in documents if not path.startswith("en/")]
    assert {f"en/{path}" for path in japanese} == documents.keys() - set(japanese)
    for path, document in documents.items():
        language = "en" if path.startswith("en/") else "ja"
        assert document.language == language
        other = path.removeprefix("en/") if language == "en" else f"en/{path}"
        assert f"{ROOT}{other}" in document.switch
