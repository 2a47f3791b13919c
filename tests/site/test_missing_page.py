"""The page for an address that has none: in the reader's language, wherever it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tools.server import serving

# A path below the site's that has no page, the reader's language, and what is shown.
CASES = [
    ("lessons/99/", "ja-JP", "ja"),
    ("lessons/99/", "en-GB", "en"),
    ("lessons/99/", "de-DE", "en"),
    ("en/lessons/99/a/b", "ja-JP", "en"),
    ("en/x", "en-US", "en"),
    ("x", "ja", "ja"),
]


@pytest.fixture(scope="module", params=["/", "/lessons/", "/a/b/"])
def mounted(
    request: pytest.FixtureRequest,
    published_site: Path,
    site: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Yield the address of the site where it is mounted at a path.

    It was built for /lessons/, but for /a/b/ without an address.
    """
    root = tmp_path_factory.mktemp("host")
    source = site if request.param == "/a/b/" else published_site
    folder = root / request.param.strip("/")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    with serving(root) as address:
        yield address.rstrip("/") + request.param


def visited(browser: Browser, url: str, language: str, *, scripts: bool = True) -> Page:
    """Open a page as a reader of a language does."""
    context = browser.new_context(locale=language, java_script_enabled=scripts)
    context.set_default_timeout(5_000)
    page = context.new_page()
    page.goto(url)
    return page


@pytest.mark.parametrize(("path", "reader", "shown"), CASES)
def test_it_is_in_the_readers_language_and_its_links_lead_somewhere(
    browser: Browser, mounted: str, path: str, reader: str, shown: str
) -> None:
    page = visited(browser, mounted + path, reader)
    other = "en" if shown == "ja" else "ja"
    expect(page.locator(f"#{shown}")).to_be_visible()
    expect(page.locator(f"#{other}")).to_be_hidden()
    assert page.locator("html").get_attribute("lang") == shown
    home = mounted + ("en/" if shown == "en" else "")
    page.wait_for_function(
        "([id, url]) => document.querySelector(`#${id} li a`).href === url",
        arg=[shown, home],
    )
    for link in page.locator("li a").all():
        url = link.evaluate("a => a.href")
        assert url.startswith(mounted)
        assert page.request.get(url).status == 200, url
    page.locator(f"#{shown} a[hreflang={other}]").click()
    expect(page.locator(f"#{other}")).to_be_visible()
    expect(page.locator(f"#{shown}")).to_be_hidden()
    assert page.locator("html").get_attribute("lang") == other
    page.context.close()


def test_without_scripts_it_is_in_both_languages(
    browser: Browser, published_site: Path, tmp_path: Path
) -> None:
    shutil.copytree(published_site, tmp_path / "lessons")
    with serving(tmp_path) as address:
        page = visited(browser, f"{address}lessons/en/no/page/", "ja", scripts=False)
        expect(page.get_by_text("このページは無い")).to_be_visible()
        expect(page.get_by_text("There is no such page")).to_be_visible()
        for link in page.locator("li a").all():
            path = urlsplit(link.get_attribute("href") or "").path
            assert page.request.get(address.rstrip("/") + path).status == 200
        page.context.close()
