"""A class in real browsers: two learners and the instructor at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live.test_class_server import Class, teaching
from tests.site.conftest import opening
from tests.site.live_page import HEADER, SECONDS, LivePage
from tests.site.test_live_editor import RIGHT, checked, saved
from tests.site.test_look import SCHEMES, violations

NAMES = {"ja": "山田 太郎", "en": "Ada"}
# An editor shows no line that is out of sight.
TALL = {"width": 1440, "height": 2000}
# A learner whose PIN is refused.
REFUSED = "403"


# Its tests run in any order: each has learners of its own, and others may be there.
@pytest.fixture(scope="module")
def room(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    with teaching(checkout, tmp_path_factory.mktemp("class")) as running:
        yield running


def join(page: Page, name: str) -> LivePage:
    """Fill the form to join, which is shown in place of the page."""
    page.locator("#name").fill(name)
    page.locator("#pin").fill("1234")
    page.locator("form button").click()
    expect(page.locator(".class-bar")).to_contain_text(name)
    return LivePage(page)


def shell_ls(learner: LivePage) -> None:
    """List a folder in the shell; the lesson's program sees it."""
    expect(learner.shell).to_contain_text("(VM)", timeout=SECONDS)
    learner.focus("shell")
    learner.page.keyboard.type("ls\n")
    expect(learner.lesson).to_contain_text("Hello, perf_output!", timeout=SECONDS)


def test_two_learners_and_an_instructor(browser: Browser, room: Class) -> None:
    with ExitStack() as stack:
        opened = stack.enter_context(opening(browser, room.address))
        board = opened(f"class/instructor?token={room.token}", locale="en-US")
        learners = {
            language: join(
                opened(
                    f"{path}lessons/02_perf_output/", locale=language, viewport=TALL
                ),
                NAMES[language],
            )
            for language, path in (("ja", ""), ("en", "en/"))
        }
        rows = {
            language: board.locator("tr:has(th[scope=row])", has_text=name)
            for language, name in NAMES.items()
        }
        for row in rows.values():
            expect(row.locator("td").nth(0)).to_have_text("02")

        for learner in learners.values():
            learner.page.locator("#tab-run").click()
            learner.page.locator("[data-run]").click()
        for learner in learners.values():
            expect(learner.lesson).to_contain_text(HEADER, timeout=SECONDS)
            shell_ls(learner)
        expect(rows["ja"]).to_contain_text("awake")

        # One solves the first exercise, the other's start does not pass.
        for learner in learners.values():
            learner.solve()
        for old, new in RIGHT:
            learners["ja"].replace(old, new)
        saved(learners["ja"])
        checked(learners["ja"], "solved")
        checked(learners["en"], "wrong")
        expect(rows["ja"]).to_contain_text(re.compile(r"\b1/\d+"))
        expect(rows["en"]).to_contain_text("TIME(s) should be the seconds")
        expect(board.get_by_text("Frequent mistakes")).to_be_visible()

        # The instructor looks over a shoulder, while the hand is up.
        ada = learners["en"]
        ada.page.get_by_role("button", name="Raise hand").click()
        board.get_by_role("link", name="hand raised: look").click()
        expect(board.get_by_role("heading", name="Ada")).to_be_visible()
        expect(board.locator("pre").first).to_contain_text("Hello, perf_output!")
        ada.replace("# TODO", "# HELP")
        expect(board.locator("pre.program")).to_contain_text("# HELP")
        ada.page.get_by_role("button", name="Lower hand").click()
        expect(board.get_by_text("The hand is down")).to_be_visible()
        expect(board.locator("pre")).to_have_count(0)

        projector = board
        projector.goto(f"{room.address}class/projector?lang=ja")
        expect(projector.locator("tr", has_text="02/1")).to_contain_text("1/2")
        assert not re.search("|".join(NAMES.values()), projector.content())

        # A page that is loaded again is where it was.
        ada.page.reload()
        ada.page.locator("#tab-run").click()
        expect(ada.lesson).to_contain_text("Hello, perf_output!", timeout=SECONDS)


def test_who_is_logged_out_sees_the_form_to_join(browser: Browser, room: Class) -> None:
    with opening(browser, room.address, REFUSED) as opened:
        page = opened("en/lessons/02_perf_output/", locale="en-US")
        form = page.get_by_role("heading", name="Join the class")
        for number in range(2):
            learner = join(page, "Linus")
            learner.solve("02/2")
            if number == 0:
                # In another tab.
                tab = page.context.new_page()
                tab.goto(page.url)
                tab.get_by_role("button", name="Leave").click()
            else:
                board = opened(f"class/instructor?token={room.token}", locale="en-US")
                row = board.locator("tr", has_text="Linus")
                row.get_by_role("button", name="Clear PIN").click()
            expect(form).to_be_visible(timeout=10_000)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_its_home_page_says_what_a_learner_does(
    browser: Browser, room: Class, language: str
) -> None:
    with opening(browser, room.address) as opened:
        page = opened(f"class/instructor?token={room.token}&lang={language}")
        page.goto(f"{room.address}{'en/' if language == 'en' else ''}")
        heading = {"ja": "ここから始める", "en": "Start here"}[language]
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.locator("article")).not_to_contain_text(
            re.compile(r"clone|\./lab (run 01|site)")
        )
        step = page.locator("h2", has_text=heading).locator("+ p a")
        step.click()
        expect(page.locator(".lesson")).to_have_attribute("data-lesson", "01")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_instructor_reads_without_joining(
    browser: Browser, room: Class, language: str
) -> None:
    with opening(browser, room.address) as opened:
        page = opened(f"class/instructor?token={room.token}&lang={language}")
        page.get_by_role("link", name=re.compile("Lessons|レッスンのページ")).click()
        page.locator(".lessons a").nth(1).click()
        bar = page.locator(".class-bar")
        expect(bar).to_contain_text(re.compile("読むだけ|reading only"))
        live = page.locator("[data-run], [data-run-here], [data-command], [data-solve]")
        assert live.count() > 5
        page.locator("#tab-run").click()
        expect(page.locator("#panel-run .recorded")).to_be_visible()
        expect(live.filter(visible=True)).to_have_count(0)
        expect(page.locator(".to-try").filter(visible=True)).to_have_count(0)
        page.locator("#tab-exercise").click()
        expect(live.filter(visible=True)).to_have_count(0)
        expect(bar.get_by_role("button")).to_have_count(0)
        path = page.url
        bar.get_by_role("link", name=re.compile("実行する|Join")).click()
        page.go_back()
        assert page.url == path
        bar.get_by_role("link", name=re.compile("クラスの様子|Class board")).click()
        expect(page.locator("h1")).to_have_text(re.compile("クラスの様子|Class board"))


def test_a_new_link_ends_other_browsers_boards(
    checkout: Path, browser: Browser, tmp_path: Path
) -> None:
    with (
        teaching(checkout, tmp_path) as room,
        # A plain text has no icon.
        opening(browser, room.address, f"{REFUSED}|404") as opened,
    ):
        path = f"class/instructor?token={room.token}"
        board, other = (opened(path, locale="en-US") for _ in range(2))
        board.get_by_role("link", name="New instructor link").click()
        board.get_by_role("button", name="Make a new link").click()
        link = board.locator("pre").text_content() or ""
        expect(other.get_by_text("Open the instructor's address")).to_be_visible()
        board.get_by_role("link", name="Class board").click()
        for page in (board, opened(link, locale="en-US")):
            expect(page.get_by_role("heading", name="Class board")).to_be_visible()


def test_the_instructor_removes_a_learner(browser: Browser, room: Class) -> None:
    room.join("Stranger")
    with opening(browser, room.address) as opened:
        board = opened(f"class/instructor?token={room.token}", locale="en-US")
        row = board.locator("tr", has_text="Stranger")
        row.get_by_role("button", name="Remove learner").click()
        board.get_by_role("link", name="Back, without removing").click()
        row.get_by_role("button", name="Remove learner").click()
        expect(board.get_by_role("heading")).to_have_text("Remove learner Stranger")
        board.get_by_role("button", name="Remove learner").click()
        expect(board.get_by_role("heading", name="Class board")).to_be_visible()
        expect(row).to_have_count(0)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_its_pages_are_accessible(
    browser: Browser, room: Class, packages: Path, language: str, scheme: str
) -> None:
    # axe is put into the page, which the policy of the page forbids to pages.
    settings = {"color_scheme": scheme, "bypass_csp": True}
    with opening(browser, room.address) as opened:
        page = opened(f"class/join?lang={language}", width=390, **settings)
        assert violations(page, packages) == []
        assert page.evaluate(
            "document.documentElement.scrollWidth <= window.innerWidth"
        )
        page = opened(f"class/instructor?token={room.token}", **settings)
        room.join("Axel")
        number = room.number("Axel")
        for path in ("board", "projector", f"remove/{number}", "link"):
            page.goto(f"{room.address}class/{path}?lang={language}")
            assert violations(page, packages) == []


def test_a_wrong_pin_is_said_in_the_page(browser: Browser, room: Class) -> None:
    room.join("Grace", "4321")
    with opening(browser, room.address, REFUSED) as opened:
        page = opened("en/", locale="en-US")
        page.locator("#name").fill("grace")
        page.locator("#pin").fill("1234")
        page.locator("form button").click()
        expect(page.get_by_role("alert")).to_contain_text("This is not the PIN of")
        page.locator("#pin").fill("4321")
        page.locator("form button").click()
        expect(page.locator(".class-bar")).to_contain_text("Grace")
        assert page.url == f"{room.address}en/"
        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_role("heading", name="Join the class")).to_be_visible()
