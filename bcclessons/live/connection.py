"""uvicorn's HTTP, with limits for who opens connections and asks for nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import h11

# A room behind a router, which has one address, takes some hundreds.
MOST_OF_ONE_ADDRESS = 2000
FIRST_REQUEST_SECONDS = 20.0


class Connection(H11Protocol):
    """A connection; WebSockets, which need a cookie, are counted by their session."""

    def __init__(self, count: Counter[str], **settings: Any) -> None:
        """``count`` is of the server's connections, by address."""
        super().__init__(**settings)
        self._count = count

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, or close it if its address has too many."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._count[self._address] += 1
        if self._address and self._count[self._address] > MOST_OF_ONE_ADDRESS:
            transport.close()
        self.loop.call_later(FIRST_REQUEST_SECONDS, self._end_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self._leave()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Become a WebSocket, which is another connection."""
        self._leave()
        super().handle_websocket_upgrade(event)

    def _leave(self) -> None:
        self._count[self._address] -= 1
        if self._count[self._address] <= 0:
            del self._count[self._address]

    def _end_if_silent(self) -> None:
        if self in self.connections and self.cycle is None:
            self.transport.close()
