"""What the instructor opens: the board, the projector view, a learner's screen, CSV."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from bcclessons.console.text import Problem
from bcclessons.live import files
from bcclessons.live.classroom import board, templates
from bcclessons.live.classroom.learners import Learner
from bcclessons.live.classroom.session import ClassTerminal, LearnerSession

if TYPE_CHECKING:
    from bcclessons.live.classroom.classroom import Classroom
    from bcclessons.live.classroom.door import ClassDoor

_LINES = 40
_LINE_CHARACTERS = 2000
# What moves the cursor or sets a colour, and what sets a title.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b."
)

_Answer = Callable[[Request], Awaitable[Response]]


class InstructorRoutes:
    """The routes of /class/ that are for the instructor."""

    def __init__(self, classroom: Classroom, door: ClassDoor, address: str) -> None:
        """``address`` is what learners open."""
        self._classroom = classroom
        self._door = door
        self._address = address

    def routes(self) -> list[Route]:
        """Return them, for Starlette."""
        shown: dict[str, _Answer] = {
            "/class/board": self._board,
            "/class/board/content": self._board_content,
            "/class/projector": self._projector,
            "/class/projector/content": self._projector_content,
            "/class/look/{learner}": self._look,
            "/class/look/{learner}/content": self._look_content,
            "/class/remove/{learner}": self._ask_to_remove,
            "/class/link": self._ask_for_link,
            "/class/class.csv": self._csv,
        }
        done: dict[str, _Answer] = {
            "/class/pin/{learner}": self._forget_pin,
            "/class/remove/{learner}": self._remove,
            "/class/link": self._new_link,
        }
        return [
            Route("/class/instructor", self._enter),
            *(Route(path, self._guarded(answer)) for path, answer in shown.items()),
            *(
                Route(path, self._guarded(answer), methods=["POST"])
                for path, answer in done.items()
            ),
        ]

    def _guarded(self, answer: _Answer) -> _Answer:
        async def guarded(request: Request) -> Response:
            if not self._door.is_instructor(request):
                return PlainTextResponse(
                    "Open the instructor's address that ./lab class printed.\n"
                    "./lab class が表示した講師用のアドレスを開く．\n",
                    403,
                )
            return await answer(request)

        return guarded

    async def _enter(self, request: Request) -> Response:
        if not self._door.is_token(request.query_params.get("token", "")):
            return PlainTextResponse(
                "The token is not right: open the address that ./lab class printed.\n"
                "トークンが正しくない: ./lab class が表示したアドレスを開く．\n",
                403,
            )
        response = _to_board(request)
        self._door.let_instructor_in(response)
        return response

    def _page(self, template: str, request: Request) -> Response:
        code = segno.make(self._address).svg_inline(border=2, omitsize=True)
        values = {
            "board": board.board(self._classroom),
            "address": self._address,
            "qr": Markup(code),  # noqa: S704  # it is of the address alone
        }
        return templates.page(template, request, values)

    async def _board(self, request: Request) -> Response:
        return self._page("board.html", request)

    async def _board_content(self, request: Request) -> Response:
        return self._page("board-content.html", request)

    async def _projector(self, request: Request) -> Response:
        return self._page("projector.html", request)

    async def _projector_content(self, request: Request) -> Response:
        return self._page("projector-content.html", request)

    async def _look(self, request: Request) -> Response:
        return self._look_page("look.html", request)

    async def _look_content(self, request: Request) -> Response:
        return self._look_page("look-content.html", request)

    def _learners_of(self, request: Request) -> list[Learner]:
        """Return the learner of the request's path, or none."""
        number = request.path_params["learner"]
        learners = self._classroom.learners.all()
        return [each for each in learners if str(each.id) == number]

    def _look_page(self, template: str, request: Request) -> Response:
        found = self._learners_of(request)
        if not found:
            return PlainTextResponse("There is no such learner.\n", 404)
        return templates.page(template, request, self._screen(found[0]))

    def _screen(self, learner: Learner) -> dict[str, object]:
        """Return what the templates show of a learner: nothing unless the hand is up."""
        session = self._classroom.sessions.get(learner.id)
        values: dict[str, object] = {"learner": learner, "shown": False}
        if session is None or not session.has_raised_hand:
            return values
        label = session.exercise_label
        values["shown"] = True
        values["terminals"] = [
            (name, visible(terminal.kept))
            for name, terminal in session.terminals.items()
            if isinstance(terminal, ClassTerminal)
            and name.startswith(session.lesson_label)
        ]
        values["exercise"] = label
        values["program"] = _program(session, label) if label else ""
        return values

    async def _csv(self, request: Request) -> Response:
        text = board.as_csv(
            self._classroom.learners,
            self._classroom.progress,
            templates.language_of(request),
        )
        # With the mark by which spreadsheets know UTF-8.
        return Response(
            ("\ufeff" + text).encode(), media_type="text/csv; charset=utf-8"
        )

    async def _forget_pin(self, request: Request) -> Response:
        for learner in self._learners_of(request):
            self._classroom.learners.forget_pin(learner)
            self._classroom.recheck_logins(learner)
        return _to_board(request)

    async def _ask_to_remove(self, request: Request) -> Response:
        for learner in self._learners_of(request):
            return templates.page("remove.html", request, {"learner": learner})
        return _to_board(request)

    async def _remove(self, request: Request) -> Response:
        for learner in self._learners_of(request):
            await self._classroom.remove(learner)
        return _to_board(request)

    async def _ask_for_link(self, request: Request) -> Response:
        return templates.page("link.html", request, {"link": ""})

    async def _new_link(self, request: Request) -> Response:
        self._classroom.new_token()
        link = f"{self._address}class/instructor?token={self._classroom.token}"
        response = templates.page("link.html", request, {"link": link})
        self._door.let_instructor_in(response)
        return response


def _to_board(request: Request) -> Response:
    language = templates.language_of(request)
    return RedirectResponse(f"/class/board?lang={language}", 303)


def _program(session: LearnerSession, label: str) -> str:
    try:
        return files.read(session.exercise(label)).text
    except Problem as problem:
        return problem.text.to(session.console.language)


def visible(output: bytes) -> str:
    """Return the last lines of a terminal's output as plain text.

    It is right for what programs print line by line, not for what fills the screen.
    """
    text = _ESCAPES.sub("", output.decode(errors="replace")).replace("\r\n", "\n")
    lines = []
    for line in text.split("\n")[-_LINES:]:
        shown: list[str] = []
        at = 0
        for character in line[-_LINE_CHARACTERS:]:
            if character == "\r":
                at = 0
            elif character == "\b":
                at = max(0, at - 1)
            elif character.isprintable() or character == "\t":
                shown[at : at + 1] = character  # it is written over
                at += 1
        lines.append("".join(shown))
    return "\n".join(lines)
