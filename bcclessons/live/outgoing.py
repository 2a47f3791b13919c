"""What waits to be sent to a page, and how much that is."""

from __future__ import annotations

import asyncio
from typing import Any


class Outgoing(asyncio.Queue[Any]):
    """A queue of messages and of output.

    ``length`` is that of all bytes and texts in it, in bytes or characters.
    """

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self.length = 0

    def _put(self, item: object) -> None:
        super()._put(item)
        self.length += _length(item)

    def _get(self) -> object:
        item: object = super()._get()
        self.length -= _length(item)
        return item


def _length(item: object) -> int:
    if isinstance(item, dict):
        return sum(len(value) for value in item.values() if isinstance(value, str))
    return len(item) if isinstance(item, bytes) else 0
