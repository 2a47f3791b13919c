"""Running the server: its socket, its first build, its end."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from bcclessons.console.text import Language, Problem
from bcclessons.live.connection import Connection

_MOST_FRAME_BYTES = 1024 * 1024
# Far more than a class needs: each costs little, and a flood must not shut it out.
_MOST_CONNECTIONS = 10_000
_END_SECONDS = 3
_LAST_PORT = 65534


class Server(uvicorn.Server):
    """uvicorn, which calls ``ending`` before it waits for its connections."""

    def __init__(
        self, app: ASGIApp, ending: Callable[[], Awaitable[None]], **settings: object
    ) -> None:
        """``settings`` are further ones of uvicorn.Config, as of TLS."""
        _raise_file_limit()
        self.count: Counter[str] = Counter()
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(Connection, self.count),  # type: ignore[arg-type]
                lifespan="off",
                log_level="error",
                access_log=False,
                server_header=False,
                ws_max_size=_MOST_FRAME_BYTES,
                ws_per_message_deflate=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=_END_SECONDS,
                **settings,  # type: ignore[arg-type]
            )
        )
        self._ending = ending
        self.signalled: int | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would keep connections open, then them."""
        await self._ending()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the first signal; uvicorn would raise it again when all is done."""
        del frame
        self.signalled = self.signalled or sig
        self.should_exit = True


def listening(address: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raise Problem, which names a free port, if this one is taken.
    """
    try:
        return _listening(address, port)
    except OSError as error:
        free = _free_port(address, port)
        raise Problem(
            ja=f"ポート {port} は使えない（{error.strerror}）．別のポートで動かす: "
            f"--port {free}",
            en=f"port {port} cannot be used ({error.strerror}); take another: "
            f"--port {free}",
        ) from error


def _listening(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
        # Now: who opens the address at once has to wait, and is not refused.
        found.listen(1024)
    except OSError:
        found.close()
        raise
    return found


def _free_port(address: str, taken: int) -> int:
    """Return the next free port after one, or, where there is none, any other."""
    for port in range(taken + 1, _LAST_PORT + 1):
        with suppress(OSError), _listening(address, port):
            return port
    with _listening(address, 0) as found:
        return int(found.getsockname()[1])


def exit_status(language: Language, work: Callable[[], int]) -> int:
    """Return what the work does; where it raises Problem, say that, and return 1."""
    try:
        return work()
    except Problem as problem:
        print("lab:", problem.text.to(language), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def status_of(server: Server) -> int:
    """Return the exit status of a server that has ended."""
    if server.signalled in (None, signal.SIGINT):
        return 0
    return 128 + int(server.signalled or 0)


def _raise_file_limit() -> None:
    """Let it have as many connections as the system allows it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
