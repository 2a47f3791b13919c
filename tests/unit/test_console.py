"""Steps of a long job: lines where there is no terminal, one that moves where there is."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import termios
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress

import pytest

from bcclessons.console import stage as stages
from bcclessons.console.console import Console
from bcclessons.console.text import Language, Text, cells

FETCHING = Text(ja="パッケージを取ってくる", en="Fetching the packages of Debian 13")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show within hundredths of a second what takes seconds."""
    monkeypatch.setattr(stages, "LINE_SECONDS", 0.05)
    monkeypatch.setattr(stages, "BRIEF_SECONDS", 0.05)
    monkeypatch.setattr(stages, "_FRAME_SECONDS", 0.01)


class Terminal:
    """A terminal of some columns."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._ours, theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        self.stream = io.TextIOWrapper(os.fdopen(theirs, "wb"), encoding="utf-8")

    def shown(self) -> str:
        """Return what has been written to it so far."""
        shown = b""
        with suppress(BlockingIOError):
            while True:  # a terminal gives 4096 bytes at once
                shown += os.read(self._ours, 65536)
        return shown.decode()

    def close(self) -> None:
        """Close both of its sides."""
        self.stream.close()
        os.close(self._ours)


@pytest.fixture(params=[20, 40, 80])
def terminal(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    made = Terminal(request.param)
    monkeypatch.setenv("TERM", "xterm-256color")
    yield made
    made.close()


@pytest.mark.usefixtures("quick")
def test_without_a_terminal_a_step_prints_lines_and_is_never_silent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Console(Language.EN).stage(FETCHING) as stage:
        time.sleep(0.08)
        stage.update(26_000_000, 100_000_000)
        time.sleep(0.2)
    first, second, *more = capsys.readouterr().err.splitlines()
    assert first == FETCHING.en
    assert re.fullmatch(rf"  {FETCHING.en}: \d s elapsed", second)
    assert re.fullmatch(rf"  {FETCHING.en}: 26/100 MB  \d s elapsed", more[-1])


@pytest.mark.usefixtures("quick")
def test_a_brief_wait_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with Console(Language.JA).waiting(FETCHING):
        pass
    assert capsys.readouterr().err == ""
    with Console(Language.JA).waiting(FETCHING):
        time.sleep(0.2)
    first, *more = capsys.readouterr().err.splitlines()
    assert first == FETCHING.ja
    assert all(re.fullmatch(rf"  {FETCHING.ja}: 経過 \d 秒", each) for each in more)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("language", list(Language))
def test_on_a_terminal_one_line_moves_and_keeps_its_clock(
    terminal: Terminal, language: Language
) -> None:
    # On a busy machine a second may pass meanwhile.
    clock = {Language.JA: r"経過 \d 秒", Language.EN: r"\d s elapsed"}[language]
    columns = terminal.columns
    with redirect_stderr(terminal.stream), Console(language).stage(FETCHING) as stage:
        time.sleep(0.2)
        stage.update(26_000_000, 100_000_000)
    shown = terminal.shown()
    assert shown.count("\n") == 1
    frames = shown.replace("\x1b[K", "").rstrip("\r\n").split("\r")[1:]
    assert len(set(frames)) > 3, "it moves"
    assert all(cells(frame) < columns for frame in frames), "a wrapped line stays"
    assert re.search(clock, frames[0])
    assert columns < 30 or all(re.search(clock, frame) for frame in frames)
    assert columns < 40 or "26/100 MB" in frames[-1]
    assert columns < 80 or "[###.........]" in frames[-1]


@pytest.mark.usefixtures("quick")
def test_on_a_terminal_a_wait_leaves_no_line(terminal: Terminal) -> None:
    with redirect_stderr(terminal.stream), Console(Language.EN).waiting(FETCHING):
        time.sleep(0.1)
    shown = terminal.shown()
    assert "\n" not in shown
    assert shown.endswith("\r\x1b[K")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", ["", "dumb", "unknown"])
def test_a_terminal_that_cannot_clear_a_line_gets_lines(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TERM", name)
    with redirect_stderr(terminal.stream), Console(Language.EN).stage(FETCHING):
        time.sleep(0.5)
    assert "\x1b" not in (shown := terminal.shown())
    assert shown.count("\n") > 1
