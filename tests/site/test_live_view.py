"""Live pages: what was asked for is in sight, on a small laptop and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.live.conftest import Live
from tests.site.live_page import LESSON, LivePage, live_page

LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
SIZES = pytest.mark.parametrize("options", [LAPTOP, PHONE], ids=["laptop", "phone"])
# It is stopped at once, and its last line is shown.
WRONG = "#!/usr/bin/python3\nwhile True: print('line ' * 20)\n"


@pytest.fixture
def file(live: Live) -> Iterator[Path]:
    """The learner's file of exercise 02/1, which is wrong."""
    live.forget()
    path = live.my_sample("02/1")
    path.write_text(WRONG)
    path.chmod(0o755)
    yield path
    live.forget()


def seen(part: Locator) -> None:
    """Wait until all of a part is in sight, and nothing lies over its edges."""
    expect(part).to_be_in_viewport(ratio=1)
    part.page.wait_for_timeout(700)  # a smooth scroll may go on
    expect(part).to_be_in_viewport(ratio=1)
    assert part.evaluate(
        """e => {
            const {left, top, bottom} = e.getBoundingClientRect();
            return [top + 3, bottom - 3].every(
                y => e.contains(document.elementFromPoint(left + 12, y)));
        }"""
    )


def solve(here: LivePage) -> None:
    """Open the editor; on a laptop where the pane ends below the window."""
    here.solve()
    expect(here.editor).to_contain_text("line")
    here.page.evaluate("scrollTo(0, 0)")


@SIZES
@pytest.mark.parametrize("with_terminals", [False, True])
@pytest.mark.usefixtures("file")
def test_the_feedback_is_in_sight_with_the_output_that_it_opens(
    browser: Browser, live: Live, options: dict[str, Any], with_terminals: bool
) -> None:
    with live_page(browser, live, **options) as here:
        if with_terminals:
            here.page.locator(".to-try [data-command='ls']").first.click()
            expect(here.shell).to_be_visible()
            if options is PHONE:
                here.page.locator(".pane-close").tap()
        solve(here)
        here.button("check").click()
        here.judged("wrong")
        seen(here.feedback.locator("> p"))
        seen(here.feedback.locator("summary"))
        expect(here.button("check")).to_be_focused()
        here.feedback.locator("summary").click()
        seen(here.feedback.locator("> p"))
        seen(here.feedback.locator("pre"))


@SIZES
@pytest.mark.parametrize("top", [20, 45, -60])
@pytest.mark.usefixtures("file")
def test_the_heading_of_the_exercise_that_is_solved_is_in_sight(
    browser: Browser, live: Live, options: dict[str, Any], top: int
) -> None:
    with live_page(browser, live, "en/" + LESSON, **options) as here:
        card = here.page.locator(".exercise[data-exercise='02/1']")
        heading = card.locator("h3")
        heading.evaluate(
            "(e, top) => scrollBy(0, e.getBoundingClientRect().top - top)", top
        )
        card.locator("[data-solve]").evaluate("e => e.click()")
        expect(here.editor).to_contain_text("line")
        seen(heading)


@pytest.mark.usefixtures("file")
def test_a_reader_who_wants_no_motion_has_none(browser: Browser, live: Live) -> None:
    with live_page(browser, live, reduced_motion="reduce", **LAPTOP) as here:
        here.page.evaluate(
            """() => {
                window.asked = [];
                const own = Element.prototype.scrollIntoView;
                Element.prototype.scrollIntoView = function (options) {
                    window.asked.push(options?.behavior);
                    own.call(this, options);
                };
            }"""
        )
        here.solve()
        here.button("check").click()
        here.judged("wrong")
        here.feedback.locator("summary").click()
        expect(here.feedback.locator("pre")).to_be_visible()
        here.page.wait_for_timeout(200)
        asked = here.page.evaluate("asked")
        assert len(asked) >= 3
        assert set(asked) == {"auto"}


@pytest.mark.usefixtures("file")
def test_a_check_elsewhere_does_not_move_the_page(browser: Browser, live: Live) -> None:
    with (
        live_page(browser, live, **LAPTOP) as here,
        live_page(browser, live, **LAPTOP) as other,
    ):
        for each in (here, other):
            solve(each)
        here.button("check").click()
        here.judged("wrong")
        other.judged("wrong")
        other.page.wait_for_timeout(500)
        assert other.page.evaluate("scrollY") == 0
        assert here.page.evaluate("scrollY") > 0
