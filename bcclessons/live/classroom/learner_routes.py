"""What learners open and press: the page to join, the bar with the raised hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bcclessons.console.text import Language, Problem
from bcclessons.live.classroom import templates

if TYPE_CHECKING:
    from bcclessons.live.classroom.classroom import Classroom
    from bcclessons.live.classroom.door import ClassDoor

_MOST_FORM_BYTES = 4096
_FORM_SECONDS = 10.0


class LearnerRoutes:
    """The routes of /class/ that are for learners."""

    def __init__(self, classroom: Classroom, door: ClassDoor) -> None:
        self._classroom = classroom
        self._door = door

    def routes(self) -> list[Route]:
        """Return them, for Starlette."""
        return [
            Route("/class/join", self._show_join),
            Route("/class/join", self._join, methods=["POST"]),
            Route("/class/leave", self._leave, methods=["POST"]),
            Route("/class/me", self._me),
            Route("/class/hand", self._hand, methods=["POST"]),
        ]

    async def _show_join(self, request: Request) -> Response:
        wanted = _own_path(request.query_params.get("next", "/"))
        values = {"next": wanted, "name": "", "problem": None}
        return templates.page("join.html", request, values)

    async def _join(self, request: Request) -> Response:
        form = await _form(request)
        wanted = _own_path(form.get("next", "/"))
        name = form.get("name", "")
        try:
            learner = await self._classroom.learners.enter(
                name, form.get("pin", ""), _network_address(request)
            )
        except Problem as problem:
            values = {"next": wanted, "name": name[:40], "problem": problem.text}
            return templates.page("join.html", request, values, 403)
        if wanted == "/" and templates.language_of(request) is Language.EN:
            wanted = "/en/"
        response = RedirectResponse(wanted, 303)
        self._door.let_in(response, learner)
        return response

    async def _leave(self, request: Request) -> Response:
        response = Response(status_code=204)
        self._door.let_out(response, request)
        return response

    async def _me(self, request: Request) -> Response:
        """Tell a page who reads it; no name is that of an instructor alone."""
        learner = self._door.learner(request)
        is_instructor = self._door.is_instructor(request)
        if learner is None:
            reads = {"name": "", "hand": False, "place": 0, "instructor": True}
            return JSONResponse(reads) if is_instructor else Response(status_code=403)
        session = self._classroom.session(learner)
        session.see(request.query_params.get("lesson", ""))
        place = self._classroom.fleet.queue.places().get(learner.id, 0)
        return JSONResponse(
            {
                "name": learner.name,
                "hand": session.has_raised_hand,
                "place": place,
                "instructor": is_instructor,
            }
        )

    async def _hand(self, request: Request) -> Response:
        learner = self._door.learner(request)
        if learner is None:
            return Response(status_code=403)
        form = await _form(request)
        self._classroom.session(learner).has_raised_hand = bool(form.get("raised"))
        return Response(status_code=204)


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a plain form, none of what is no form.

    Raise HTTPException if it is too large.
    """
    body = b""
    try:
        async with asyncio.timeout(_FORM_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MOST_FORM_BYTES:
                    raise HTTPException(413)
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    except TimeoutError as error:
        raise HTTPException(408, headers={"Connection": "close"}) from error
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=10))
    except ValueError:
        return {}


def _network_address(request: Request) -> str:
    """Return where a request comes from; "" for this machine, where a proxy may be."""
    host = request.client.host if request.client else ""
    return "" if host.startswith("127.") or host == "::1" else host


def _own_path(path: str) -> str:
    """Return a path of this server: never another host's."""
    return "/" + path.lstrip("/\\") if path.isprintable() else "/"
