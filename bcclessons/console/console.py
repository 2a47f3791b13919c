"""What ./lab prints: lines, questions and steps, in the reader's language.

Uses nothing but the standard library: ./lab speaks before its packages are there.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from bcclessons.console.text import Language, Text


class Stage(Protocol):
    """One step of a long job."""

    def update(self, done: int, total: int) -> None:
        """Show ``done`` of ``total`` bytes (a total of 0 is not known yet)."""


class PlainStage:
    """A step shown as lines: its title, then one at each quarter of its bytes."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._shown = 0
        print(title, file=sys.stderr, flush=True)

    def update(self, done: int, total: int) -> None:
        """Print a line at each quarter."""
        if total and (quarter := done * 4 // total) > self._shown:
            self._shown = quarter
            size = f"{done / 1e6:.0f}/{total / 1e6:.0f} MB"
            print(f"  {self._title}: {size}", file=sys.stderr, flush=True)


class Console:
    """Prints messages for one reader to stderr; results go to stdout."""

    def __init__(self, language: Language, *, assume_yes: bool = False) -> None:
        self.language = language
        self._assume_yes = assume_yes

    def say(self, text: Text) -> None:
        """Print one line."""
        print(text.to(self.language), file=sys.stderr, flush=True)

    def confirm(self, question: Text) -> bool:
        """Ask a yes-or-no question; where nobody can answer, assume yes."""
        if self._assume_yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        print(question.to(self.language), end=" [Y/n] ", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        # An empty line is yes; the end of the input (Ctrl-D) is no.
        return answer.strip().lower() in ("", "y", "yes", "はい") and answer != ""

    def stage(
        self, title: Text, *, sized: bool = False
    ) -> AbstractContextManager[Stage]:
        """Show a step of a long job while the block runs; ``sized``: in bytes."""
        return nullcontext(PlainStage(title.to(self.language)))
