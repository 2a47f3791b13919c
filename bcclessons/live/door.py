"""Who comes: the one learner, by a token in the first address and then by a cookie."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from starlette.datastructures import URL, QueryParams
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bcclessons.console.text import Problem
from bcclessons.live.session import Session
from bcclessons.setup.files import unwritable, write_atomically

_YEAR = 365 * 24 * 3600


class Door(Protocol):
    """Tells whose session a connection belongs to."""

    def session(self, connection: HTTPConnection) -> Session | None:
        """Return the session of who asks, or None for a stranger."""


def secret(folder: Path) -> bytes:
    """Return the secret that cookies are made from: kept, so that they outlive a server.

    It is made, for this user's eyes only, where there is none. Raise Problem if it
    cannot be kept.
    """
    path = folder / "live-secret"
    try:
        found = bytes.fromhex(path.read_text())
    except (OSError, ValueError):
        found = b""
    if len(found) < 32:
        found = secrets.token_bytes(32)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            write_atomically(path, found.hex())
        except OSError as error:
            raise unwritable(error) or Problem(
                ja=f"{path} を保存できない（{error.strerror}）．",
                en=f"cannot keep {path} ({error.strerror}).",
            ) from error
    return found


class TokenDoor:
    """Lets in who opens an address with the token; ASGI middleware, and a Door."""

    def __init__(self, app: ASGIApp, session: Session, key: bytes, port: int) -> None:
        """``key`` is the secret of cookies; cookies of one host are told by ``port``."""
        self._app = app
        self._session = session
        self._cookie = f"bcc-lessons-{port}"
        self._value = hmac.new(key, b"learner", sha256).hexdigest()
        self.token = secrets.token_urlsafe(24)

    def session(self, connection: HTTPConnection) -> Session | None:
        """Return the session, if the cookie is right."""
        given = connection.cookies.get(self._cookie, "")
        return self._session if _equal(given, self._value) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change a right token for a cookie, and show the same page without it."""
        query = QueryParams(scope.get("query_string", b""))
        if scope["type"] == "http" and "token" in query:
            await self._admit(scope, query)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _admit(self, scope: Scope, query: QueryParams) -> Response:
        if not _equal(query["token"], self.token):
            return PlainTextResponse(
                "The token is not right: open the address that ./lab site printed.\n"
                "トークンが正しくない: ./lab site が表示したアドレスを開く．\n",
                403,
            )
        rest = urlencode([pair for pair in query.multi_items() if pair[0] != "token"])
        # Its path alone: never another host's.
        path = "/" + URL(scope=scope).path.lstrip("/\\")
        response = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
        response.set_cookie(
            self._cookie, self._value, max_age=_YEAR, httponly=True, samesite="strict"
        )
        return response


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())
