"""The HTML of every page: valid, every link with an end, nothing from elsewhere."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Text, language_of
from tests.site.conftest import Open
from tools import npm

PACKAGES = Path(__file__).with_name("node")

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


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder in which the checkers of pages are installed."""
    what = Text(ja="ページの検査ツール", en="the checkers of pages")
    return npm.installed(PACKAGES, what, Console(language_of(os.environ)))


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


def test_every_link_and_anchor_has_an_end(
    open_page: Open, site: Path, pages: list[str], address: str
) -> None:
    anchors: dict[str, set[str]] = {}
    links: list[tuple[str, str, str]] = []
    for path in pages:
        page = open_page(path, java_script_enabled=False)
        anchors[path] = set(
            page.locator("[id]").evaluate_all("all => all.map(e => e.id)")
        )
        links += [
            (path, *split)
            for url in page.locator("a[href]").evaluate_all(
                "all => all.map(a => decodeURI(a.href))"
            )
            if url.startswith(address)
            for split in [url.removeprefix(address).partition("#")[::2]]
        ]
    assert len(links) > 500
    dead = []
    for path, target, anchor in links:
        file = site / target
        exists = (file / "index.html").is_file() if file.is_dir() else file.is_file()
        if not exists or (anchor and anchor not in anchors.get(target, set())):
            dead.append((path, target, anchor))
    assert dead == []


def test_every_page_has_its_twin_and_leads_to_it(
    open_page: Open, pages: list[str], address: str
) -> None:
    japanese = [path for path in pages if not path.startswith("en/")]
    assert {f"en/{path}" for path in japanese} == set(pages) - set(japanese)
    for path in pages:
        page = open_page(path, java_script_enabled=False)
        language = "en" if path.startswith("en/") else "ja"
        assert page.locator("html").get_attribute("lang") == language
        twin = path.removeprefix("en/") if language == "en" else f"en/{path}"
        links = page.locator(".md-select__link").evaluate_all(
            "all => all.map(a => a.href)"
        )
        assert address + twin in links
