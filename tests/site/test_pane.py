"""The program next to the prose: what a reader points at, clicks, types and reads."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bcclessons.course.lesson import Lesson, find
from bcclessons.course.lineref import resolve
from tests.site.conftest import Open

LESSON = "lessons/02_perf_output/"
SUBMIT = "events.perf_submit(ctx, &data, sizeof(data));"
STRUCT = "struct data_t {"
NARROW = 360


def lit(page: Page) -> list[int]:
    """Return the numbers of the lines that are marked."""
    ids: list[str] = page.locator(".line.lit").evaluate_all("all => all.map(l => l.id)")
    return [int(name.removeprefix("L")) for name in ids]


def lines(lessons: list[Lesson], fragment: str) -> list[int]:
    """Return the numbers of the lines that a fragment of lesson 02's program is on."""
    source = find(lessons, "02").source.read_text()
    first, last = resolve(source, fragment)
    return list(range(first, last + 1))


IN_PANE = """line => {
    const box = document.querySelector("#program pre").getBoundingClientRect();
    const own = document.getElementById("L" + line).getBoundingClientRect();
    return box.top <= own.top && own.bottom <= box.bottom;
}"""
"""Whether a line is among those that the pane shows now."""

IN_VIEW = """selector => {
    const box = document.querySelector(selector).getBoundingClientRect();
    return 0 <= box.top && box.bottom <= innerHeight;
}"""
"""Whether an element is in the window."""

IS_LIT = "() => document.querySelector('.line.lit')"


@pytest.mark.parametrize("root", ["", "en/"])
def test_pointing_at_a_reference_marks_its_lines(
    open_page: Open, lessons: list[Lesson], root: str
) -> None:
    page = open_page(root + LESSON)
    page.locator(".line-reference", has_text=SUBMIT).first.hover()
    assert lit(page) == lines(lessons, SUBMIT)
    page.locator(".line-reference", has_text=STRUCT).first.hover()
    assert lit(page) == lines(lessons, "struct data_t { … };")


def test_focus_marks_and_the_pane_scrolls_there(open_page: Open) -> None:
    page = open_page(LESSON, viewport={"width": 1440, "height": 500})
    last = page.locator(".line-reference", has_text="b.perf_buffer_poll()").first
    last.focus()
    (line,) = lit(page)
    page.wait_for_function(IN_PANE, arg=line)


def test_a_click_stays_and_is_in_the_address(
    open_page: Open, lessons: list[Lesson]
) -> None:
    page = open_page(LESSON)
    page.locator(".line-reference", has_text=SUBMIT).first.click()
    page.mouse.move(5, 5)
    assert lit(page) == lines(lessons, SUBMIT)
    assert page.url.endswith(f"#L{lines(lessons, SUBMIT)[0]}")
    again = open_page(page.url)
    again.wait_for_function(IS_LIT)
    assert lit(again) == lines(lessons, SUBMIT)


def test_a_line_leads_back_to_its_explanation(
    open_page: Open, lessons: list[Lesson]
) -> None:
    page = open_page(LESSON)
    (line,) = lines(lessons, "b.perf_buffer_poll()")
    number = page.locator(f"#L{line} a.number")
    target = number.get_attribute("href")
    assert target is not None
    assert not page.evaluate(IN_VIEW, target)
    number.click()
    page.wait_for_function(IN_VIEW, arg=target)
    expect(page.locator(target)).to_have_class("line-reference lit")
    assert lit(page) == [line]


@pytest.mark.parametrize("label", ["01", "02", "03"])
def test_every_line_that_is_referred_to_leads_back(
    open_page: Open, lessons: list[Lesson], label: str
) -> None:
    item = find(lessons, label)
    page = open_page(f"lessons/{item.folder.name}/")
    source = item.source.read_text().splitlines()
    spans = page.locator(".line-reference[href^='#L']").evaluate_all(
        "all => all.map(r => r.dataset.lines.split('-').map(Number))"
    )
    named = {n for first, last in spans for n in range(first, last + 1)}
    marked = page.locator(".line:has(a.number)").evaluate_all(
        "all => all.map(l => Number(l.id.slice(1)))"
    )
    assert set(marked) == {n for n in named if source[n - 1]}


def test_by_keyboard_alone_there_and_back(
    open_page: Open, lessons: list[Lesson]
) -> None:
    page = open_page(LESSON)
    start = page.locator(".line-reference", has_text=SUBMIT).first
    start.focus()
    page.keyboard.press("Enter")
    (line,) = lines(lessons, SUBMIT)
    expect(page.locator(f"#L{line} a.number")).to_be_focused()
    assert page.evaluate(IN_PANE, line)
    page.keyboard.press("Enter")
    expect(start).to_be_focused()


def test_the_pane_follows_what_is_read_until_it_is_told_not_to(open_page: Open) -> None:
    page = open_page(LESSON)
    page.evaluate("document.getElementById('r12').scrollIntoView({block: 'start'})")
    page.wait_for_function(IS_LIT)
    marked = set(lit(page))
    block = page.evaluate(
        """() => [...document.getElementById("r12").closest("p, li, tr")
            .querySelectorAll(".line-reference")].map(r => r.dataset.lines)"""
    )
    expected = {
        n
        for first, last in (map(int, span.split("-")) for span in block)
        for n in range(first, last + 1)
    }
    assert marked == expected
    page.locator(".program-follow input").uncheck()
    assert lit(page) == []
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    page.wait_for_timeout(300)
    assert lit(page) == []
    page.reload()  # it is remembered
    expect(page.locator(".program-follow input")).not_to_be_checked()


def test_copying_gives_the_program_without_numbers(
    open_page: Open, lessons: list[Lesson]
) -> None:
    page = open_page(LESSON, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="コピー", exact=True).click()
    expect(page.locator(".md-dialog")).to_contain_text("コピーしました")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == find(lessons, "02").source.read_text()


def test_selecting_lines_takes_no_numbers_along(
    open_page: Open, lessons: list[Lesson]
) -> None:
    page = open_page(LESSON)
    chosen = page.evaluate(
        """() => {
            getSelection().setBaseAndExtent(document.getElementById("L13"), 0,
                document.getElementById("L17"), document.getElementById("L17").childNodes.length);
            return getSelection().toString();
        }"""
    )
    source = find(lessons, "02").source.read_text().splitlines()
    assert [line for line in chosen.split("\n") if line] == source[12:17]


def test_the_program_can_be_downloaded(open_page: Open, lessons: list[Lesson]) -> None:
    for root in ("", "en/"):
        page = open_page(root + LESSON)
        with page.expect_download() as waiting:
            page.locator(".program a[download]").click()
        item = find(lessons, "02")
        assert waiting.value.suggested_filename == item.program
        assert waiting.value.path().read_bytes() == item.source.read_bytes()


def test_on_a_narrow_screen_a_tap_docks_the_code_below(
    open_page: Open, lessons: list[Lesson]
) -> None:
    page = open_page(LESSON, width=NARROW, has_touch=True)
    start = page.locator(".line-reference", has_text=SUBMIT).first
    start.scroll_into_view_if_needed()
    start.tap()
    expect(page.locator(".program")).to_have_class("program no-copy docked")
    assert page.evaluate(IN_VIEW, ".program")
    (line,) = lines(lessons, SUBMIT)
    page.wait_for_function(
        """line => {
            const own = document.getElementById("L" + line).getBoundingClientRect();
            return own.top > innerHeight / 2 && own.bottom <= innerHeight;
        }""",
        arg=line,
    )
    assert lit(page) == [line]
    page.get_by_role("button", name="閉じる").tap()
    expect(page.locator(".program")).not_to_have_class("program no-copy docked")


def test_escape_closes_the_docked_code(open_page: Open) -> None:
    page = open_page(LESSON, width=NARROW)
    page.locator(".line-reference", has_text=SUBMIT).first.click()
    page.keyboard.press("Escape")
    assert page.locator(".program.docked").count() == 0


def test_a_reference_on_another_page_leads_to_the_line(
    open_page: Open, lessons: list[Lesson]
) -> None:
    page = open_page("en/reference/")
    page.locator(".line-reference[href*='02_perf_output']").first.click()
    page.wait_for_function(IS_LIT)
    target = page.url.partition("#L")[2]
    assert int(target) in lit(page)


def test_nothing_moves_by_itself_where_motion_is_reduced(open_page: Open) -> None:
    page = open_page(
        LESSON, viewport={"width": 1440, "height": 500}, reduced_motion="reduce"
    )
    page.locator(".line-reference", has_text="b.perf_buffer_poll()").first.focus()
    (line,) = lit(page)
    assert page.evaluate(IN_PANE, line)  # at once


def test_without_scripts_a_reference_is_a_link_to_the_line(
    open_page: Open, lessons: list[Lesson]
) -> None:
    page = open_page(LESSON, java_script_enabled=False)
    page.locator(".line-reference", has_text=SUBMIT).first.click()
    (line,) = lines(lessons, SUBMIT)
    assert page.url.endswith(f"#L{line}")
    colours = [
        page.locator(f"#L{number}").evaluate("l => getComputedStyle(l).backgroundColor")
        for number in (line, line - 1)
    ]
    assert colours[0] != colours[1]
    for hidden in (".program button", ".program-follow", ".recording"):
        for element in page.locator(hidden).all():
            expect(element).not_to_be_visible()
    page.locator(f"#L{line} a.number").click()
    assert "#r" in page.url


def test_in_print_the_code_follows_the_prose(open_page: Open) -> None:
    page = open_page(LESSON)
    page.emulate_media(media="print")
    prose = page.locator(".lesson-prose").bounding_box()
    pane = page.locator(".program").bounding_box()
    assert prose is not None
    assert pane is not None
    assert pane["y"] >= prose["y"] + prose["height"]
    last = page.locator(".program .line").last.bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= pane["y"] + pane["height"] + 1
    for hidden in (".program button", ".recording", ".md-header", ".md-sidebar"):
        for element in page.locator(hidden).all():
            expect(element).not_to_be_visible()
    assert page.pdf()[:4] == b"%PDF"


class TestPresenterMode:
    """One key, large type, and the arrow keys."""

    def test_the_arrow_keys_step_through_the_references(self, open_page: Open) -> None:
        page = open_page(LESSON)
        page.keyboard.press("z")
        expect(page.locator("html.presenting")).to_have_count(1)
        expect(page.locator(".md-header")).not_to_be_visible()
        expect(page.locator(".md-sidebar--primary")).not_to_be_visible()
        total = page.locator(".line-reference[href^='#L']").count()
        steps = [("ArrowRight", 2), ("ArrowDown", 3), ("ArrowLeft", 2)]
        expect(page.locator(".program-status")).to_have_text(f"1 / {total}")
        for key, place in steps:
            page.keyboard.press(key)
            expect(page.locator(".program-status")).to_have_text(f"{place} / {total}")
            shown = page.locator(".line-reference.lit").get_attribute("data-lines")
            wanted = page.locator(".line-reference[href^='#L']").nth(place - 1)
            assert shown == wanted.get_attribute("data-lines")
        page.keyboard.press("Escape")
        expect(page.locator("html.presenting")).to_have_count(0)
        expect(page.locator(".md-header")).to_be_visible()

    @pytest.mark.parametrize("width", [1280, 1920])
    def test_prose_and_code_are_larger_and_no_line_is_cut(
        self, open_page: Open, width: int
    ) -> None:
        page = open_page(LESSON, width=width)
        sizes = "e => parseFloat(getComputedStyle(e).fontSize)"
        elements = [page.locator(".lesson-prose p").first, page.locator("#L20")]
        before = [element.evaluate(sizes) for element in elements]
        page.get_by_role("button", name="発表").click()
        after = [element.evaluate(sizes) for element in elements]
        assert all(now >= 1.1 * then for now, then in zip(after, before, strict=True))
        assert page.locator("#program pre").evaluate(
            "e => e.scrollWidth <= e.clientWidth"
        )

    def test_what_is_typed_into_the_search_is_no_key(self, open_page: Open) -> None:
        page = open_page(LESSON)
        page.locator(".md-search__input").click()
        page.keyboard.type("z")
        assert page.locator("html.presenting").count() == 0
