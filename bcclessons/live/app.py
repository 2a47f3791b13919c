"""The addresses of the server, and what comes in by its WebSockets."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bcclessons.console.text import Problem
from bcclessons.live import messages
from bcclessons.live.control import Control
from bcclessons.live.door import Door
from bcclessons.live.pages import Pages
from bcclessons.live.session import MOST_PAGES, MOST_VIEWS, PANES, Page, Session
from bcclessons.live.terminal import Size, View

# A page sends less in all that a learner can do; more is a mistake, or an attack.
MESSAGES_A_SECOND = 100
_MOST_SIZE = Size(500, 200)
_REFUSED = 1008
"""The WebSocket close code for what is against this server's rules."""
_FAILED = 1011
"""That for what the server cannot do now."""


class App:
    """Makes the application: ``pages``, and for who comes in by ``door``, sessions."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.door: Door | None = None

    def starlette(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/live/session", self._session),
                Route("/live/reload", self._reload),
                WebSocketRoute("/live/control", self._control),
                WebSocketRoute("/live/terminal/{name}", self._terminal),
                Mount("/", self._pages),
            ],
            exception_handlers={Problem: refuse},
        )

    async def _session(self, request: Request) -> Response:
        """Tell a page whether it may come in: a WebSocket does not say why not."""
        assert self.door
        known = self.door.session(request) is not None
        return JSONResponse({"known": known}, 200 if known else 403)

    async def _reload(self, request: Request) -> Response:
        """Tell a page when it has been built anew, as server-sent events."""
        path = request.query_params.get("path", "/")

        async def events() -> AsyncIterator[str]:
            yield "retry: 500\n\n"
            async for number in self._pages.changes(path):
                yield f"event: built\ndata: {number}\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _control(self, socket: WebSocket) -> None:
        assert self.door
        session = self.door.session(socket)
        if session is None or session.connections >= MOST_PAGES:
            await socket.close(_REFUSED)
            return
        page = Page()
        control = Control(session, page)
        budget = _Budget()

        async def receive() -> None:
            while True:
                message = messages.decode(await socket.receive_text())
                if not budget.allows():
                    raise ValueError("too many messages")
                control.handle(message)

        async def send() -> None:
            while True:
                await socket.send_text(
                    json.dumps(await page.messages.get(), ensure_ascii=False)
                )

        session.connections += 1
        try:
            await socket.accept()
            logout = self._logout(socket, session)
            await _first_ends(socket, receive(), send(), page.is_behind.wait(), logout)
        finally:
            session.connections -= 1
            session.leave(page)

    async def _terminal(self, socket: WebSocket) -> None:
        assert self.door
        session = self.door.session(socket)
        name = socket.path_params["name"]
        size = _size(
            socket.query_params.get("columns"), socket.query_params.get("rows")
        )
        found = re.fullmatch(rf"([0-9]{{2}})\.({'|'.join(PANES)})", name)
        if (
            session is None
            or session.views >= MOST_VIEWS
            or size is None
            or found is None
        ):
            await socket.close(_REFUSED)
            return
        try:
            lesson = session.lesson(found[1])
        except Problem:
            await socket.close(_REFUSED)
            return
        terminal = session.terminal(name, size)
        view = View()
        budget = _Budget()

        def open_shell() -> None:
            if found[2] == "shell":
                session.open_shell(name, lesson)

        async def receive() -> None:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if data := message.get("bytes"):
                    open_shell()  # of a shell that has ended
                    terminal.type(data)
                    continue
                asked = messages.decode_terminal(message.get("text") or "{}")
                if asked.resize:
                    if not budget.allows():
                        raise ValueError("too many messages")
                    if new := _size(*asked.resize):
                        terminal.resize(new)
                elif asked.ack:
                    terminal.acknowledge(view, asked.ack)

        async def send() -> None:
            while True:
                output = await view.output.get()
                if isinstance(output, bytes):
                    await socket.send_bytes(output)
                else:
                    await socket.send_text(json.dumps(output))

        terminal.resize(size)
        terminal.attach(view)
        try:
            await socket.accept()
            open_shell()
            logout = self._logout(socket, session)
            await _first_ends(socket, receive(), send(), logout)
        finally:
            terminal.detach(view)

    async def _logout(self, socket: WebSocket, session: Session) -> None:
        """Wait until who opened a connection is no longer logged in."""
        assert self.door
        while self.door.session(socket) is session:
            await session.logins_changed.wait()
        raise _LoggedOut


class _LoggedOut(Exception):
    """Who opened a connection is no longer logged in."""


async def _first_ends(socket: WebSocket, *work: Coroutine[Any, Any, object]) -> None:
    """Receive and send until one of them ends; then close the connection."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        code = 1000
        for task in tasks:
            try:
                await task
            except (asyncio.CancelledError, WebSocketDisconnect, RuntimeError, OSError):
                pass  # the page has gone
            # Or a message is none of ours.
            except (_LoggedOut, ValueError, KeyError, RecursionError):
                code = _REFUSED
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(code)


async def refuse(connection: HTTPConnection, error: Exception) -> Any:
    """Say in both languages what is wrong, such as a full disk."""
    assert isinstance(error, Problem)
    if isinstance(connection, WebSocket):
        await connection.close(_FAILED)
        return None
    return PlainTextResponse(f"{error.text.ja}\n{error.text.en}\n", 503)


def _size(columns: object, rows: object) -> Size | None:
    """Return a terminal's size, or None for what is none."""
    try:
        size = Size(int(str(columns)), int(str(rows)))
    except ValueError:
        return None
    fits = 2 <= size.columns <= _MOST_SIZE.columns and 1 <= size.rows <= _MOST_SIZE.rows
    return size if fits else None


class _Budget:
    """How many messages a page may send: so many a second, and as many at once."""

    def __init__(self) -> None:
        self._left = float(MESSAGES_A_SECOND)
        self._then = time.monotonic()

    def allows(self) -> bool:
        """Tell whether one more may come."""
        now = time.monotonic()
        self._left = min(
            MESSAGES_A_SECOND, self._left + (now - self._then) * MESSAGES_A_SECOND
        )
        self._then = now
        self._left -= 1
        return self._left >= 0
