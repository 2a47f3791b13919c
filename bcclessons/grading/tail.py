"""The end of what a process prints; the rest is read, so that it goes on, and dropped."""

from __future__ import annotations

import os
import threading
from typing import IO

_MOST_BYTES = 4096
_SECONDS = 1.0


class Tail:
    """Reads a pipe in a thread, to its end; keeps the last of it."""

    def __init__(self, pipe: IO[str]) -> None:
        # Its own: who closes the pipe need not wait for a process that was left.
        self._descriptor = os.dup(pipe.fileno())
        self._kept = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while read := os.read(self._descriptor, _MOST_BYTES):
            self._kept = (self._kept + read)[-_MOST_BYTES:]
        os.close(self._descriptor)

    def last_line(self) -> str:
        """Return the last line that is not blank, "" if there is none.

        A process that has ended may have left another that still prints: it is waited
        for no longer than a second.
        """
        self._thread.join(_SECONDS)
        text = self._kept.decode(errors="replace")
        return (text.strip().splitlines() or [""])[-1]
