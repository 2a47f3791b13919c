"""Behind a proxy that lets in nobody but the learner, as that of JupyterHub does.

The server listens on a Unix socket that is this user's alone. So who reaches it is the
learner, and it needs no token.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.requests import HTTPConnection

from bcclessons.console.text import Problem
from bcclessons.live.session import Session


class OpenDoor:
    """A Door that is open: the proxy stands before it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def session(self, connection: HTTPConnection) -> Session:
        """Return the learner's session."""
        del connection
        return self._session


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Make a Unix socket for this user only; remove it after the block.

    Raise Problem if it cannot be made.
    """
    with socket.socket(socket.AF_UNIX) as found:
        try:
            if path.is_socket():  # left by a server that was killed
                path.unlink()
            found.bind(str(path))
            path.chmod(0o600)  # nobody can connect before it listens
        except OSError as error:
            raise Problem(
                ja=f"ソケット {path} を作れない（{error.strerror or error}）．別の場所を"
                "指定する．",
                en=f"cannot make the socket {path} ({error.strerror or error}); name "
                "another place.",
            ) from error
        try:
            yield found
        finally:
            path.unlink(missing_ok=True)
