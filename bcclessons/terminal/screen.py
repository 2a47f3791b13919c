"""A terminal that is recorded, with panes in which commands are typed."""

from __future__ import annotations

import codecs
import math
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal

import pexpect

from bcclessons.console.text import Problem
from bcclessons.terminal import tmux
from bcclessons.terminal.cast import Event, asciicast

if TYPE_CHECKING:
    from bcclessons.course.run import Step

PROMPT = "$"
"""What the shells in it must have as prompt, before a space."""

# As few as show a run and what is typed below it; the player is beside the program.
_LINES = 20
_LOWER_LINES = 6
# Its pictures are for readers of any language: it has no line of words.
_SETTINGS = ("set -g status off", "set -g pane-active-border-style default")
# For an emulated machine that is busy otherwise; a lesson starts in 4 to 14 s.
_PATIENCE = 120.0
# Longer than a lesson is silent while more is to come.
_QUIET = 1.5
_KEY = 0.06
_PAUSE = 0.6


class Terminal:
    """A recorded terminal with a pane for each shell, from above. A context manager.

    It has ``columns`` columns. Keys are typed at a human's pace, unless it is ``fast``.
    """

    def __init__(
        self, shells: Sequence[Sequence[str]], columns: int, *, fast: bool
    ) -> None:
        self._size = size = os.terminal_size((columns, _LINES))
        self._fast = fast
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._seen: list[Event] = []
        with ExitStack() as stack:
            self._command = stack.enter_context(tmux.session(_SETTINGS, size, shells))
            self._begin = time.monotonic()
            self._process = pexpect.spawn(
                self._command[0],
                [*self._command[1:], "attach-session"],
                dimensions=(size.lines, size.columns),
                env={**tmux.environment(), "TERM": "xterm-256color"},
            )
            self._process.delaybeforesend = None
            stack.callback(self._process.close, force=True)
            self.panes = [Pane(self, number) for number in range(len(shells))]
            if len(shells) > 1:
                self.tmux(*f"resize-pane -t :.1 -y {_LOWER_LINES}".split())
            self._stack = stack.pop_all()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: object) -> None:
        """End the shells."""
        self._stack.close()

    def cast(self, longest: float = math.inf) -> str:
        """Return the recording as an asciicast; ``longest`` is as in ``asciicast``."""
        return asciicast(self._seen, self._size, longest)

    def tmux(self, *arguments: str) -> str:
        """Run a command of tmux; return its output."""
        done = subprocess.run(
            [*self._command, *arguments], stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    def read(self, seconds: float) -> None:
        """Record what the terminal shows for some seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                received = self._process.read_nonblocking(65536, timeout=left)
            except pexpect.TIMEOUT:
                return
            except pexpect.EOF as error:
                raise _no_answer() from error
            if text := self._decoder.decode(received):
                self._see("o", text)

    def mark(self, typed: str) -> None:
        """Note that something has been typed."""
        self._see("m", typed)

    def _see(self, kind: Literal["o", "m"], text: str) -> None:
        self._seen.append(Event(time.monotonic() - self._begin, kind, text))

    def read_until(self, done: Callable[[], bool]) -> None:
        """Record until ``done()``. Raise Problem if that takes too long."""
        end = time.monotonic() + _PATIENCE
        while not done():
            if time.monotonic() > end:
                raise _no_answer()
            self.read(0.1)

    def pause(self, times: int = 1) -> None:
        """Pause as a human does before typing, so many times."""
        self.read(0 if self._fast else _PAUSE * times)

    def press(self, keys: str) -> None:
        """Press keys, one by one."""
        for key in keys:
            self._process.send(key)
            self.read(0 if self._fast else _KEY)


class Pane:
    """A pane of the terminal, with a shell in it."""

    def __init__(self, terminal: Terminal, number: int) -> None:
        self._terminal = terminal
        self._target = f":.{number}"

    def text(self) -> str:
        """Return all that it has shown; long lines are whole."""
        shown = self._terminal.tmux(
            *f"capture-pane -p -J -S - -t {self._target}".split()
        )
        return "\n".join(line.rstrip() for line in shown.splitlines()).rstrip()

    def output(self) -> str:
        """Return all that it has shown before the prompt that it ends with."""
        return self.text().removesuffix(PROMPT).rstrip()

    def at_prompt(self) -> bool:
        """Tell whether the shell waits for a command."""
        last = self.text().rpartition("\n")[2]
        return last.removeprefix("^C") == PROMPT and not self._shows_full_screen()

    def _shows_full_screen(self) -> bool:
        """Tell whether a pager or the like has the whole pane."""
        format_ = "#{alternate_on}"
        answer = self._terminal.tmux(
            "display-message", "-p", "-t", self._target, format_
        )
        return answer.strip() == "1"

    def type(self, command: str) -> None:
        """Type a command at the prompt."""
        self._terminal.read_until(self.at_prompt)
        self.select()
        self._terminal.press(command)
        self._terminal.read_until(lambda: self.text().endswith(command))
        # tmux may know of the last key before its client has drawn it.
        self._terminal.read(_KEY)
        self._terminal.mark(command)
        self._terminal.press("\r")

    def run(self, step: Step) -> None:
        """Type a step's command, and wait for the next prompt.

        Its keys are pressed once the command shows a full screen; one that ends at
        once gets none.
        """
        self.type(step.command)
        if step.keys:
            self._terminal.read_until(
                lambda: self._shows_full_screen() or self.at_prompt()
            )
            if self._shows_full_screen():
                self._terminal.pause(3)
                self._terminal.press(step.keys)
        self._terminal.read_until(self.at_prompt)

    def select(self) -> None:
        """Make it the pane that keys go to."""
        self._terminal.pause()
        self._terminal.tmux("select-pane", "-t", self._target)

    def settle(self) -> None:
        """Wait until nothing more appears."""
        before = None
        while before != (now := self.text()):
            before = now
            self._terminal.read(_QUIET)


def _no_answer() -> Problem:
    return Problem(
        ja="録画している端末に，待っているものが現れない．もう一度実行する．",
        en="the expected text did not appear on the recorded terminal; run it again.",
    )
