"""Live pages: the lesson's program and a shell, in the pane, on a real machine."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.live.conftest import Live
from tests.site.live_page import HEADER, LESSON, SECONDS, live_page
from tests.site.test_look import SCHEMES, violations


@pytest.mark.parametrize("root", ["", "en/"])
def test_nothing_is_loaded_before_the_first_press(
    browser: Browser, live: Live, root: str
) -> None:
    with live_page(browser, live, root + LESSON) as here:
        here.page.locator("#tab-run").click()
        here.page.locator("#tab-exercise").click()
        loaded = here.page.evaluate(
            "performance.getEntriesByType('resource').map(e => e.name)"
        )
        names = {url.rsplit("/", 1)[1] for url in loaded if "/assets/live/" in url}
        assert names == {"start.js", "reload.js"}
        assert not [url for url in loaded if re.search("vendor/(term|edit)", url)]


def test_run_shows_events_that_the_shell_below_makes(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live) as here:
        here.run()
        here.make_event()
        here.page.keyboard.type("echo 日本''語\n")
        expect(here.shell).to_contain_text("日本語")


def test_ctrl_c_ends_the_program_and_run_starts_it_again(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live) as here:
        here.run()
        # The keyboard is in the program's terminal already.
        here.page.keyboard.press("Control+C")
        expect(here.lesson).to_contain_text(re.compile(r"\^C.*[#$] "))
        here.page.locator("[data-run]").click()
        expect(here.lesson).not_to_contain_text("^C")
        expect(here.lesson).to_contain_text(HEADER, timeout=SECONDS)


def test_run_clears_what_is_still_to_be_drawn(browser: Browser, live: Live) -> None:
    with live_page(browser, live) as here:
        here.run()
        here.page.keyboard.press("Control+C")
        expect(here.lesson).to_contain_text(re.compile(r"\^C.*[#$] "))
        here.page.keyboard.type("yes 'from the run before'\n")
        expect(here.lesson).to_contain_text("from the run before")
        here.page.locator("[data-run]").click()
        expect(here.lesson).to_contain_text(HEADER, timeout=SECONDS)
        here.page.wait_for_timeout(500)
        expect(here.lesson).not_to_contain_text("from the run before")


def test_a_flood_of_output_leaves_the_page_responsive(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live) as here:
        here.run()
        here.focus("shell")
        here.page.keyboard.type("yes 'a flood of output'\n")
        expect(here.shell).to_contain_text(re.compile("(a flood of output){5}"))
        time.sleep(2)
        begin = time.monotonic()
        here.page.keyboard.press("Control+C")
        expect(here.shell).to_contain_text(re.compile(r"\^C"), timeout=SECONDS)
        assert time.monotonic() - begin < 2  # 1 s on a machine that is not busy
        here.page.keyboard.type("echo still\\ there\n")
        expect(here.shell).to_contain_text("still there")


def test_a_command_of_the_prose_is_typed_into_the_shell(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live, LESSON) as here:
        command = here.page.locator(".to-try [data-command='ls']").first
        expect(command).to_have_accessible_name("シェルで実行: ls")
        command.click()
        # Once its prompt is there: what is typed before is drawn by the terminal alone.
        prompt = re.compile(r"unseen_programs\.py.*[#$]\s*$")
        expect(here.shell).to_contain_text(prompt, timeout=SECONDS)
        here.page.keyboard.type("something half typed")
        expect(here.shell).to_contain_text("half typed")
        command.click()
        expect(here.shell).to_contain_text(re.compile("(unseen_programs.py.*){2}"))
        expect(here.shell).not_to_contain_text("half typed")
        # ./lab is not for the machine: Run and Check stand for it.
        assert (
            here.page.locator("[data-command^='./lab'], [data-command^=cd]").count()
            == 0
        )


def test_the_lessons_program_runs_from_the_prose_and_leaves_the_shell_free(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live, LESSON) as here:
        run = here.page.locator("[data-run-here]")
        expect(run).to_have_accessible_name("実行: sudo ./perf_output_sample")
        run.click()
        expect(here.lesson).to_contain_text(HEADER, timeout=SECONDS)
        here.make_event()


def test_the_same_screen_is_there_when_the_page_is_loaded_again(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live) as here:
        here.run()
        here.focus("shell")
        here.page.keyboard.press("Control+U")  # what another test has typed
        here.page.keyboard.type("marker=kept; echo first\n")
        expect(here.shell).to_contain_text(re.compile("echo first.*first"))
        here.page.reload()
        expect(here.shell).to_contain_text(re.compile("echo first.*first"))
        expect(here.lesson).to_contain_text("perf_output_sample")
        here.focus("shell")
        here.page.keyboard.type("echo $marker-$marker\n")
        expect(here.shell).to_contain_text("kept-kept")


def test_the_projector_shows_the_end_of_a_terminal_in_large_letters(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live) as here:
        here.run()
        here.focus("shell")
        here.page.keyboard.type("seq 200; echo the''-end\n")
        expect(here.shell).to_contain_text("the-end")
        before = here.shell.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        here.page.keyboard.press("F6")
        here.page.keyboard.press("z")
        here.page.keyboard.press("ArrowRight")  # past the picture, which takes all
        here.page.locator("#tab-run").click()
        here.page.wait_for_timeout(1000)
        expect(here.shell).to_contain_text("the-end")
        after = here.shell.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        assert after > 1.3 * before
        # What comes then is shown, too.
        here.focus("shell")
        here.page.keyboard.type("echo and''-on\n")
        expect(here.shell).to_contain_text("and-on")


def test_two_pages_show_one_terminal(browser: Browser, live: Live) -> None:
    with live_page(browser, live) as one, live_page(browser, live, width=1000) as other:
        one.run()
        other.run()
        one.focus("shell")
        one.page.keyboard.type("echo from-the-first-page\n")
        expect(other.shell).to_contain_text("from-the-first-page")
        # One that is used has the size of its own window.
        rows = one.shell.locator("> div")
        before = rows.count()
        one.page.set_viewport_size({"width": 1440, "height": 1200})
        expect(rows).not_to_have_count(before)
        expect(other.shell.locator("> div")).to_have_count(rows.count())


def test_the_keyboard_enters_and_leaves_the_terminals(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live) as here:
        keyboard = here.page.keyboard
        here.page.locator("#tab-run").click()
        run = here.page.locator("[data-run]")
        run.focus()
        keyboard.press("Enter")
        expect(here.lesson).to_contain_text(HEADER, timeout=SECONDS)
        lesson = here.page.get_by_role("textbox", name="Terminal: lesson")
        expect(lesson).to_be_focused()
        expect(lesson).to_have_accessible_description(re.compile("F6"))
        keyboard.press("F2")
        expect(here.page.get_by_role("textbox", name="Terminal: shell")).to_be_focused()
        keyboard.type("echo by-key\n")
        expect(here.shell).to_contain_text(re.compile("by-key.*by-key"))
        keyboard.press("F6")
        expect(run).to_be_focused()
        border = here.page.get_by_role("separator")
        border.focus()
        before = here.lesson.locator("> div").count()
        for _ in range(4):
            keyboard.press("ArrowDown")
        expect(border).to_have_attribute("aria-valuenow", "70")
        expect(here.lesson.locator("> div")).not_to_have_count(before)


def test_output_is_announced_where_the_reader_wants_it(
    browser: Browser, live: Live, packages: Path
) -> None:
    with live_page(browser, live, bypass_csp=True) as here:
        here.run()
        before = violations(here.page, packages)
        toggle = here.page.get_by_role("button", name="Announce the output")
        said = here.page.locator(".live-terminal .live-region")
        expect(toggle).to_have_attribute("aria-pressed", "false")
        expect(said).to_have_count(0)
        # By the keyboard: it comes before the terminals, which keep Tab.
        here.page.locator(".live-larger").focus()
        here.page.keyboard.press("Tab")
        expect(toggle).to_be_focused()
        here.page.keyboard.press("Enter")
        expect(toggle).to_have_attribute("aria-pressed", "true")
        here.make_event()
        expect(said.first).to_contain_text("Hello, perf_output!")
        expect(said.first).to_have_attribute("aria-live", "assertive")
        assert set(violations(here.page, packages)) - set(before) == set()
        # It is kept.
        here.page.reload()
        expect(toggle).to_have_attribute("aria-pressed", "true")
        expect(said).to_have_count(2)
        lesson = here.page.get_by_role("textbox", name="Terminal: lesson")
        expect(lesson).to_have_accessible_description(re.compile("Announce the output"))
        toggle.click()
        expect(said).to_have_count(0)


def test_a_selection_is_copied(browser: Browser, live: Live) -> None:
    with live_page(browser, live) as here:
        here.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        here.run()
        here.focus("shell")
        here.page.keyboard.type("echo copy''-me\n")
        expect(here.shell).to_contain_text("copy-me")
        row = here.shell.locator("> div", has_text=re.compile("^copy-me"))
        row.dblclick(position={"x": 12, "y": 6}, force=True)
        here.page.keyboard.press("Control+Shift+C")
        assert here.page.evaluate("navigator.clipboard.readText()") == "copy-me"
        here.page.keyboard.type("echo pasted: ")
        here.page.keyboard.press("Control+Shift+V")
        here.page.keyboard.press("Enter")
        expect(here.shell).to_contain_text("pasted: copy-me")


def test_a_phone_has_the_keys_that_its_keyboard_lacks(
    browser: Browser, live: Live
) -> None:
    with live_page(
        browser,
        live,
        LESSON,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    ) as here:
        here.page.locator(".to-try [data-command='ls']").first.tap()
        expect(here.shell).to_contain_text("unseen_programs.py", timeout=SECONDS)
        here.page.locator("[data-run]").tap()
        expect(here.lesson).to_contain_text(HEADER, timeout=SECONDS)
        expect(here.lesson).to_be_in_viewport()
        expect(here.shell).to_be_in_viewport()
        here.lesson.tap(force=True)
        here.page.get_by_role("button", name="Ctrl-C").tap()
        expect(here.lesson).to_contain_text(re.compile(r"\^C.*[#$] "))
        here.shell.tap(force=True)
        here.page.keyboard.type("echo typed")
        here.page.get_by_role("button", name="上", exact=True).tap()
        expect(here.shell).to_contain_text(re.compile("[#$] ls *$"))
        width = here.page.evaluate("document.documentElement.scrollWidth")
        assert width == 390


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_accessible(
    browser: Browser, live: Live, packages: Path, scheme: str, width: int
) -> None:
    with live_page(
        browser, live, width=width, color_scheme=scheme, bypass_csp=True
    ) as here:
        before = violations(here.page, packages)
        if width < 960:
            here.page.locator(".to-try [data-command='ls']").first.click()
        else:
            here.run()
        expect(here.shell).to_contain_text(re.compile("[#$] "), timeout=SECONDS)
        assert set(violations(here.page, packages)) - set(before) == set()
