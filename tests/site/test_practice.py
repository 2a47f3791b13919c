"""Questions before a run, and exercises as cards: what a reader does with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.site.conftest import Open
from tests.site.test_look import violations

LESSON = "lessons/02_perf_output/"
NEXT = "lessons/03_data_access/"
# It is asked just before a run.
NAME = "02/timeout"


def question(page: Page, name: str = NAME) -> Locator:
    """Return a question of a page."""
    return page.locator(f'[data-question="{name}"]')


def run_after(page: Page, name: str = NAME) -> Locator:
    """Return the text of the run that follows a question."""
    return page.locator(
        f'div:has(> [data-question="{name}"]) + div > .run pre > code >> visible=true'
    )


def answer(page: Page, *, right: bool, name: str = NAME) -> Locator:
    """Return an answer of a question: the right one, or the first wrong one."""
    kind = "[data-right]" if right else ":not([data-right])"
    return question(page, name).locator(f".answer{kind}").first


def card(page: Page, label: str = "02/2") -> Locator:
    """Return the card of an exercise."""
    return page.locator(f'.exercise[data-exercise="{label}"]')


@pytest.mark.parametrize("root", ["", "en/"])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_run_is_seen_once_its_question_is_answered(
    open_page: Open, root: str, width: int
) -> None:
    page = open_page(root + LESSON, width=width)
    expect(run_after(page)).to_have_count(0)
    box = page.locator(f'div:has(> [data-question="{NAME}"]) + div')
    height = box.evaluate("e => e.offsetHeight")
    answer(page, right=False).locator("summary").click()
    expect(run_after(page)).to_contain_text("perf_buffer_poll(timeout=200)")
    assert box.evaluate("e => e.offsetHeight") == height


@pytest.mark.parametrize("root", ["", "en/"])
def test_a_recording_is_seen_once_its_question_is_answered(
    open_page: Open, root: str
) -> None:
    page = open_page(root + LESSON)
    run = page.locator('.run[data-recording$="run-timeout.js"]')
    expect(run.locator(".watch")).to_be_hidden()
    run.locator("pre").evaluate("e => e.scrollIntoView()")
    page.mouse.wheel(0, 10)
    page.locator("#tab-run").click()
    panel = page.locator("#panel-run > .recorded")
    expect(panel.locator(".ap-player")).to_have_count(1)
    expect(panel.locator(".ap-player, .marks button").first).to_be_hidden()
    said = panel.evaluate("e => getComputedStyle(e, '::before').content")
    assert ("答えを選ぶ" if not root else "Choose an answer") in said
    question(page).get_by_role("button").click()
    expect(panel.locator(".ap-player")).to_be_visible()
    run.locator(".watch").click()
    expect(panel.locator(".ap-term")).to_contain_text("TIME(s)")


def test_a_presenter_who_steps_back_to_a_run_does_not_give_it_away(
    open_page: Open,
) -> None:
    page = open_page("en/" + LESSON)
    page.keyboard.press("z")
    page.keyboard.press("ArrowRight")
    copy = page.locator('.presenter .run[data-recording$="run-order.js"]')
    for _ in range(90):
        if copy.count():
            break
        page.keyboard.press("ArrowRight")
        # Not by its question, whose answer is shown by an arrow.
        page.evaluate(
            "document.querySelectorAll('.presenter [data-right]').forEach(e => e.open = true)"
        )
    expect(copy.locator("pre > code >> visible=true")).to_have_count(0)
    expect(page.locator("#panel-run .ap-player")).to_have_count(1)
    expect(page.locator("#panel-run .ap-player")).to_be_hidden()


@pytest.mark.parametrize("root", ["", "en/"])
def test_the_first_answer_that_is_opened_is_the_prediction(
    open_page: Open, root: str
) -> None:
    page = open_page(root + LESSON)
    state = question(page).get_by_role("status")
    wrong, right = answer(page, right=False), answer(page, right=True)
    said = [state.get_attribute(f"data-{kind}") for kind in ("true", "false")]
    wrong.locator("summary").click()
    expect(state).to_have_text(said[1] or "")
    expect(wrong.locator("strong")).to_be_visible()
    right.locator("summary").click()
    expect(right.locator("strong")).to_be_visible()
    expect(state).to_have_text(said[1] or "")
    expect(question(page).locator("summary > span")).to_have_count(1)


def test_an_answer_lights_the_lines_that_settle_it(open_page: Open) -> None:
    page = open_page(LESSON)
    wrong = answer(page, right=False)
    wrong.locator("summary").click()
    line = wrong.locator(".answer-reference").first.get_attribute("href")
    expect(page.locator(f"{line}.lit")).to_be_in_viewport()
    wrong.locator("summary").click()
    expect(page.locator(f"{line}.lit")).to_have_count(0)


def test_on_a_phone_a_line_of_an_answer_is_shown_by_a_tap(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(address + LESSON)
    wrong = answer(page, right=False)
    wrong.locator("summary").tap()
    reference = wrong.locator(".answer-reference").first
    reference.tap()
    expect(page.locator(f"{reference.get_attribute('href')}.lit")).to_be_in_viewport()
    expect(reference).to_be_in_viewport()
    context.close()


def test_a_run_can_be_seen_without_an_answer(open_page: Open) -> None:
    page = open_page(LESSON)
    question(page).get_by_role("button").click()
    expect(run_after(page)).to_be_visible()
    expect(question(page).get_by_role("status")).to_have_text("")
    page.reload()
    expect(run_after(page)).to_have_count(0)


def test_the_keyboard_answers(open_page: Open) -> None:
    page = open_page("en/" + LESSON)
    first = question(page).locator("summary").first
    first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(question(page).locator(".answer").nth(1).locator("p")).to_be_visible()
    expect(question(page).get_by_role("status")).not_to_be_empty()


def test_what_was_predicted_is_remembered(open_page: Open) -> None:
    page = open_page(LESSON)
    answer(page, right=True).locator("summary").click()
    page.reload()
    expect(run_after(page)).to_be_visible()
    right = question(page).get_by_role("status").get_attribute("data-true")
    expect(question(page).get_by_role("status")).to_have_text(right or "")
    answer(page, right=False).locator("summary").click()
    expect(question(page).get_by_role("status")).to_have_text(right or "")


@pytest.mark.parametrize("root", ["", "en/"])
def test_a_question_predicted_wrong_comes_again_in_another_lesson(
    open_page: Open, root: str
) -> None:
    page = open_page(root + NEXT)
    expect(page.locator(".again")).to_be_hidden()
    page.goto(page.url.replace(NEXT, LESSON))
    answer(page, right=False).locator("summary").click()
    expect(page.locator(".again")).to_be_hidden()
    page.goto(page.url.partition("#")[0].replace(LESSON, NEXT))
    again = page.locator(".again")
    expect(again.locator(".question")).to_have_count(1)
    expect(again).to_contain_text("もう一度" if not root else "Once more")
    answer(page, right=False).locator("summary").click()
    reference = answer(page, right=False).locator(".answer-reference").first
    expect(reference).to_have_attribute(
        "href", re.compile(r"/02_perf_output/index\.html#L66$")
    )
    reference.click()
    page.wait_for_url("**/02_perf_output/index.html#L66")
    page.go_back()
    expect(again.locator(".question")).to_have_count(1)
    answer(page, right=True).locator("summary").click()
    page.reload()
    expect(again).to_be_hidden()


def test_questions_come_again_on_pages_opened_as_files(
    open_page: Open, offline_site: Path
) -> None:
    page = open_page((offline_site / LESSON / "index.html").as_uri())
    answer(page, right=False).locator("summary").click()
    page.goto((offline_site / NEXT / "index.html").as_uri())
    expect(page.locator(".again .question")).to_have_count(1)
    page.locator('.again [data-again="02"] h3 a').click()
    page.wait_for_url("**/02_perf_output/index.html")


def test_without_javascript_questions_and_cards_work(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "en/" + LESSON)
    expect(run_after(page)).to_be_visible()
    expect(question(page).get_by_role("button")).to_have_count(0)
    answer(page, right=False).locator("summary").click()
    expect(answer(page, right=False)).to_contain_text("Wrong.")
    expect(card(page).locator("input")).to_be_hidden()
    expect(page.locator(".dots").first).to_be_hidden()
    hints = card(page).locator(".hint > summary")
    expect(hints.nth(1)).to_be_hidden()
    hints.nth(0).click()
    expect(hints.nth(1)).to_be_visible()
    for summary in card(page).locator(".solution summary").all():
        summary.click()
    expect(card(page).locator(".solution pre").first).to_be_visible()
    with page.expect_download() as download:
        card(page).locator(".exercise-start").click()
    assert "TODO" in Path(download.value.path()).read_text()
    context.close()


def test_paper_has_all_answers_and_no_solution(open_page: Open) -> None:
    page = open_page("en/" + LESSON)
    page.emulate_media(media="print")
    shown = """all => all.every(e => e.checkVisibility({contentVisibilityAuto: true})
        && e.getBoundingClientRect().height > 0)"""
    assert page.locator(".answer > p").evaluate_all(shown)
    expect(run_after(page)).to_be_visible()
    expect(page.locator(".solution").first).to_be_hidden()
    expect(page.locator(".question-skip").first).to_be_hidden()


def test_a_presenter_shows_the_right_answer_by_an_arrow(open_page: Open) -> None:
    page = open_page(LESSON)
    page.keyboard.press("z")
    copy = page.locator(f'.presenter [data-question="{NAME}"]')
    for _ in range(60):
        if copy.count():
            break
        page.keyboard.press("ArrowRight")
    expect(copy.locator("[open]")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(copy.locator("[data-right][open] p")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(copy).to_have_count(0)
    page.keyboard.press("Escape")
    expect(run_after(page)).to_be_visible()


def test_a_presenter_sees_the_right_answer_and_no_line_of_another_stop(
    open_page: Open,
) -> None:
    page = open_page(
        "en/lessons/06_losing_events/",
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
    )
    page.locator('.line-reference[data-lines="90-90"]').first.click()
    page.keyboard.press("z")
    copy = page.locator('.presenter [data-question="06/counts-first"]')
    for _ in range(9):
        if copy.count():
            break
        page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-program .line.lit")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(copy.locator("[data-right] > :last-child")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_start_file_is_in_the_pane_with_what_is_to_do_marked(
    open_page: Open, width: int
) -> None:
    page = open_page("en/" + LESSON, width=width)
    card(page, "02/3").locator(".exercise-start").click()
    todo = page.locator("#panel-exercise .changed >> visible=true")
    expect(todo).to_contain_text("TODO")
    expect(todo).to_contain_text("total")
    expect(todo).to_be_in_viewport()
    card(page, "02/2").locator(".exercise-start").click()
    expect(todo).to_contain_text("tid")
    expect(todo).to_be_in_viewport()


def test_reading_a_card_shows_its_start_file(open_page: Open) -> None:
    page = open_page(LESSON)
    # Far down the page, what is read is low in the window.
    card(page, "02/4").evaluate(
        "e => scrollBy(0, e.getBoundingClientRect().top - innerHeight * 0.7)"
    )
    page.mouse.wheel(0, 10)
    expect(page.locator("#tab-exercise")).to_have_attribute("aria-selected", "true")
    start = page.locator("#panel-exercise .start >> visible=true")
    expect(start).to_have_attribute("data-start", "02/4")


def test_a_solution_takes_two_presses_until_it_is_solved(open_page: Open) -> None:
    page = open_page("en/" + LESSON)
    solution = card(page).locator(".solution")
    code = solution.locator("pre").first
    expect(code).to_have_count(0)  # it costs a slow phone nothing
    solution.locator("> summary").click()
    expect(code).to_be_hidden()
    solution.locator("details > summary").click()
    expect(code).to_be_visible()
    page.reload()
    card(page).get_by_role("checkbox").check()
    expect(code).to_be_hidden()
    solution.locator("> summary").click()
    expect(code).to_be_visible()


@pytest.mark.parametrize("root", ["", "en/"])
def test_a_tick_is_remembered_and_counted_on_every_page(
    open_page: Open, root: str
) -> None:
    page = open_page(root + LESSON)
    dots = page.locator('.dots[data-progress="02"]')
    expect(dots).to_have_text("○○○○○○")
    card(page).get_by_role("checkbox").check()
    expect(dots).to_have_text("○●○○○○")
    label = "演習 6 問のうち 1 問を解いた" if not root else "1 of 6 exercises solved"
    expect(dots).to_have_attribute("aria-label", label)
    page.reload()
    expect(card(page).get_by_role("checkbox")).to_be_checked()
    page.goto(page.url.partition("#")[0].replace(LESSON, "setup/"))
    expect(dots).to_have_text("○●○○○○")
    page.go_back()
    card(page).get_by_role("checkbox").uncheck()
    expect(dots).to_have_text("○○○○○○")
    page.reload()
    expect(card(page).get_by_role("checkbox")).not_to_be_checked()


@pytest.mark.parametrize("touch", [False, True])
def test_it_is_accessible_when_all_is_open(
    browser: Browser, address: str, packages: Path, touch: bool
) -> None:
    context = browser.new_context(
        viewport={"width": 390 if touch else 1440, "height": 900},
        has_touch=touch,
        is_mobile=touch,
    )
    page = context.new_page()
    page.goto(address + "en/" + LESSON)
    page.locator(".run").evaluate_all(
        "all => all.forEach(each => each.classList.remove('veiled'))"
    )
    before = violations(page, packages)  # what runs and the program have
    answer(page, right=False).locator("summary").click()
    card(page).get_by_role("checkbox").check()
    page.locator("details").evaluate_all("all => all.forEach(e => e.open = true)")
    card(page).locator(".exercise-start").click()
    assert set(violations(page, packages)) - set(before) == set()
    context.close()
