"""How quick a live page is, against what one types in a terminal.

    ./lab bench live

What is measured, of lesson 02 and of exercise
02/1, and the same by ./lab:

- from the press of Run to the program's header, and from ./lab run 02 to it;
- from a key in the shell to its echo, 200 of them;
- from a save to the check's result, and from a save to that of ./lab watch.

All in a copy of the checkout, by a client on loopback, which draws nothing. ./lab watch notices a save within
0.1 s.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pexpect
from websockets.sync.client import ClientConnection, connect

from bcclessons.course import exercise, lesson
from bcclessons.setup.paths import CHECKOUT

_NOT_COPIED = shutil.ignore_patterns(".git", "my_sample*", "__pycache__")

_HEADER = "TIME(s)"
_EXERCISE = "02/1"
_SECONDS = 120


@dataclass
class _Page:
    """A live page of lesson 02, as the server sees it: its three connections."""

    control: ClientConnection
    lesson: ClientConnection
    shell: ClientConnection

    @classmethod
    @contextmanager
    def opened(cls, address: str) -> Iterator[_Page]:
        """Open the page at the address that ./lab site printed."""
        host, token = address.removeprefix("http://").split("/en/?token=")
        connection = HTTPConnection(host)
        connection.request("GET", f"/?token={token}")
        cookie = str(connection.getresponse().headers["set-cookie"]).partition(";")[0]
        headers = {"Origin": f"http://{host}", "Cookie": cookie}

        def socket(path: str) -> ClientConnection:
            return connect(
                f"ws://{host}/live/{path}",
                additional_headers=headers,
                compression=None,
                ping_interval=None,  # nobody reads one while another is measured
            )

        with (
            socket("control") as control,
            socket("terminal/02.lesson?columns=80&rows=20") as lesson,
            socket("terminal/02.shell?columns=80&rows=20") as shell,
        ):
            page = cls(control, lesson, shell)
            page.say("hello", language="en", lesson="02")
            yield page

    def say(self, kind: str, **values: str) -> None:
        """Send a message."""
        self.control.send(json.dumps({"type": kind, **values}))

    def hear(self, kind: str) -> dict[str, object]:
        """Return the next message of a kind."""
        while True:
            message = json.loads(self.control.recv(_SECONDS))
            if message["type"] == kind:
                return dict(message)


def _until(socket: ClientConnection, word: str) -> None:
    """Draw a terminal's output until it has a word."""
    drawn = ""
    while word not in drawn:
        received = socket.recv(_SECONDS)
        if isinstance(received, bytes):
            drawn = drawn[-200:] + received.decode(errors="replace")
            socket.send(json.dumps({"ack": len(received)}))


def run_page(page: _Page) -> float:
    """Return the seconds from the press of Run to the header."""
    begin = time.monotonic()
    page.say("run", what="02")
    _until(page.lesson, _HEADER)
    return time.monotonic() - begin


def run_command(options: list[str]) -> float:
    """Return the seconds from ./lab run 02 to the header."""
    begin = time.monotonic()
    child = pexpect.spawn(
        "./lab",
        ["run", "02", *options],
        timeout=_SECONDS,
        dimensions=(30, 100),
        env={**os.environ, "TERM": "xterm-256color"},
    )
    child.expect_exact(_HEADER)
    seconds = time.monotonic() - begin
    child.send("\x11")
    child.expect(pexpect.EOF)
    child.close()
    return seconds


def echoes(page: _Page, count: int = 200) -> list[float]:
    """Return the seconds from each of so many keys to its echo."""
    page.shell.send(b"\x15")
    found = []
    for number in range(count):
        key = "abcdefgh"[number % 8]
        begin = time.monotonic()
        page.shell.send(key.encode())
        _until(page.shell, key)
        found.append(time.monotonic() - begin)
        if number % 40 == 39:
            page.shell.send(b"\x15")
            time.sleep(0.2)
    page.shell.send(b"\x15")
    return found


def check_page(page: _Page, text: str) -> float:
    """Return the seconds from a save in the page to the result of its check."""
    page.say("open", exercise=_EXERCISE)
    base = str(page.hear("file")["revision"])
    begin = time.monotonic()
    page.say("save", exercise=_EXERCISE, text=text, base=base)
    page.say("check", exercise=_EXERCISE)
    page.hear("verdict")
    return time.monotonic() - begin


def check_watch(watch: pexpect.spawn, path: Path, text: str) -> float:
    """Return the seconds from a save on disk to the result that ./lab watch prints."""
    begin = time.monotonic()
    path.write_text(text)
    watch.expect("Waiting for a save")
    return time.monotonic() - begin


@contextmanager
def _serving(options: list[str]) -> Iterator[_Page]:
    with subprocess.Popen(
        ["./lab", "--lang", "en", "site", "--port", "8765", *options],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        try:
            for line in process.stderr:
                if found := re.search(r"http://\S+", line):
                    with _Page.opened(found[0]) as page:
                        yield page
                    return
        finally:
            process.terminate()


def _say(name: str, page: list[float], command: list[float]) -> None:
    values = [f"{statistics.median(each):.2f}" for each in (page, command)]
    print(f"{name}: page {values[0]} s, ./lab {values[1]} s (medians, n = {len(page)})")


def main() -> int:
    """Measure, and print the figures; return 0."""
    options = [word for word in sys.argv[1:] if word.startswith("--")]
    runs = int(next((word for word in sys.argv[1:] if word.isdigit()), 5))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        # The learner's own files and progress are not touched.
        os.chdir(shutil.copytree(CHECKOUT, folder / "copy", ignore=_NOT_COPIED))
        with _serving(options) as page:
            run_page(page)
            pairs = [(run_page(page), run_command(options)) for _ in range(runs)]
            _say("run to header", *map(list, zip(*pairs, strict=True)))
            page.lesson.send(b"\x03")
            keys = sorted(echoes(page))
            print(
                f"key to echo: median {keys[100] * 1000:.1f} ms, "
                f"p95 {keys[189] * 1000:.1f} ms (n = {len(keys)})"
            )
            item = exercise.find(
                exercise.load_all(lesson.load_all(Path.cwd())), _EXERCISE
            )[0]
            text = item.start.read_text()
            texts = [f"{text}# {number}\n" for number in range(2 * runs)]
            ours = [check_page(page, each) for each in texts[:runs]]
            watch = pexpect.spawn(
                "./lab",
                ["--lang", "en", "watch", _EXERCISE, *options],
                timeout=_SECONDS,
            )
            watch.expect("Waiting for a save")
            theirs = [check_watch(watch, item.my_sample, each) for each in texts[runs:]]
            _say("save to result", ours, theirs)
            watch.sendintr()
            watch.expect(pexpect.EOF)
    return 0


if __name__ == "__main__":
    sys.exit(main())
