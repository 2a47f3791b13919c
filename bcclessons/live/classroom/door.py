"""Who comes: a learner by his cookie, the instructor by his, everybody else to join."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bcclessons.live.classroom.learners import Learner
from bcclessons.live.session import Session

if TYPE_CHECKING:
    from bcclessons.live.classroom.classroom import Classroom

_YEAR = 365 * 24 * 3600


class ClassDoor:
    """A Door for live pages; knows the learner and the instructor by cookies."""

    def __init__(self, classroom: Classroom, port: int, *, tls: bool) -> None:
        """Cookies of one host are told by ``port``; with ``tls``, they need that."""
        self._classroom = classroom
        self._tls = tls
        self._learner = f"bcc-lessons-{port}"
        self._instructor = f"bcc-lessons-instructor-{port}"

    def secret(self, connection: HTTPConnection) -> str:
        """Return the secret of the learner's cookie, "" without one."""
        return connection.cookies.get(self._learner, "")

    def learner(self, connection: HTTPConnection) -> Learner | None:
        """Return the learner who asks."""
        secret = self.secret(connection)
        return self._classroom.learners.of_cookie(secret) if secret else None

    def session(self, connection: HTTPConnection) -> Session | None:
        """Return the session of the learner who asks."""
        learner = self.learner(connection)
        return self._classroom.session(learner) if learner else None

    def _instructors_secret(self) -> str:
        token = self._classroom.token.encode()
        return hmac.new(token, b"instructor", sha256).hexdigest()

    def is_instructor(self, connection: HTTPConnection) -> bool:
        """Tell whether it is the instructor who asks."""
        given = connection.cookies.get(self._instructor, "")
        right = self._instructors_secret()
        return hmac.compare_digest(given.encode(), right.encode())

    def is_token(self, given: str) -> bool:
        """Tell whether a token is the instructor's."""
        return hmac.compare_digest(given.encode(), self._classroom.token.encode())

    def let_in(self, response: Response, learner: Learner) -> None:
        """Have the learner's browser come back as him."""
        self._set(response, self._learner, self._classroom.learners.cookie(learner))

    def let_instructor_in(self, response: Response) -> None:
        """Have the browser come back as the instructor's."""
        self._set(response, self._instructor, self._instructors_secret())

    def let_out(self, response: Response, connection: HTTPConnection) -> None:
        """Have the browser come back as nobody; its pages' connections end."""
        learner = self.learner(connection)
        self._classroom.learners.forget_cookie(self.secret(connection))
        response.delete_cookie(self._learner)
        if learner is not None:
            self._classroom.recheck_logins(learner)

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name,
            value,
            max_age=_YEAR,
            httponly=True,
            samesite="strict",
            secure=self._tls,
        )


class Joining:
    """ASGI middleware that shows a stranger the page to join, before any other."""

    def __init__(self, app: ASGIApp, door: ClassDoor) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no page, and pages for those who have joined."""
        if scope["type"] == "http":
            path = scope["path"]
            is_page = path.endswith(("/", ".html"))
            if is_page and not self._may_read(HTTPConnection(scope)):
                where = f"/class/join?next={quote(path)}"
                await RedirectResponse(where, 303)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _may_read(self, connection: HTTPConnection) -> bool:
        """Tell whether a learner asks, or the instructor, who has no VM then."""
        door = self._door
        return door.learner(connection) is not None or door.is_instructor(connection)
