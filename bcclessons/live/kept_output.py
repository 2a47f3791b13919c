"""The end of a terminal's output, from which another page draws the same screen."""

from __future__ import annotations

import re
from collections import deque

KEPT_BYTES = 256 * 1024
# What a program sets for the whole screen, as "hide the cursor": CSI ? number h or l.
# There are some dozens; a program that makes up others fills no memory.
_MODES = re.compile(rb"\x1b\[\?((?:[0-9]{1,4};){0,15}[0-9]{1,4})([hl])")
_WITHIN_A_CHARACTER = bytes(range(0x80, 0xC0))


class KeptOutput:
    """The last KEPT_BYTES of a terminal's output, and what was set before them."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._bytes = 0
        self._modes: dict[bytes, bytes] = {}

    def append(self, data: bytes) -> None:
        """Keep some output, and drop what is too old."""
        self._chunks.append(data)
        self._bytes += len(data)
        dropped = b""
        while self._bytes > KEPT_BYTES:
            dropped = self._chunks.popleft()
            self._bytes -= len(dropped)
            for numbers, state in _MODES.findall(dropped):
                self._modes |= dict.fromkeys(numbers.split(b";"), state)
        # What is kept begins with a whole line, or at least a whole character.
        if dropped and not dropped.endswith(b"\n"):
            first = self._chunks.popleft()
            whole = first.partition(b"\n")[2] or first.lstrip(_WITHIN_A_CHARACTER)
            self._chunks.appendleft(whole)
            self._bytes -= len(first) - len(whole)

    def data(self) -> bytes:
        """Return the bytes that draw the screen."""
        modes = b"".join(b"\x1b[?%b%b" % mode for mode in self._modes.items())
        return modes + b"".join(self._chunks)
