"""What every request must pass: the names of this server, its own pages, a policy.

A page of another site may open connections to a server on loopback, and a name of
another site may be made to point to it (DNS rebinding). So the Host must be one of this
server's own, and a WebSocket, or a request that changes something, must come from one
of its own pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_SAFE_METHODS = ("GET", "HEAD")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def names(addresses: Iterable[str], port: int, *, tls: bool) -> frozenset[str]:
    """Return the Host headers of a server that is reached by these addresses."""
    usual = 443 if tls else 80
    bracketed = [f"[{each}]" if ":" in each else each for each in addresses]
    found = {f"{each}:{port}" for each in bracketed}
    return frozenset(found | ({*bracketed} if port == usual else set()))


class Guard:
    """ASGI middleware that refuses what is not of this server, in one sentence."""

    def __init__(
        self, app: ASGIApp, hosts: frozenset[str] | None, policy: Callable[[], str]
    ) -> None:
        """``hosts`` are its names; ``policy`` is the Content-Security-Policy now.

        Without ``hosts``, its names, and whether it has TLS, are those of a proxy.
        """
        self._app = app
        self._hosts = hosts
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if refusal := self._refusal(scope):
            if scope["type"] == "websocket":
                await WebSocketClose(1008, refusal)(scope, receive, send)
            else:
                await PlainTextResponse(refusal, 403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if location := headers.get("location"):
                    # Of this server, whatever its proxy calls it.
                    _, _, path, *rest = urlsplit(location)
                    path = "/" + path.lstrip("/") if path.startswith("/") else path
                    headers["location"] = urlunsplit(("", "", path, *rest))
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("Content-Security-Policy", self._policy())
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if self._hosts is not None and host not in self._hosts:
            return "This server is not known by that name; open the address that ./lab printed.\n"
        method = scope.get("method")
        if method not in _SAFE_METHODS:  # a WebSocket has none
            secure = scope["scheme"] in ("https", "wss")
            origin = headers.get("origin", "").lower()
            if self._hosts is None:
                is_own = urlsplit(origin).netloc == host != ""
            else:
                is_own = origin == f"{'https' if secure else 'http'}://{host}"
            if not is_own:
                return "This request does not come from a page of this server.\n"
        return None
