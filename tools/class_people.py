"""Simulated learners of a class: by its WebSockets, or in a real browser."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Page
from websockets.asyncio.client import ClientConnection, connect

from tools.class_server import ClassServer

PATIENCE = 900.0
"""The most seconds that one waits for a first event."""

_HEADER, _EVENT = "MESSAGE", "Hello, perf_output!"


@dataclass
class Learner:
    """A simulated learner: his page's connections, and what he has seen."""

    name: str
    header: float = 0.0
    event: float = 0.0
    waited: list[int] = field(default_factory=list)
    is_here: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, server: ClassServer, begin: asyncio.Event) -> None:
        """Join, run lesson 02 when all are there, and cause an event in the shell."""
        cookie = await asyncio.to_thread(_joined, server, self.name)
        async with AsyncExitStack() as stack:

            async def opened(path: str) -> ClientConnection:
                socket = connect(
                    f"ws://{server.host}{path}",
                    additional_headers={"Cookie": cookie, "Origin": server.origin},
                    max_size=None,
                )
                return await stack.enter_async_context(socket)

            size = "columns=80&rows=24"
            control = await opened("/live/control")
            await control.send(
                json.dumps({"type": "hello", "language": "en", "lesson": "02"})
            )
            lesson = await opened(f"/live/terminal/02.lesson?{size}")
            self.is_here.set()
            await begin.wait()
            start = time.monotonic()
            listening = asyncio.create_task(self._listen(control))
            await control.send(json.dumps({"type": "run", "what": "02"}))
            await _shows(lesson, _HEADER)
            self.header = time.monotonic() - start
            shell = await opened(f"/live/terminal/02.shell?{size}")
            reading = asyncio.create_task(_shows(shell, "\0"))
            await shell.send(b"ls\r")
            await _shows(lesson, _EVENT)
            self.event = time.monotonic() - start
            for task in (listening, reading):
                task.cancel()

    async def _listen(self, control: ClientConnection) -> None:
        """Note each place in the queue that he is told."""
        async for text in control:
            message: dict[str, Any] = json.loads(text)
            said = message.get("machine", {}).get("text", "")
            if found := re.search(r"number (\d+)", said):
                self.waited.append(int(found[1]))


def _joined(server: ClassServer, name: str) -> str:
    """Join as a new learner; return the cookie."""
    connection = http.client.HTTPConnection(server.host, timeout=60)
    form = urlencode({"name": name, "pin": "1234", "next": "/"})
    connection.request("POST", "/class/join", form, {"Origin": server.origin})
    cookie = str(connection.getresponse().headers["set-cookie"])
    connection.close()
    return cookie.partition(";")[0]


async def _shows(terminal: ClientConnection, text: str) -> None:
    """Read a terminal until it shows a text."""
    seen = ""
    async for message in terminal:
        if isinstance(message, bytes):
            await terminal.send(json.dumps({"ack": len(message)}))
            seen = (seen + message.decode(errors="replace"))[-100_000:]
            if text in seen:
                return
    raise ConnectionError(f"the terminal ended without {text!r}")


@dataclass
class Browser(Learner):
    """A learner in a real browser, in which he presses what a person presses."""

    page: Page | None = None

    async def work(self, server: ClassServer, begin: asyncio.Event) -> None:
        """Do the same in the page."""
        page = self.page
        assert page is not None
        await page.goto(f"{server.origin}/en/lessons/02_perf_output/")
        await page.fill("#name", self.name)
        await page.fill("#pin", "1234")
        await page.click("form button")
        await page.locator(".class-bar").wait_for()  # its scripts have run
        await page.locator("#tab-run").click()
        button = page.locator("[data-run]").first
        await button.wait_for()
        self.is_here.set()
        await begin.wait()
        start = time.monotonic()
        await button.click()
        rows = page.locator(".xterm-rows")
        await rows.filter(has_text=_HEADER).first.wait_for(timeout=PATIENCE * 1000)
        self.header = time.monotonic() - start
        await rows.filter(has_text="(VM) 02").first.wait_for(timeout=PATIENCE * 1000)
        await page.locator(".xterm-screen").nth(1).click()
        await page.keyboard.type("ls\n")
        await rows.filter(has_text=_EVENT).first.wait_for(timeout=PATIENCE * 1000)
        self.event = time.monotonic() - start
