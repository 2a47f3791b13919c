"""The recordings in the page: the player comes when it is near, and plays the run."""

from __future__ import annotations

from playwright.sync_api import expect

from bcclessons.course import recording
from bcclessons.course.lesson import Lesson, find
from tests.site.conftest import Open

LESSON = "lessons/02_perf_output/"


def test_the_player_is_fetched_when_it_comes_near(open_page: Open) -> None:
    page = open_page(LESSON)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(300)
    assert not any("player" in url for url in asked)
    page.locator("details[open] .player").first.scroll_into_view_if_needed()
    expect(page.locator(".ap-player").first).to_be_visible()
    fetched = [url.rpartition("/")[2] for url in asked]
    assert "asciinema-player.min.js" in fetched
    assert "run.js" in fetched


def test_a_run_plays_to_its_last_line(open_page: Open, lessons: list[Lesson]) -> None:
    page = open_page("en/" + LESSON)
    page.locator("details[open] .player").first.scroll_into_view_if_needed()
    page.locator(".ap-overlay-start").first.click()
    screen = page.locator("details[open] .player").first
    command, *_, last, _ = recording.load(
        find(lessons, "02").folder / "run.txt"
    ).body.splitlines()
    expect(screen).to_contain_text(command)
    expect(screen).not_to_contain_text(last.split()[0])
    page.keyboard.press("9")  # the key to skip to 90 %
    expect(screen).to_contain_text(last.split()[0])


def test_every_recording_of_the_page_opens(open_page: Open) -> None:
    page = open_page("lessons/01_trace_printk/")
    for number, recorded in enumerate(page.locator("details.recording").all()):
        if number:
            recorded.locator("summary").click()
        recorded.scroll_into_view_if_needed()
        expect(recorded.locator(".ap-player")).to_be_visible()


def test_nothing_moves_when_the_player_comes(open_page: Open) -> None:
    page = open_page(LESSON)
    screen = page.locator("details[open] .player").first
    height = screen.evaluate("e => e.offsetHeight")
    screen.scroll_into_view_if_needed()
    expect(page.locator(".ap-player").first).to_be_visible()
    assert screen.evaluate("e => e.offsetHeight") == height
