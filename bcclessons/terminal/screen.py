"""A terminal that remembers what it shows, and somebody who looks at it and types."""

from __future__ import annotations

import codecs
import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pexpect

from bcclessons.console.text import Problem
from bcclessons.terminal import tmux

if TYPE_CHECKING:
    from bcclessons.course.lesson import Step

PROMPT = "$"
"""What the shells in it must have as prompt, before a space."""

_SIZE = os.terminal_size((80, 28))
_LOWER_LINES = 8
# Its pictures are for readers of any language: it has no line of words.
_SETTINGS = ("set -g status off", "set -g pane-active-border-style default")
# For an emulated machine that is busy otherwise; a lesson starts in 4 to 14 s.
_PATIENCE = 120.0
# Longer than a lesson is silent while more is to come.
_QUIET = 1.5
_KEY = 0.06
_BREATH = 0.6
_IDLE_LIMIT = 2.0


class Terminal:
    """A terminal with one or two shells in it, and its user. A context manager.

    The first shell has the upper window. ``hurried``, the user does not take the
    time that a human does.
    """

    def __init__(self, shells: Sequence[Sequence[str]], *, hurried: bool) -> None:
        self._hurried = hurried
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._seen: list[tuple[float, str]] = []
        with ExitStack() as stack:
            self._tmux = stack.enter_context(tmux.session(_SETTINGS, _SIZE, shells))
            self._begin = time.monotonic()
            self._process = pexpect.spawn(
                self._tmux[0],
                [*self._tmux[1:], "attach-session"],
                dimensions=(_SIZE.lines, _SIZE.columns),
                env={**tmux.environment(), "TERM": "xterm-256color"},
            )
            self._process.delaybeforesend = None
            stack.callback(self._process.close, force=True)
            self.windows = [Window(self, number) for number in range(len(shells))]
            if len(shells) > 1:
                self.ask(*f"resize-pane -t :.1 -y {_LOWER_LINES}".split())
            self._stack = stack.pop_all()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: object) -> None:
        """End the shells."""
        self._stack.close()

    def cast(self) -> str:
        """Return what has been on the terminal, as an asciicast of version 2."""
        header = {
            "version": 2,
            "width": _SIZE.columns,
            "height": _SIZE.lines,
            "idle_time_limit": _IDLE_LIMIT,
        }
        lines = [header, *([round(at, 3), "o", text] for at, text in self._seen)]
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

    def ask(self, *arguments: str) -> str:
        """Return what tmux answers."""
        done = subprocess.run(
            [*self._tmux, *arguments], stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    def watch(self, seconds: float) -> None:
        """Look at the terminal for some seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                received = self._process.read_nonblocking(65536, timeout=left)
            except pexpect.TIMEOUT:
                return
            except pexpect.EOF as error:
                raise _no_answer() from error
            if text := self._decoder.decode(received):
                self._seen.append((time.monotonic() - self._begin, text))

    def watch_until(self, fits: Callable[[], bool]) -> None:
        """Look at the terminal until something is so. Raise Problem if it stays away."""
        end = time.monotonic() + _PATIENCE
        while not fits():
            if time.monotonic() > end:
                raise _no_answer()
            self.watch(0.1)

    def breathe(self, moments: int = 1) -> None:
        """Take a human's moment, or several."""
        self.watch(0 if self._hurried else _BREATH * moments)

    def press(self, keys: str) -> None:
        """Press keys, one by one."""
        for key in keys:
            self._process.send(key)
            self.watch(0 if self._hurried else _KEY)


class Window:
    """A window of the terminal, with a shell in it."""

    def __init__(self, terminal: Terminal, pane: int) -> None:
        self._terminal = terminal
        self._pane = f":.{pane}"

    def text(self) -> str:
        """Return all that it has shown; long lines are whole."""
        shown = self._terminal.ask(*f"capture-pane -p -J -S - -t {self._pane}".split())
        return "\n".join(line.rstrip() for line in shown.splitlines()).rstrip()

    def said(self) -> str:
        """Return all that it has shown before the prompt that it ends with."""
        return self.text().removesuffix(PROMPT).rstrip()

    def prompts(self) -> bool:
        """Tell whether the shell waits for a command."""
        last = self.text().rpartition("\n")[2]
        return last.removeprefix("^C") == PROMPT and not self._screen_taken()

    def _screen_taken(self) -> bool:
        """Tell whether a pager or the like has the whole window."""
        format_ = "#{alternate_on}"
        answer = self._terminal.ask("display-message", "-p", "-t", self._pane, format_)
        return answer.strip() == "1"

    def type(self, command: str) -> None:
        """Type a command at the prompt."""
        self._terminal.watch_until(self.prompts)
        self.enter()
        self._terminal.press(command)
        self._terminal.watch_until(lambda: self.text().endswith(command))
        self._terminal.press("\r")

    def do(self, step: Step) -> None:
        """Type a step's command, and wait for the next prompt.

        Its keys are pressed once the command has taken the window; one that ends at
        once gets none.
        """
        self.type(step.command)
        if step.keys:
            self._terminal.watch_until(lambda: self._screen_taken() or self.prompts())
            if self._screen_taken():
                self._terminal.breathe(3)
                self._terminal.press(step.keys)
        self._terminal.watch_until(self.prompts)

    def enter(self) -> None:
        """Make it the window that keys go to."""
        self._terminal.breathe()
        self._terminal.ask("select-pane", "-t", self._pane)

    def settle(self) -> None:
        """Wait until nothing more appears."""
        before = None
        while before != (now := self.text()):
            before = now
            self._terminal.watch(_QUIET)


def _no_answer() -> Problem:
    return Problem(
        ja="録画している端末に，待っているものが現れない．もう一度実行する．",
        en="what is waited for does not appear on the recorded terminal; run it again.",
    )
