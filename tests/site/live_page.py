"""A live page in a real browser: what a learner presses, types and sees."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from tests.live.conftest import Live, serving
from tests.site.conftest import opening
from tests.site.test_lab_site import copied_lab

LESSON = "lessons/02_perf_output/"
HEADER = "TIME(s)            COMM             PID    MESSAGE"
# BCC compiles a program in less than a second; a busy test machine takes longer.
SECONDS = 60_000
SUBMIT = "    events.perf_submit(ctx, &data, sizeof(data));"
# In the copy, lesson 02 shows the callers of one name: those of the test, and not what
# else runs on the machine.
NAME = "qz"
ONLY = f"    if (data.comm[0] != '{NAME[0]}' || data.comm[1] != '{NAME[1]}') return 0; "


@contextmanager
def served(checkout: Path, folder: Path) -> Iterator[Live]:
    """Serve a copy of the checkout by ./lab site until the block ends."""
    copy = copied_lab(checkout, folder / "copy")
    program = copy / LESSON / "perf_output_sample"
    text = program.read_text()
    assert text.count(SUBMIT) == 1
    program.write_text(text.replace(SUBMIT, ONLY + SUBMIT.strip()))
    with serving(copy, folder) as server:
        yield server


class LivePage:
    """A page of a lesson, served by ``live``."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._started = 0
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        """Count the programs that the server says it has started."""

        def count(frame: str | bytes) -> None:
            self._started += '"type":"running"' in str(frame).replace(" ", "")

        socket.on("framereceived", count)

    def terminal(self, name: str) -> Locator:
        """Return the screen of a terminal: "lesson" or "shell"."""
        return self.page.locator(f".live-terminal[data-name={name}] .xterm-rows")

    @property
    def lesson(self) -> Locator:
        """The upper terminal's screen."""
        return self.terminal("lesson")

    @property
    def shell(self) -> Locator:
        """The lower terminal's screen."""
        return self.terminal("shell")

    @property
    def state(self) -> Locator:
        """What the tab Run says of the machine."""
        return self.page.locator("#live .live-state")

    def run(self) -> None:
        """Press Run in its tab, and wait for what the lesson's program prints.

        Events of other processes may have moved its header out of sight.
        """
        self.page.locator("#tab-run").click()
        started = self._started
        self.page.locator("[data-run]").click()
        # What an earlier run has left on the screen looks the same.
        end = time.monotonic() + SECONDS / 1000
        while self._started == started:
            assert time.monotonic() < end
            self.page.wait_for_timeout(100)
        self.page.wait_for_timeout(300)
        printed = re.compile(rf"{re.escape(HEADER)}|Hello, perf_output!")
        expect(self.lesson).to_contain_text(printed, timeout=SECONDS)

    def make_event(self, text: str = "Hello, perf_output!") -> None:
        """Call execve by the name that lesson 02 shows, in the shell; see its line.

        That ends with ``text``. Events of other processes may have moved it out of sight
        at once; then call it again.
        """
        line = re.compile(rf"{NAME} +\d+ +{text}")
        for left in reversed(range(4)):
            self.focus("shell")
            self.page.keyboard.type(f"(echo {NAME} > /proc/self/comm; exec true)\n")
            try:
                expect(self.lesson).to_contain_text(line, timeout=SECONDS / 4)
            except AssertionError:
                if not left:
                    raise
            else:
                return

    def focus(self, name: str) -> None:
        """Click into a terminal."""
        # xterm.js lays what takes the pointer over its rows.
        self.terminal(name).click(force=True)

    def solve(self, label: str = "02/1") -> None:
        """Open the editor of an exercise by its card, and wait for the file."""
        self.page.locator(f".exercise [data-solve='{label}']").click()
        expect(self.saved).to_have_text(re.compile("保存済み|Saved"))

    @property
    def box(self) -> Locator:
        """What the tab Exercise shows of the exercise that is edited."""
        return self.page.locator(".live-exercise:not([hidden])")

    def button(self, name: str) -> Locator:
        """Return a button above the editor: "try", "check", "hint" or "reset"."""
        return self.box.locator(f".live-{name}")

    @property
    def editor(self) -> Locator:
        """What the reader edits."""
        return self.box.locator(".cm-content")

    @property
    def saved(self) -> Locator:
        """Whether the file is saved, as the page says it."""
        return self.box.locator(".live-saved")

    @property
    def notice(self) -> Locator:
        """What is asked above the editor."""
        return self.box.locator(".live-notice")

    @property
    def feedback(self) -> Locator:
        """What a check found."""
        return self.box.locator(".live-feedback")

    def judged(self, result: str) -> None:
        """Wait for the result of a check."""
        expect(self.feedback).to_have_attribute(
            "data-result", re.compile(f"^({result})$"), timeout=SECONDS
        )

    def replace(self, old: str, new: str) -> None:
        """Select a text in a line of the editor by the keyboard, and type another."""
        line = self.box.locator(".cm-line", has_text=old).first
        text = line.text_content() or ""
        line.click(position={"x": 2, "y": 8})
        self.page.keyboard.press("Home")
        self.page.keyboard.press("Home")  # before the indent, too
        for _ in range(text.index(old)):
            self.page.keyboard.press("ArrowRight")
        for _ in old:
            self.page.keyboard.press("Shift+ArrowRight")
        self.page.keyboard.insert_text(new)


@contextmanager
def live_page(
    browser: Browser,
    live: Live,
    path: str = "en/" + LESSON,
    expected: str = "(?!)",
    **options: Any,
) -> Iterator[LivePage]:
    """Open a page that may connect; hold that it does not complain, nor ask elsewhere.

    Complaints that have the pattern ``expected`` are left out.
    """
    with opening(browser, live.address, expected) as opened:
        page = opened(f"{path}?token={live.token}", **options)
        yield LivePage(page)
