"""What ./lab prints: lines, questions and steps, in the reader's language.

Uses nothing but the standard library: ./lab speaks before its packages are there.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Self

from bcclessons.console.stage import Stage
from bcclessons.console.text import Language, Text, language_wanted


class Console:
    """Prints messages for one reader to stderr; results go to stdout.

    ``as_json`` says that a program reads stdout: it gets errors there, too.
    """

    def __init__(
        self, language: Language, *, assume_yes: bool = False, as_json: bool = False
    ) -> None:
        self.language = language
        self.as_json = as_json
        self._assume_yes = assume_yes

    @classmethod
    def of(cls, arguments: Sequence[str], environment: Mapping[str, str]) -> Self:
        """Return the console that the arguments of ./lab ask for."""
        return cls(
            language_wanted(arguments, environment),
            assume_yes="--yes" in arguments,
            as_json="--json" in arguments,
        )

    def say(self, text: Text) -> None:
        """Print one line."""
        print(text.to(self.language), file=sys.stderr, flush=True)

    def fail(self, text: Text) -> None:
        """Print why ./lab fails, to stdout as JSON, too, if a program reads that."""
        print("lab:", text.to(self.language), file=sys.stderr)
        if self.as_json:
            import json

            error = {"error": {"ja": text.ja, "en": text.en}}
            print(json.dumps(error, ensure_ascii=False, indent=2))

    def confirm(self, question: Text, *, unasked: bool = True) -> bool:
        """Ask a yes-or-no question; where nobody can answer, it is ``unasked``."""
        if self._assume_yes:
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return unasked
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
