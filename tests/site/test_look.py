"""What every page must be in every width, scheme and language, by a browser's measure."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.site.conftest import Open, opening
from tools.site import ASSET_BYTES, KILOBYTES, asset_bytes
from tools.site import pages as measured_pages

SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]
WIDTHS = [360, 640, 768, 1440]
"""Phones, a laptop at 200 %, tablets, and a wide screen."""


@dataclass
class Survey:
    """What one pass over the pages has found wrong, by the page and how it was seen."""

    violations: dict[str, list[str]] = field(default_factory=dict)
    moved: dict[str, list[str]] = field(default_factory=dict)
    too_wide: list[str] = field(default_factory=list)
    transferred: dict[str, int] = field(default_factory=dict)
    """Bytes before a recording plays."""


@pytest.fixture(scope="module")
def survey(browser: Browser, address: str, pages: list[str], packages: Path) -> Survey:
    """Look at every page once, in all widths and schemes."""
    found = Survey()
    with opening(browser, address) as opened:
        for path in pages:
            for width in (412, 1350):
                page, moved = loaded(opened, path, width)
                if moved:
                    # On a machine that is busy a page was once drawn before all its
                    # styles; what really moves does so each time.
                    page.context.close()
                    page, moved = loaded(opened, path, width)
                if moved:
                    found.moved[f"{path} {width}"] = moved
                if width == 1350:
                    page.wait_for_load_state("networkidle")
                    found.transferred[path] = page.evaluate(TRANSFERRED)
                    look(page, path, packages, found)
                page.context.close()
    return found


def loaded(opened: Open, path: str, width: int) -> tuple[Page, list[str]]:
    """Load a page; return it, and what has moved in it meanwhile."""
    page = opened(path, width=width)
    page.wait_for_timeout(200)
    moved: list[str] = page.evaluate(
        """() => new Promise(done => new PerformanceObserver(list => done(
            list.getEntries().map(entry => entry.value + " " + entry.sources.map(
                source => source.node?.outerHTML?.slice(0, 80)))
        )).observe({type: "layout-shift", buffered: true}) ??
            setTimeout(() => done([]), 100))"""
    )
    return page, moved


def look(page: Page, path: str, packages: Path, found: Survey) -> None:
    """Note what is wrong with a page in every width and scheme."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.too_wide.append(f"{path} {width}")
        if width in (360, 1440):
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                shown = "default" if scheme == "light" else "slate"
                page.wait_for_selector(f"body[data-md-color-scheme={shown}]")
                # What is not a colour is the same in both schemes.
                rules = None if scheme == "light" else ["color-contrast"]
                if bad := violations(page, packages, rules):
                    found.violations[f"{path} {width} {scheme}"] = bad


TRANSFERRED = """() => [...performance.getEntriesByType("resource"),
    performance.getEntriesByType("navigation")[0]]
    .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def violations(page: Page, packages: Path, rules: list[str] | None = None) -> list[str]:
    """Return what axe finds against WCAG 2.2 AA and good practice, or against rules."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((packages / "node_modules/axe-core/axe.min.js").read_text())
    found: list[dict[str, Any]] = page.evaluate(
        """async rules => (await axe.run(document, {resultTypes: ["violations"],
            ...(rules && {runOnly: rules})})).violations""",
        rules,
    )
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:160]}"
        for each in found
        for node in each["nodes"]
    ]


def test_every_page_is_accessible(survey: Survey) -> None:
    assert survey.violations == {}


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


def test_no_page_is_wider_than_the_window(survey: Survey) -> None:
    assert survey.too_wide == []


def test_nothing_moves_while_a_page_loads(survey: Survey) -> None:
    assert survey.moved == {}


def test_little_is_transferred_before_a_recording_plays(survey: Survey) -> None:
    sizes = {path: survey.transferred[path] for path in measured_pages()}
    assert {path: size for path, size in sizes.items() if size > KILOBYTES * 1000} == {}


def test_the_scheme_can_be_chosen_and_pictures_follow(open_page: Open) -> None:
    page = open_page("lessons/02_perf_output/", color_scheme="dark")
    scroll_bars = "() => getComputedStyle(document.documentElement).colorScheme"
    assert page.evaluate(scroll_bars) == "dark"
    colour = "() => getComputedStyle(document.querySelector('.picture text')).fill"
    dark = page.evaluate(colour)
    page.get_by_title("明るい配色にする").click()
    assert page.evaluate(colour) != dark
    background = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert page.evaluate(scroll_bars) == "normal"


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
    # Phrases of running text cost a tenth of a second on a slow phone.
    styles = [
        page.locator(f".lesson-prose {tag}").first.evaluate(
            "e => [getComputedStyle(e).lineBreak, getComputedStyle(e).wordBreak]"
        )
        for tag in ("p", "h2", ".table td:first-child")
    ]
    phrase = ["strict", "auto-phrase"]
    assert styles == [["strict", "normal"], phrase, phrase]


CUT = """() => [...document.querySelectorAll("body *")].filter(e =>
    e.checkVisibility() && e.clientWidth > 1 &&
    getComputedStyle(e).overflowX !== "visible" &&
    (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
).map(e => e.outerHTML.slice(0, 80))"""
"""What could only be seen whole by scrolling in it."""


@pytest.mark.parametrize(
    "path",
    [
        "lessons/06_losing_events/",
        "en/lessons/04_maps/",
        "support/",
        "en/peers/",
        "reference/",
    ],
)
def test_nothing_is_cut_on_paper(open_page: Open, path: str) -> None:
    page = open_page(path, width=650)  # A4 with its margins
    page.emulate_media(media="print")
    assert page.evaluate(CUT) == []
    headings = page.locator("article :is(h2, h3)")
    assert headings.evaluate_all(
        "all => all.every(e => getComputedStyle(e).breakAfter === 'avoid')"
    )


PIXEL = """async png => {
    const data = await fetch("data:image/png;base64," + png);
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    context.drawImage(await createImageBitmap(await data.blob()), 0, 0);
    return [...context.getImageData(0, 0, 1, 1).data];
}"""
"""The colour of the first pixel of a picture."""


def test_what_is_selected_is_seen_in_colours_of_the_readers_choice(
    open_page: Open,
) -> None:
    page = open_page("lessons/02_perf_output/", forced_colors="active")
    for selected, other in (
        ("[role=tab][aria-selected=true]", "[role=tab][aria-selected=false]"),
        (".kernels > :checked + label", ".kernels > :not(:checked) + label"),
    ):
        colours = []
        for each in (selected, other):
            page.locator(each).first.scroll_into_view_if_needed()
            box = page.locator(each).first.bounding_box()
            assert box is not None
            # Left of the text. What a style says is not what is drawn here.
            left, middle = box["x"] + 6, box["y"] + box["height"] / 2
            picture = page.screenshot(
                clip={"x": left, "y": middle, "width": 1, "height": 1}
            )
            colours.append(page.evaluate(PIXEL, base64.b64encode(picture).decode()))
        assert colours[0] != colours[1], selected


def test_our_own_scripts_and_styles_are_small(site: Path) -> None:
    sizes = asset_bytes(site)
    assert all(0 < sizes[kind] <= most for kind, most in ASSET_BYTES.items())
