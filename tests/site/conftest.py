"""The site, built as its maintainer builds it, and a real browser that reads it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from bcclessons.console.console import Console
from bcclessons.console.text import Text, language_of
from tools import npm
from tools.server import serving
from tools.site import BROWSER_FLAGS

if TYPE_CHECKING:
    from tests.live.conftest import Live

Open = Callable[..., Page]
"""Opens a page of the site: its path, and what a browser's context may be given."""


def build(
    checkout: Path, site: Path, *, program: str = "mkdocs", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Build the site of a checkout as its maintainer would, warnings being errors."""
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            program,
            "build",
            "--strict",
            "--config-file",
            "mkdocs.yml",
            "--site-dir",
            str(site),
        ],
        cwd=checkout,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    done = build(checkout, folder)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


PUBLISHED = {
    "BCC_LESSONS_SITE_URL": "https://example.org/lessons/",
    "BCC_LESSONS_EDIT_URI": "https://example.org/code/edit/main/",
}
"""What a maintainer sets who publishes the site."""


@pytest.fixture(scope="session")
def published_site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as it is built where its addresses are set."""
    folder = tmp_path_factory.mktemp("published")
    done = build(checkout, folder, **PUBLISHED)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def offline_site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site whose pages can be opened as files, in a folder with a blank in it."""
    folder = tmp_path_factory.mktemp("off") / "BCC レッスン"
    done = build(checkout, folder, BCC_LESSONS_OFFLINE="true")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> list[str]:
    """Every page of the site, as a path with a slash at its end."""
    found = [path.parent.relative_to(site) for path in site.rglob("index.html")]
    return sorted("" if str(path) == "." else f"{path}/" for path in found)


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, with a slash at its end."""
    with serving(site) as where:
        yield where


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder in which the checkers of pages are installed."""
    what = Text(ja="ページの検査ツール", en="the checkers of pages")
    source = Path(__file__).with_name("node")
    return npm.installed(source, what, Console(language_of(os.environ)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; a machine without it fails, since ./lab test installs it.

    For a module: while Playwright runs, this process has an event loop, and its other
    tests could not run one of their own.
    """
    path = shutil.which("chromium")
    assert path is not None, "Chromium is missing: ./lab test installs it"
    with sync_playwright() as playwright:
        # With scroll bars, which readers have, too.
        browser = playwright.chromium.launch(
            executable_path=path,
            args=BROWSER_FLAGS,
            ignore_default_args=["--hide-scrollbars"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A copy of the checkout that ./lab site serves, whose pages are live."""
    from tests.site.live_page import served  # it uses this module

    with served(checkout, tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens pages; at the end holds that none complained, or asked another origin."""
    with opening(browser, address) as opened:
        yield opened


@contextmanager
def opening(browser: Browser, address: str, expected: str = "(?!)") -> Iterator[Open]:
    """Yield what opens pages; then hold that none complained, or asked elsewhere.

    Complaints that have the pattern ``expected`` are left out.
    """
    contexts = []
    complaints: list[str] = []
    requests: list[str] = []

    def opened(path: str, *, width: int = 1440, **options: Any) -> Page:
        options.setdefault("viewport", {"width": width, "height": 900})
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        url = path if re.match(r"[a-z]+:", path) else address + path
        origin = url.partition("/")[0] + "//" + url.split("/")[2]
        page.on("request", lambda request: requests.append(request.url))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text)
                if said.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        own.append(origin)
        return page

    own = ["data:", "blob:"]
    yield opened
    for context in contexts:
        context.close()
    assert [url for url in requests if not url.startswith(tuple(own))] == []
    assert [each for each in complaints if not re.search(expected, each)] == []
