"""A step of a long job, shown while it runs, so that the reader sees what is waited for.

Uses nothing but the standard library: ./lab speaks before its packages are there.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Self

from bcclessons.console.text import Language, Text, cells

# A shorter wait needs no explanation.
BRIEF_SECONDS = 1.0
# Where nothing moves, so long is no line printed at most.
LINE_SECONDS = 2.0
_FRAME_SECONDS = 0.1
_FRAMES = "|/-\\"
_BAR_CELLS = 12


class Stage:
    """One step of a long job. A context manager: it is shown while the block runs.

    On a terminal it is one line that moves: title, bar and sizes if it has been told
    any, and the time since it began. Elsewhere it is a line at its start and one every
    LINE_SECONDS. One that is ``brief`` is shown after BRIEF_SECONDS only, and leaves no
    line on a terminal.
    """

    def __init__(self, title: str, language: Language, *, brief: bool) -> None:
        self.title = title
        self._language = language
        self._brief = brief
        self._bytes = (0, 0)
        # What "clear to the end of the line" does on every other terminal.
        plain = os.environ.get("TERM", "") in ("", "dumb", "unknown")
        self._moving = sys.stderr.isatty() and not plain
        self._begin = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> Self:
        self._begin = time.monotonic()
        if not self._brief:
            self._draw(first=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()
        if not self._moving:
            return
        if self._brief:
            _write("\r\x1b[K")
        else:
            self._draw(first=False)
            _write("\n")

    def update(self, done: int, total: int) -> None:
        """Show ``done`` of ``total`` bytes; a total of 0 is not known yet."""
        self._bytes = (done, total)

    def _show(self) -> None:
        first = self._brief
        pause = _FRAME_SECONDS if self._moving else LINE_SECONDS
        while not self._ended.wait(BRIEF_SECONDS if first else pause):
            self._draw(first=first)
            first = False

    def state(self) -> str:
        """Return how far it is: sizes if it has been told any, and the time."""
        seconds = time.monotonic() - self._begin
        clock = Text(ja=f"経過 {seconds:.0f} 秒", en=f"{seconds:.0f} s elapsed")
        done, total = self._bytes
        sizes = [f"{done / 1e6:.0f}/{total / 1e6:.0f} MB"] if total else []
        return "  ".join([*sizes, clock.to(self._language)])

    def _draw(self, *, first: bool) -> None:
        seconds = time.monotonic() - self._begin
        state = self.state()
        done, total = self._bytes
        if not self._moving:
            _write(f"{self.title}\n" if first else f"  {self.title}: {state}\n")
            return
        if total:
            full = done * _BAR_CELLS // total
            bar = f"[{'#' * full}{'.' * (_BAR_CELLS - full)}]  "
        else:
            bar = ""
        frame = _FRAMES[int(seconds / _FRAME_SECONDS) % len(_FRAMES)]
        # A line that wraps could not be drawn over; the state is what must be seen.
        room = _columns() - len("|   ") - cells(state) - 1
        if room < 0:
            state, room = "", _columns() - len("|   ") - 1
        title = _cut(self.title, room)
        if cells(title) + len(bar) > room:
            bar = ""
        _write(f"\r{frame} {title}  {bar}{state}\x1b[K")


def _cut(text: str, width: int) -> str:
    """Return as much of a text as fits into ``width`` columns."""
    while cells(text) > width:
        text = text[:-1]
    return text


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
