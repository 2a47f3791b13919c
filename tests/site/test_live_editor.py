"""Live pages: the editor of the learner's file, and what a check says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.live.conftest import Live
from tests.site.live_page import LESSON, ONLY, SUBMIT, LivePage, live_page
from tests.site.test_look import SCHEMES, violations

TODO = "# TODO: 時刻を秒で表示する / show the time in seconds"
WRONG = "event.time, event.comm"
RIGHT = ("%-18ld", "%-18.6f"), ("event.time, ", "event.time / 1e9, ")


@pytest.fixture
def file(live: Live) -> Iterator[Path]:
    """The learner's file of exercise 02/1, which is not there yet."""
    live.forget()
    yield live.my_sample("02/1")
    live.forget()


def saved(here: LivePage) -> None:
    """Wait until the page says that the file is saved."""
    expect(here.saved).to_have_text(re.compile("^(保存済み|Saved)$"))


def checked(here: LivePage, result: str) -> None:
    """Check until there is a result: on a busy machine there may be none at first."""
    for _ in range(5):
        here.button("check").click()
        here.judged("(?!checking).*")
        if here.feedback.get_attribute("data-result") != "undecided":
            break
    here.judged(result)


def test_an_edit_is_on_disk_a_moment_later(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live, LESSON) as here:
        here.solve()
        assert file.read_bytes() == file.with_name("start").read_bytes()
        here.replace(TODO, "# 秒にする")
        expect(here.saved).to_have_text("未保存")
        saved(here)
        assert "\n    # 秒にする\n" in file.read_text()
        assert file.stat().st_mode & 0o111


def test_a_change_on_disk_is_taken_over_where_the_cursor_stays(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live) as here:
        here.solve()
        here.replace(TODO, "# here")
        saved(here)
        file.write_text(file.read_text().replace("import os", "import os, time"))
        expect(here.editor).to_contain_text("import os, time")
        here.page.keyboard.insert_text(" and now")
        saved(here)
        text = file.read_text()
        assert "# here and now\n" in text
        assert "import os, time" in text
        # Undoing leads back past what came from the disk.
        here.page.keyboard.press("Control+Z")
        expect(here.editor).not_to_contain_text("and now")
        saved(here)  # not after this test, when the page closes


@pytest.mark.parametrize("own", [True, False])
def test_a_conflict_is_settled_by_the_reader(
    browser: Browser, live: Live, file: Path, own: bool
) -> None:
    with live_page(browser, live) as here:
        here.solve()
        here.replace(TODO, "# mine")
        file.write_text(file.read_text().replace(TODO, "# theirs"))
        expect(here.notice).to_contain_text("The file was changed elsewhere")
        here.page.wait_for_timeout(1500)
        assert "# theirs" in file.read_text()
        assert "# mine" in (here.editor.text_content() or "")
        name = "Save my edits" if own else "Load the file"
        here.notice.get_by_role("button", name=name).click()
        expect(here.notice).to_be_hidden()
        saved(here)
        assert ("# mine" if own else "# theirs") in file.read_text()
        # What was not kept is not lost.
        here.editor.click()
        here.page.keyboard.press("Control+Z")
        expect(here.editor).to_contain_text("# theirs" if own else "# mine")
        saved(here)  # not after this test, when the page closes


def test_what_is_wrong_is_shown_on_its_line(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live) as here:
        here.solve()
        checked(here, "wrong")
        expect(here.feedback).to_contain_text("seconds since boot")
        marked = here.box.locator(".cm-line.cm-marked")
        expect(marked).to_contain_text(WRONG)
        expect(marked).to_be_in_viewport()
        here.feedback.get_by_role("button", name="Go to line 53").click()
        expect(here.editor).to_be_focused()
        here.page.keyboard.type("#")
        saved(here)
        assert file.read_text().splitlines()[52].startswith("#    printb(")


def test_an_exercise_is_solved_in_the_page_alone(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live) as here:
        dots = here.page.locator(".md-nav .dots[data-progress='02']").first
        card = here.page.locator(".exercise[data-exercise='02/1']")
        here.solve()
        here.replace(*RIGHT[0])
        here.replace(*RIGHT[1])
        here.page.keyboard.press("Control+S")
        here.judged("solved|undecided")
        if here.feedback.get_attribute("data-result") == "undecided":
            checked(here, "solved")
        expect(dots).to_have_text("●○○○○○")
        expect(card.get_by_role("checkbox")).to_be_checked()
        expect(here.box.get_by_role("combobox")).to_contain_text("✓ 02/1")
        here.page.reload()
        expect(dots).to_have_text("●○○○○○")
        expect(card.get_by_role("checkbox")).to_be_checked()
        # It does not go away by a press: it is what ./lab has found.
        expect(card.get_by_role("checkbox")).to_be_disabled()


def test_run_shows_the_learners_program_below_the_editor(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live) as here:
        here.solve()
        # Other processes' events would move its own out of sight, as in live_page.served.
        here.replace(SUBMIT.strip(), ONLY + SUBMIT.strip())
        # Each line has it.
        here.replace("Hello, perf_output!", "Hello, learner!")
        here.button("try").click()
        here.make_event("Hello, learner!")
        expect(here.lesson).to_be_in_viewport()
        expect(here.editor).to_be_in_viewport()
        here.page.locator("#tab-run").click()
        expect(here.lesson).to_contain_text("Hello, learner!")
        expect(here.lesson).to_be_in_viewport()


def test_hints_come_one_by_one(browser: Browser, live: Live, file: Path) -> None:
    with live_page(browser, live, LESSON) as here:
        here.solve()
        hints = here.box.locator(".live-hints > p")
        here.button("hint").click()
        expect(hints).to_have_count(1)
        expect(hints).to_contain_text("ヒント 1/2")
        expect(hints.locator("code")).to_have_text("event.time")
        here.button("hint").click()
        expect(hints).to_have_count(2)


def test_a_reset_asks_first_and_keeps_the_file(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live) as here:
        here.solve()
        here.replace(TODO, "# my work")
        here.button("reset").click()
        here.notice.get_by_role("button", name="Cancel").click()
        expect(here.editor).to_contain_text("# my work")
        here.button("reset").click()
        here.notice.get_by_role("button", name="Reset").click()
        expect(here.editor).to_contain_text("TODO")
        expect(here.notice).to_contain_text("kept as my_sample.1")
        assert "# my work" in file.with_name("my_sample.1").read_text()


def test_a_reset_in_another_page_takes_no_edit_away(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live) as here, live_page(browser, live) as other:
        other.solve()
        other.replace(TODO, "# first")
        saved(other)
        here.solve()
        expect(here.editor).to_contain_text("# first")
        here.button("reset").click()
        other.page.evaluate("() => { window.setTimeout = () => 0 }")  # it saves nothing
        other.page.keyboard.insert_text(" and second")
        here.notice.get_by_role("button", name="Reset").click()
        expect(here.editor).to_contain_text("TODO")
        expect(other.notice).to_contain_text("The file was changed elsewhere")
        expect(other.editor).to_contain_text("# first and second")


def test_c_in_python_has_its_own_colours(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live) as here:
        here.solve()

        def colour(text: str, within: str) -> str:
            line = here.box.locator(".cm-line", has_text=within).first
            span = line.locator("span", has_text=re.compile(f"^{re.escape(text)}$"))
            return str(span.first.evaluate("e => getComputedStyle(e).color"))

        keyword = colour("import", "import signal")
        assert colour("struct", "struct data_t {") == keyword
        assert colour("return", "return 0;") == keyword
        comment = colour("// TASK_COMM_LEN", "// TASK_COMM_LEN")
        assert comment not in (keyword, colour('"events"', 'b["events"].event'))


def test_the_keyboard_leaves_the_editor(
    browser: Browser, live: Live, file: Path
) -> None:
    with live_page(browser, live) as here:
        here.solve()
        editor = here.page.get_by_role("textbox", name="my_sample of 02/1")
        expect(editor).to_be_focused()
        expect(editor).to_have_accessible_description(re.compile("Esc"))
        here.page.keyboard.press("Escape")
        here.page.keyboard.press("Tab")
        expect(editor).not_to_be_focused()
        here.page.keyboard.press("Shift+Tab")
        expect(editor).to_be_focused()
        here.page.keyboard.press("Control+Home")
        here.page.keyboard.press("Tab")
        expect(here.editor).to_contain_text("    #!/usr/bin/python3")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_accessible(
    browser: Browser, live: Live, file: Path, packages: Path, scheme: str, width: int
) -> None:
    with live_page(
        browser, live, width=width, color_scheme=scheme, bypass_csp=True
    ) as here:
        before = violations(here.page, packages)
        here.solve()
        here.button("reset").click()
        assert set(violations(here.page, packages)) - set(before) == set()
        here.notice.get_by_role("button", name="Cancel").click()
        here.button("check").click()
        here.judged("(?!checking).*")
        here.button("hint").click()
        expect(here.box.locator(".live-hints > p")).not_to_have_count(0)
        assert set(violations(here.page, packages)) - set(before) == set()
