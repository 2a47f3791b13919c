"""The home page: what a stranger sees first, and can press."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from bcclessons.course import recording
from bcclessons.course.lesson import Lesson, find
from tests.site.conftest import Open, build

REPOSITORY = "https://example.org/code/bcc-lessons.git"


@pytest.mark.parametrize("root", ["", "en/"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_one_filled_button_is_above_the_fold(
    open_page: Open, root: str, width: int, height: int
) -> None:
    page = open_page(root, viewport={"width": width, "height": height})
    button = page.locator(".md-button--primary")
    expect(button).to_have_count(1)
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= height
    for said in (".lead", ".hero-text p", ".facts"):
        part = page.locator(said).first.bounding_box()
        assert part is not None
        assert part["y"] + part["height"] <= height
    button.click()
    expect(page.locator("h1")).to_contain_text("はじめ" if not root else "First steps")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_run_is_complete_in_the_first_frame(
    open_page: Open, lessons: list[Lesson], motion: str
) -> None:
    page = open_page("", reduced_motion=motion)
    lit = page.locator(".demo .line.lit")
    assert lit.all_inner_texts()[0].strip() == (
        "events.perf_submit(ctx, &data, sizeof(data));"
    )
    shown = page.locator(".demo .run code")
    body = recording.load(find(lessons, "02").recordings / "run.txt").body
    assert shown.inner_text().strip() == body.strip()
    hidden = "all => all.filter(e => !e.checkVisibility({visibilityProperty: true}))"
    assert shown.locator("*").evaluate_all(f"{hidden}.length") == 0


def test_it_shows_the_lessons(open_page: Open, lessons: list[Lesson]) -> None:
    page = open_page("en/")
    expect(page.locator(".lessons li")).to_have_count(len(lessons))
    dots = page.locator(".lessons .dots")
    expect(dots).to_have_count(len(lessons))
    expect(dots.nth(1)).to_have_attribute("aria-label", "0 of 6 exercises solved")
    page.evaluate("localStorage.setItem('lessons.solved', '[\"02/1\"]')")
    page.reload()
    expect(dots.nth(1)).to_have_text("●○○○○○")


def test_the_address_of_the_repository_is_there_once_it_is_published(
    checkout: Path, tmp_path: Path, open_page: Open
) -> None:
    done = build(checkout, tmp_path, BCC_LESSONS_REPOSITORY=REPOSITORY)
    assert done.returncode == 0, done.stderr
    for name in ("index.html", "en/index.html"):
        page = open_page((tmp_path / name).as_uri())
        expect(page.locator("article")).to_contain_text(
            f"git clone {REPOSITORY}\ncd bcc-lessons\n./lab run 01"
        )
        expect(page.locator(f"footer a[href='{REPOSITORY}']")).to_be_visible()


def test_without_an_address_none_is_named(open_page: Open) -> None:
    page = open_page("")
    expect(page.locator("article")).not_to_contain_text("git clone")
