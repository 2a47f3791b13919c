"""A copy of the checkout that ./lab site serves, and a client of its WebSockets."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.processes import left_of
from tests.site.test_lab_site import copied_lab


@dataclass
class Answer:
    """What the server answered to a request."""

    status: int
    headers: http.client.HTTPMessage
    body: str


@dataclass
class Live:
    """A running server: its checkout, folders of progress and of temporary files.

    Its process is that of ./lab; all that it starts has the temporary folder in its
    environment.
    """

    checkout: Path
    state: Path
    temporary: Path
    process: subprocess.Popen[str]
    host: str
    token: str

    @property
    def address(self) -> str:
        """Where its pages are, with a slash at the end."""
        return f"http://{self.host}/"

    def forget(self) -> None:
        """Delete the learner's files and progress."""
        for path in self.checkout.glob("lessons/*/exercises/*/my_sample*"):
            path.unlink()
        (self.state / "bcc-lessons/exercises.json").unlink(missing_ok=True)

    def my_sample(self, label: str) -> Path:
        """Return the learner's file of an exercise."""
        lesson, number = label.split("/")
        (folder,) = self.checkout.glob(f"lessons/{lesson}_*/exercises/{number}_*")
        return folder / "my_sample"

    def get(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET"
    ) -> Answer:
        """Ask for a path as it is written, with these headers."""
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        connection.close()
        return Answer(answer.status, answer.headers, body)

    def cookie(self) -> str:
        """Return the cookie of who opens the address with the token."""
        answer = self.get(f"/?token={self.token}")
        return str(answer.headers["set-cookie"]).partition(";")[0]

    def connect(self, path: str, **headers: str) -> ClientConnection:
        """Open a WebSocket as a page of the server does, but for these headers."""
        sent = {"Origin": f"http://{self.host}", "Cookie": self.cookie(), **headers}
        return connect(
            f"ws://{self.host}{path}",
            additional_headers={k: v for k, v in sent.items() if v},
            compression=None,
            max_size=None,
        )

    @contextmanager
    def control(self, language: str = "en") -> Iterator[Control]:
        """Open a control connection."""
        with self.connect("/live/control") as socket:
            control = Control(socket)
            control.send("hello", language=language, lesson="02")
            yield control

    @contextmanager
    def terminal(self, name: str, columns: int = 70, rows: int = 15) -> Iterator[Tty]:
        """Open a terminal."""
        query = f"columns={columns}&rows={rows}"
        with self.connect(f"/live/terminal/{name}?{query}") as socket:
            yield Tty(socket)


def close_code(socket: ClientConnection) -> int | None:
    """Read until the server closes a connection; return the code that it gives."""
    with pytest.raises(ConnectionClosed) as closed:
        _read_all(socket)
    return closed.value.rcvd.code if closed.value.rcvd else None


def _read_all(socket: ClientConnection) -> None:
    while True:
        socket.recv(10)


class Control:
    """A page's control connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def send(self, kind: str, **values: object) -> None:
        """Send a message."""
        self._socket.send(json.dumps({"type": kind, **values}))

    def expect(
        self, kind: str, seconds: float = 60, **values: object
    ) -> dict[str, Any]:
        """Return the next message of a kind, with these values."""
        end = time.monotonic() + seconds
        while True:
            message = json.loads(self._socket.recv(end - time.monotonic()))
            fits = all(message.get(name) == value for name, value in values.items())
            if message["type"] == kind and fits:
                return dict(message)


class Tty:
    """A page's terminal: what it was told, and the bytes that it has drawn."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.drawn = b""
        self.told: list[dict[str, Any]] = []

    def type(self, text: str) -> None:
        """Type something."""
        self._socket.send(text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size."""
        self._socket.send(json.dumps({"resize": [columns, rows]}))

    def read(self, seconds: float = 30, *, acknowledge: bool = True) -> bytes:
        """Draw the next bytes; return them. Raise TimeoutError if there are none."""
        end = time.monotonic() + seconds
        while True:
            message = self._socket.recv(max(0, end - time.monotonic()))
            if isinstance(message, bytes):
                self.drawn += message
                if acknowledge:
                    self._socket.send(json.dumps({"ack": len(message)}))
                return message
            self.told.append(json.loads(message))
            if "replay" in self.told[-1]:
                self.drawn = b""
            if "ended" in self.told[-1]:
                return b""

    def expect(self, pattern: str, seconds: float = 30) -> str:
        """Read until what was drawn has a pattern; return what that is."""
        end = time.monotonic() + seconds
        while True:
            text = self.drawn.decode(errors="replace")
            if found := re.search(pattern, text):
                return found[0]
            assert time.monotonic() < end, text[-2000:]
            self.read(end - time.monotonic())


def started(
    command: Sequence[str | Path], checkout: Path, settings: dict[str, str]
) -> subprocess.Popen[str]:
    """Start a server of a checkout, with these settings in its environment."""
    return subprocess.Popen(
        command,
        cwd=checkout,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def said(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Read what a server says until that has a pattern; return what it is."""
    assert process.stderr
    text = ""
    for line in process.stderr:
        text += line
        if found := re.search(pattern, text):
            return found
    raise AssertionError(text)


@contextmanager
def serving(
    checkout: Path,
    folder: Path,
    *options: str,
    statuses: Sequence[int] = (0,),
    before: Sequence[str | Path] = (),
) -> Iterator[Live]:
    """Run ./lab site in a checkout, with its state in a folder, until the block ends.

    Then its exit status is one of ``statuses``. It has left no temporary file. What is
    ``before`` runs the command.
    """
    state = folder / "state"
    # Short, as it is for a user: it is used for those of sockets, too.
    temporary = tempfile.mkdtemp(prefix="live-")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*before, "./lab", "--lang", "en", "site", "--port", str(port), *options]
    settings = {"XDG_STATE_HOME": str(state), "TMPDIR": temporary}
    process = started(command, checkout, settings)
    try:
        found = said(process, r"http://([^/]+)/en/\?token=(\S+)")
        yield Live(checkout, state, Path(temporary), process, found[1], found[2])
    finally:
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=15)
    assert process.returncode in statuses, rest
    assert left_of(temporary) == {}
    os.rmdir(temporary)


@pytest.fixture(scope="session")
def live(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that the tests share."""
    folder = tmp_path_factory.mktemp("live")
    with serving(copied_lab(checkout, folder / "copy"), folder) as server:
        yield server


@pytest.fixture
def fresh(live: Live) -> Live:
    """The same, without the learner's files and progress."""
    live.forget()
    return live
