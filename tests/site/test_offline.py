"""The site on a USB stick: its pages opened as files."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.site.conftest import Open
from tests.site.document import Document


def test_a_lesson_works_from_a_file(open_page: Open, offline_site: Path) -> None:
    home = open_page((offline_site / "index.html").as_uri())
    home.get_by_role("link", name="perf バッファでデータを渡す").first.click()
    home.wait_for_url("**/02_perf_output/index.html")
    home.locator(".line-reference").first.hover()
    expect(home.locator("#program .line.lit").first).to_be_visible()
    home.locator(".watch >> visible=true").first.click()
    expect(home.locator(".ap-player").first).to_be_visible()
    home.evaluate("scrollTo(0, 0)")
    home.get_by_role("button", name="言語").click()
    home.get_by_role("link", name="English").click()
    home.wait_for_url("**/en/lessons/02_perf_output/index.html*")
    home.locator(".line-reference[href^='#L']").first.click()
    assert "#L" in home.url


def test_every_link_leads_to_a_file(offline_site: Path) -> None:
    files = [path for path in offline_site.rglob("*.html") if path.name != "404.html"]
    links = [
        (path.name, address)
        for path in files
        for address, _ in Document(path, path.as_uri()).links
        if address.startswith("file:")
    ]
    assert len(links) > 500
    assert [
        (name, address)
        for name, address in links
        if not Path(address.removeprefix("file://")).is_file()
    ] == []
