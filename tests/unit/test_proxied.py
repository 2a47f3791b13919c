"""The server of live pages behind a proxy: its socket, and what it lets through."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import Message, Receive, Scope, Send

from bcclessons.console.text import Problem
from bcclessons.live import proxied
from bcclessons.live.guard import Guard


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers, or leads from /old to /old/."""
    response = (
        RedirectResponse("http://hub.example/old/?a=1")
        if scope["path"] == "/old"
        else PlainTextResponse("a page")
    )
    await response(scope, receive, send)


def asked(method: str, path: str, **headers: str) -> Message:
    """Return the start of the answer to a request that a proxy passes on."""
    given = {"host": "hub.example", **headers}
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    asyncio.run(Guard(page, None, lambda: "")(scope, receive, send))
    return messages[0]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://hub.example", 200),
        ("http://HUB.example", 200),
        ("https://hub.example.evil", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_what_changes_something_comes_from_a_page_of_the_proxy(
    origin: str, status: int
) -> None:
    assert asked("POST", "/", origin=origin)["status"] == status
    assert asked("GET", "/", origin=origin)["status"] == 200


def test_without_a_host_no_origin_is_its_own() -> None:
    assert asked("POST", "/", host="", origin="")["status"] == 403


def test_a_redirect_names_no_host_which_is_the_proxys() -> None:
    headers = dict(asked("GET", "/old")["headers"])
    assert headers[b"location"] == b"/old/?a=1"


def test_the_socket_is_for_this_user_and_gone_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    for _ in range(2):
        with proxied.listening(path) as listener:
            assert path.stat().st_mode & 0o777 == 0o600
            listener.listen()
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
        assert not path.exists()
        with socket.socket(socket.AF_UNIX) as killed:  # its socket stays
            killed.bind(str(path))


def test_what_is_no_socket_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.write_text("mine")
    said = "cannot make the socket"
    with pytest.raises(Problem, match=said), proxied.listening(path):
        raise AssertionError
    assert path.read_text() == "mine"
    with pytest.raises(Problem), proxied.listening(tmp_path / ("x" * 120)):
        raise AssertionError
    assert os.listdir(tmp_path) == ["mine"]


def test_pages_find_the_server_below_the_path_of_a_proxy(checkout: Path) -> None:
    scripts = [*checkout.glob("bcclessons/site/theme/assets/live/*.js")]
    assert len(scripts) > 4
    for path in scripts:
        assert not re.search(r"[\"'`]/(?!/)\w", path.read_text()), path
