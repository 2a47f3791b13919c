"""What every page must be in every width, scheme and language, by a browser's measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.site.conftest import Open
from tests.site.test_html import packages
from tools.site import ASSET_BYTES, KILOBYTES, asset_bytes
from tools.site import pages as measured_pages

__all__ = ["packages"]  # a fixture

SCHEMES = ["light", "dark"]
WIDTHS = [360, 640, 768, 1440]
"""Phones, a laptop at 200 %, tablets, and a wide screen."""


def violations(page: Page, packages: Path) -> list[str]:
    """Return what axe finds against WCAG 2.2 AA and good practice."""
    page.evaluate((packages / "node_modules/axe-core/axe.min.js").read_text())
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:160]}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_is_accessible(
    open_page: Open, pages: list[str], packages: Path, width: int, scheme: str
) -> None:
    found = {}
    for path in pages:
        page = open_page(
            path, width=width, color_scheme=scheme, reduced_motion="reduce"
        )
        if bad := violations(page, packages):
            found[path] = bad
        page.close()
    assert found == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marked_lines_and_the_player_are_accessible(
    open_page: Open, packages: Path, scheme: str
) -> None:
    page = open_page("en/lessons/02_perf_output/", color_scheme=scheme)
    page.locator(".line-reference[data-lines='26-33']").click()
    assert violations(page, packages) == []
    page.keyboard.press("z")
    assert violations(page, packages) == []
    page.keyboard.press("Escape")
    page.locator(".player").first.scroll_into_view_if_needed()
    page.locator(".ap-player").first.wait_for()
    assert violations(page, packages) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_window(
    open_page: Open, pages: list[str], width: int
) -> None:
    wide = []
    for path in pages:
        page = open_page(path, width=width)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path)
        page.close()
    assert wide == []


@pytest.mark.parametrize("width", [412, 1350])
def test_nothing_moves_while_a_page_loads(
    open_page: Open, pages: list[str], width: int
) -> None:
    moved = {}
    for path in pages:
        # On a machine that is busy a page was once drawn before all its styles; what
        # really moves does so each time.
        shifts = [shift(open_page, path, width) for _ in range(2)]
        if all(shifts):
            moved[path] = shifts
    assert moved == {}


def shift(open_page: Open, path: str, width: int) -> list[str]:
    """Load a page, and return what moved in it meanwhile."""
    page = open_page(path, width=width)
    page.wait_for_timeout(200)
    moved: list[str] = page.evaluate(
        """() => new Promise(done => new PerformanceObserver(list => done(
            list.getEntries().map(entry => entry.value + " " + entry.sources.map(
                source => source.node?.outerHTML?.slice(0, 80)))
        )).observe({type: "layout-shift", buffered: true}) ??
            setTimeout(() => done([]), 100))"""
    )
    page.close()
    return moved


def test_the_scheme_can_be_chosen_and_pictures_follow(open_page: Open) -> None:
    page = open_page("lessons/02_perf_output/", color_scheme="dark")
    colour = "() => getComputedStyle(document.querySelector('.picture text')).fill"
    dark = page.evaluate(colour)
    page.get_by_title("明るい配色にする").click()
    assert page.evaluate(colour) != dark
    background = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_no_japanese_word_and_no_line_break_is_torn(open_page: Open) -> None:
    page = open_page("lessons/02_perf_output/")
    body = page.locator(".lesson-prose").inner_text()
    # A blank between two Japanese letters would be a line break of the source.
    torn = [
        body[n - 5 : n + 5]
        for n in range(1, len(body) - 1)
        if body[n] == " " and body[n - 1] in "，．" and "ぁ" <= body[n + 1] <= "龠"
    ]
    assert torn == []
    style = page.locator(".lesson-prose p").first.evaluate(
        "p => [getComputedStyle(p).lineBreak, getComputedStyle(p).wordBreak]"
    )
    assert style == ["strict", "auto-phrase"]


def test_little_is_transferred_before_a_recording_plays(open_page: Open) -> None:
    for path in measured_pages():
        page = open_page(path)
        page.wait_for_load_state("networkidle")
        size = page.evaluate(
            """() => [...performance.getEntriesByType("resource"),
                performance.getEntriesByType("navigation")[0]]
                .reduce((sum, entry) => sum + entry.transferSize, 0)"""
        )
        assert size <= KILOBYTES * 1000, path
        page.close()


def test_our_own_scripts_and_styles_are_small() -> None:
    sizes = asset_bytes()
    assert all(0 < sizes[kind] <= most for kind, most in ASSET_BYTES.items())
