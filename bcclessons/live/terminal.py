"""A pseudo terminal that outlives the pages which show it.

A program's output goes to every page that shows the terminal, and its end is kept, so
that a page which comes later, or comes back, has the same screen. A page acknowledges
what it has drawn. While no page keeps up, nothing is read, so that the kernel makes the
program wait.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import Sequence
from typing import NamedTuple

from bcclessons.live.kept_output import KeptOutput
from bcclessons.live.outgoing import Outgoing

# So much output may be on its way to a page.
WINDOW_BYTES = 256 * 1024
# So much is read while there is no page.
UNSEEN_BYTES = 1024 * 1024
# So much may wait for a program that does not read what is typed.
TYPED_BYTES = 1024 * 1024
# A program that takes no notice of a terminal that is gone is killed after this.
END_SECONDS = 2.0
_CHUNK_BYTES = 32 * 1024


class Size(NamedTuple):
    """A terminal's columns and rows."""

    columns: int
    rows: int


class View:
    """A page that shows a terminal. ``output`` has what is to be sent to it.

    That is bytes, or a dictionary: see Terminal.attach.
    """

    def __init__(self) -> None:
        self.output = Outgoing()
        self.unacknowledged = 0
        self.is_behind = False


class Terminal:
    """A pseudo terminal, and what runs in it. All methods belong to the event loop."""

    def __init__(self, size: Size) -> None:
        """While ``is_starting``, what is typed is kept for what will run in it."""
        self.size = size
        self._views: set[View] = set()
        self._kept = KeptOutput()
        self._unseen_bytes = 0
        self._typed = bytearray()
        self.is_starting = False
        self._master = -1
        self._reading = False
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    @property
    def is_running(self) -> bool:
        """Whether a program runs in it."""
        return self._master >= 0

    @property
    def views(self) -> int:
        """How many pages show it."""
        return len(self._views)

    def start(self, command: Sequence[str]) -> None:
        """Run a command in it, on a clear screen, in place of what ran there."""
        self._hang_up()
        self._kept = KeptOutput()
        self._unseen_bytes = 0
        if not self.is_starting:
            self._typed.clear()
        self.is_starting = False
        self._master, slave = os.openpty()
        try:
            self._set_size()
            self._process = subprocess.Popen(
                ["setsid", "--ctty", *command],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**os.environ, "TERM": "xterm-256color"},
            )
        except OSError:
            os.close(self._master)
            self._master = -1
            raise
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        for view in self._views:
            self._replay(view)
        self._flow()
        if self._typed:
            self._write()

    def attach(self, view: View) -> None:
        """Show it on a page: what was seen before is sent first, then what comes.

        {"size": [columns, rows]} says for which size the bytes are meant, {"replay": n}
        that n bytes from before follow, to be drawn on a new screen, {"ended": status}
        that the program has ended.
        """
        self._views.add(view)
        self._replay(view)
        self._flow()

    def detach(self, view: View) -> None:
        """End showing it on a page."""
        self._views.discard(view)
        self._flow()

    def acknowledge(self, view: View, count: int) -> None:
        """Note that a page has drawn so many bytes."""
        # Never what has not been sent yet, whatever the page says.
        left = view.unacknowledged - max(0, count)
        view.unacknowledged = max(view.output.length, left)
        if view.is_behind and view.unacknowledged == 0:
            self._replay(view)
        self._flow()

    def resize(self, size: Size) -> None:
        """Give it another size; every page is told."""
        if size == self.size:
            return
        self.size = size
        self._set_size()
        for view in self._views:
            view.output.put_nowait({"size": list(size)})

    def type(self, data: bytes) -> None:
        """Type something. What is not read in time, or by nobody, is dropped."""
        alive = self.is_running or self.is_starting
        if not alive or len(self._typed) + len(data) > TYPED_BYTES:
            return
        waiting = bool(self._typed)
        self._typed += data
        if self.is_running and not waiting:
            self._write()

    async def close(self) -> None:
        """End what runs in it, as a terminal does whose window is closed."""
        self._hang_up()
        while self._ending:
            await asyncio.gather(*self._ending)

    def _set_size(self) -> None:
        if self.is_running:
            size = struct.pack("HHHH", self.size.rows, self.size.columns, 0, 0)
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def _replay(self, view: View) -> None:
        """Begin anew on a page, with what is kept."""
        while not view.output.empty():
            view.output.get_nowait()
        data = self._kept.data()
        view.output.put_nowait({"size": list(self.size)})
        view.output.put_nowait({"replay": len(data)})
        view.is_behind = False
        view.unacknowledged = len(data)
        if data:
            view.output.put_nowait(data)
        if self._process and self._process.returncode is not None:
            view.output.put_nowait({"ended": self._process.returncode})

    def _flow(self) -> None:
        """Read, unless every page has to draw first, or nobody looks for long."""
        if self._views:
            self._unseen_bytes = 0
            wanted = any(v.unacknowledged < WINDOW_BYTES for v in self._views)
        else:
            wanted = self._unseen_bytes < UNSEEN_BYTES
        wanted &= self.is_running
        if wanted and not self._reading:
            self._loop.add_reader(self._master, self._read)
        elif self._reading and not wanted:
            self._loop.remove_reader(self._master)
        self._reading = wanted

    def _read(self) -> None:
        try:
            data = os.read(self._master, _CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:  # EIO: nobody has the other side open
            data = b""
        if not data:
            self._hang_up()
            return
        self._kept.append(data)
        for view in self._views:
            if view.unacknowledged >= WINDOW_BYTES:
                view.is_behind = True  # it will begin anew once it has drawn the rest
            if not view.is_behind:
                view.unacknowledged += len(data)
                view.output.put_nowait(data)
        if not self._views:
            self._unseen_bytes += len(data)
        self._flow()

    def _write(self) -> None:
        """Pass on what was typed, as far as the program reads it."""
        self._loop.remove_writer(self._master)
        try:
            del self._typed[: os.write(self._master, self._typed)]
        except BlockingIOError:
            pass
        except OSError:
            self._typed.clear()
        if self._typed:
            self._loop.add_writer(self._master, self._write)

    def _hang_up(self) -> None:
        """Close the terminal; whoever runs in it has SIGHUP, and some time to end."""
        if self._process is None or not self.is_running:
            return
        if self._reading:
            self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        self._reading = False
        os.close(self._master)
        self._master = -1
        task = self._loop.create_task(self._end(self._process))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for a program's end, and tell the pages if no other runs by now."""
        end = self._loop.time() + END_SECONDS
        while process.poll() is None:
            if self._loop.time() > end:
                process.kill()
            await asyncio.sleep(0.02)
        if process is self._process:
            for view in self._views:
                view.output.put_nowait({"ended": process.returncode})
