"""What ./lab prints: lines, questions and steps, in the reader's language.

Uses nothing but the standard library: ./lab speaks before its packages are there.
"""

from __future__ import annotations

import sys

from bcclessons.console.stage import Stage
from bcclessons.console.text import Language, Text


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

    def stage(self, title: Text) -> Stage:
        """Show a step of a long job while the block runs."""
        return Stage(title.to(self.language), self.language, brief=False)

    def waiting(self, title: Text) -> Stage:
        """Show what is waited for while the block runs, unless that is brief."""
        return Stage(title.to(self.language), self.language, brief=True)
