"""What a page that floods, lies or does not read costs the server of live pages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.responses import PlainTextResponse

from bcclessons.console.text import Language
from bcclessons.course.lesson import Lesson
from bcclessons.live import connection, messages, server
from bcclessons.live.control import Control
from bcclessons.live.kept_output import KEPT_BYTES, KeptOutput
from bcclessons.live.progress import PageConsole
from bcclessons.live.session import Page, Session
from bcclessons.live.terminal import WINDOW_BYTES, Size, Terminal, View


class SlowSession(Session):
    """A session in which a run never ends, or fails as nobody has foreseen."""

    def __init__(self, lesson: Lesson, error: Exception | None = None) -> None:
        super().__init__(PageConsole(Language.EN, lambda line: None))
        self._lesson = lesson
        self._error = error
        self.runs = 0

    def lesson(self, label: str) -> Lesson:
        """Return the only one."""
        del label
        return self._lesson

    async def run(self, lesson: Lesson, folder: Sequence[str], program: str) -> str:
        """Wait for ever."""
        del lesson, folder, program
        self.runs += 1
        if self._error:
            raise self._error
        await asyncio.Event().wait()
        return ""


def test_runs_that_wait_are_few(lessons: list[Lesson]) -> None:
    """Thousands would take the queue of a class minutes, and all would stand still."""

    async def flood() -> tuple[int, str]:
        session, page = SlowSession(lessons[0]), Page()
        control = Control(session, page)
        page.language = Language.EN
        for _ in range(500):
            control.handle(messages.Run(what="01"))
        await asyncio.sleep(0)
        return session.runs, (await page.messages.get())["text"]

    runs, said = asyncio.run(flood())
    assert runs < 20
    assert "too many runs" in said


def test_a_page_is_told_of_an_error_that_nobody_has_foreseen(
    lessons: list[Lesson], caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> str:
        session, page = SlowSession(lessons[0], RecursionError("deep")), Page()
        page.language = Language.EN
        Control(session, page).handle(messages.Run(what="01"))
        message = await asyncio.wait_for(page.messages.get(), 5)
        return f"{message['type']}: {message['text']}"

    assert asyncio.run(fail()) == "problem: the server failed to do this; try again."
    assert "deep" in caplog.text


def test_little_waits_for_a_page_that_does_not_read() -> None:
    async def fill() -> tuple[int, bool]:
        page = Page()
        for _ in range(200):
            page.tell("file", text="x" * 100_000)
        return page.messages.length, page.is_behind.is_set()

    length, is_behind = asyncio.run(fill())
    assert length < 5_000_000
    assert is_behind


def test_a_page_that_claims_to_have_drawn_all_gets_no_more_than_it_reads() -> None:
    async def flood() -> int:
        terminal, view = Terminal(Size(80, 24)), View()
        terminal.attach(view)
        terminal.start(["yes"])
        for _ in range(200):
            terminal.acknowledge(view, 1 << 40)
            await asyncio.sleep(0.005)
        length = view.output.length
        await terminal.close()
        return length

    assert asyncio.run(flood()) <= 2 * WINDOW_BYTES


def test_modes_that_a_program_makes_up_are_not_kept() -> None:
    kept = KeptOutput()
    kept.append(b"\x1b[?25l")
    for number in range(20_000):
        kept.append(b"\x1b[?%dh" % (10**9 + number))
    kept.append(b"\x1b[?" + b"1;" * 20_000 + b"1h")
    for _ in range(10):
        kept.append(b"x" * (KEPT_BYTES // 8))
    assert len(kept.data()) < KEPT_BYTES + 100
    assert kept.data().startswith(b"\x1b[?25l")


@pytest.mark.parametrize(
    "text", ["[]", "7", "[" * 100_000, '{"ack": "1"}', '{"resize": [1, 2, 3]}', "{1"]
)
def test_what_is_no_message_of_a_terminal_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        messages.decode_terminal(text)


@pytest.mark.parametrize("most", [3, 100])
def test_connections_that_ask_for_nothing_end(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(connection, "FIRST_REQUEST_SECONDS", 0.3)
    monkeypatch.setattr(connection, "MOST_OF_ONE_ADDRESS", most)

    async def ending() -> None: ...

    async def still_open(sent: bytes) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        try:
            await asyncio.wait_for(reader.read(1), 0.1)
        except TimeoutError:
            opened.append((reader, writer))
            return True
        writer.close()
        return False

    async def attack() -> tuple[int, bool]:
        running = server.Server(PlainTextResponse("here"), ending)
        serving = asyncio.create_task(running.serve([listener]))
        begun = b"GET / HTTP/1.1\r\nHost: x\r\n"
        count = sum(await asyncio.gather(*(still_open(begun) for _ in range(5))))
        for reader, writer in opened:
            assert await asyncio.wait_for(reader.read(1), 5) == b""
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun + b"\r\n")
        answers = (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        running.should_exit = True
        await serving
        assert not running.count
        return count, answers

    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    with server.listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert asyncio.run(attack()) == (min(most, 5), True)
