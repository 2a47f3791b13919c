"""What a reader brings about on a lesson's page stays accessible: axe in each state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.site.conftest import Open
from tests.site.test_look import violations

LESSON = "en/lessons/02_perf_output/"


def _close(page: Page) -> None:
    button = page.locator(".pane-close")
    if button.is_visible():
        button.click()


def _answer(page: Page) -> None:
    for question in page.locator(".lesson-prose .question").all():
        question.locator("summary").first.click()
    expect(page.locator(".question .answer[open]").first).to_be_visible()


def _refer(page: Page) -> None:
    page.locator(".line-reference[data-lines='26-33']").first.click()


def _watch(page: Page) -> None:
    page.locator('.run[data-recording$="run-unseen.js"] .watch').click()
    expect(page.locator(".ap-player .ap-term")).to_contain_text("$ ")


def _light_output(page: Page) -> None:
    page.locator(".run .on-kernel:visible .out span").first.click()


def _other_kernel(page: Page) -> None:
    page.locator(".kernels > label").first.click()


def _follow_journey(page: Page) -> None:
    page.locator(".journey-open").click()
    page.locator('.journey [data-by="1"]').click()


def _look_at_rings(page: Page) -> None:
    page.locator(".journey-switch").click()
    page.locator('.journey [data-by="1"]').click()


def _start_exercise(page: Page) -> None:
    page.locator(".exercise-start").nth(1).click()
    page.locator(".exercise input").nth(1).check()
    page.locator(".hint > summary >> visible=true").first.click()


def _strip(page: Page) -> None:
    page.locator(".line-reference").nth(5).scroll_into_view_if_needed()
    page.mouse.wheel(0, 150)


def _present(page: Page) -> None:
    if page.viewport_size == {"width": 390, "height": 844}:
        return  # a phone has no presenter mode
    for _ in range(3):
        page.keyboard.press(
            "z" if not page.locator(".presenter:visible").count() else "ArrowRight"
        )


STATES: list[Callable[[Page], None]] = [
    _answer,
    _refer,
    _close,
    _strip,
    _watch,
    _light_output,
    _other_kernel,
    _close,
    _follow_journey,
    _look_at_rings,
    _close,
    _start_exercise,
    _close,
    _present,
]
"""What a reader does, one after the other."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("touch", [False, True], ids=["hover", "touch"])
def test_each_state_of_a_lesson_is_accessible(
    open_page: Open, packages: Path, scheme: str, touch: bool
) -> None:
    page = open_page(
        LESSON,
        viewport={"width": 390, "height": 844}
        if touch
        else {"width": 1280, "height": 800},
        has_touch=touch,
        is_mobile=touch,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    found = {}
    for act in STATES:
        act(page)
        page.wait_for_timeout(100)
        # What is not a colour is the same in both schemes.
        if bad := violations(
            page, packages, None if scheme == "light" else ["color-contrast"]
        ):
            found[act.__name__] = bad
    assert found == {}


def test_the_keyboard_goes_to_the_pane_and_back(open_page: Open) -> None:
    page = open_page(LESSON, viewport={"width": 1280, "height": 800})
    for opener, inside in (
        (".journey-open", ".journey"),
        ('.run[data-recording$="run-unseen.js"] .watch', ".ap-wrapper"),
        (".exercise-start", "#tab-exercise"),
        (".line-reference[data-lines='26-33']", "#L26 .number"),
    ):
        page.locator(opener).first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(inside)).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(opener).first).to_be_focused()
        expect(page.locator(opener).first).to_be_in_viewport()


@pytest.mark.parametrize("width", [390, 640])
def test_the_keyboard_is_not_lost_where_the_pane_is_docked(
    open_page: Open, width: int
) -> None:
    page = open_page(LESSON, width=width, reduced_motion="reduce")
    docked = page.locator(".pane.docked")
    for opener in (".exercise-start", ".answer-reference"):
        page.locator("details:has(.answer-reference)").evaluate_all(
            "all => all.forEach(each => each.open = true)"
        )
        page.locator(opener).first.focus()
        page.keyboard.press("Enter")
        expect(docked).to_have_count(1)
        page.keyboard.press("Escape")
        expect(docked).to_have_count(0)
        expect(page.locator(opener).first).to_be_focused()
    page.locator(".line-reference").nth(5).scroll_into_view_if_needed()
    page.mouse.wheel(0, 150)
    for leave in ("Escape", "Enter"):
        page.locator(".strip").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".pane-close")).to_be_focused()
        page.keyboard.press(leave)
        expect(docked).to_have_count(0)
        expect(page.locator(":is(.strip, .line-reference):focus")).to_be_in_viewport()


def test_the_keyboard_opens_the_navigation_of_the_rail(open_page: Open) -> None:
    page = open_page(LESSON, viewport={"width": 1280, "height": 800})
    page.get_by_role("button", name="Navigation").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".md-sidebar--primary a:focus")).to_be_in_viewport()


COVERED = """() => {
    const e = document.activeElement;
    const {left, top, width, height} = e.getBoundingClientRect();
    const seen = [0.1, 0.5, 0.9].some(part => {
        const at = document.elementFromPoint(left + width / 2, top + height * part);
        return e.contains(at) || at?.contains(e);
    });
    return seen ? null : e.outerHTML.slice(0, 80);
}"""
"""What has the keyboard, if anything else is drawn over all of it."""


@pytest.mark.parametrize("width", [390, 1280])
def test_what_the_keyboard_goes_back_to_is_not_below_the_header(
    open_page: Open, width: int
) -> None:
    page = open_page(
        "en/lessons/06_losing_events/",
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    )
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)  # the last of the page has its height
    page.locator(".md-footer a").last.focus()
    covered = []
    for _ in range(110):
        page.keyboard.press("Shift+Tab")
        covered.append(page.evaluate(COVERED))
    # A kernel's box has no size of its own: its label shows that it has the keyboard.
    assert [each for each in covered if each and "kernel-run" not in each] == []


@pytest.mark.parametrize("path", ["en/", LESSON, "en/glossary/"])
def test_a_closed_drawer_opens_for_the_keyboard_alone(
    open_page: Open, path: str
) -> None:
    page = open_page(path, viewport={"width": 640, "height": 800})
    drawer = page.locator(".md-sidebar--primary")
    page.keyboard.press("Tab")
    expect(drawer).not_to_be_in_viewport()
    page.locator(".md-sidebar--primary a[href]").last.focus()
    expect(drawer).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.locator(".md-sidebar--primary:focus-within")).to_have_count(0)
    expect(drawer).not_to_be_in_viewport()


def test_a_box_that_the_keyboard_is_at_is_seen(open_page: Open) -> None:
    page = open_page("en/lessons/06_losing_events/", width=1280)
    page.keyboard.press("Tab")
    for box in (".pane-follow input", ".exercise input", ".simulator select"):
        page.locator(box).first.focus()
        style = page.locator(box).first.evaluate(
            "e => getComputedStyle(e).outlineStyle"
        )
        assert style == "solid", box


def test_a_screen_reader_reads_names_without_signs(open_page: Open) -> None:
    page = open_page(LESSON)
    assert "▸" not in page.locator(".question").first.aria_snapshot()
    # Of the boxes, all called "Solved", each belongs to an exercise.
    card = page.get_by_role("group", name="Add a member")
    expect(card.get_by_role("checkbox", name="Solved")).to_have_count(1)


def test_a_pane_that_is_closed_lights_no_step_of_its_own(open_page: Open) -> None:
    page = open_page(LESSON, width=390, has_touch=True)
    page.locator(".journey-open").tap()
    expect(page.locator("#panel-program .line.lit")).to_have_count(1)
    page.locator(".pane-close").tap()
    expect(page.locator("#panel-program .line.lit")).to_have_count(0)
    expect(page.locator(".strip")).to_be_hidden()
