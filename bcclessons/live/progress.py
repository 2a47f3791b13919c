"""What the server says while a machine is built or started, for the page to show."""

from __future__ import annotations

from collections.abc import Callable

from bcclessons.console.console import Console
from bcclessons.console.stage import Stage
from bcclessons.console.text import Language, Problem, Text


class PageConsole(Console):
    """A console whose lines go to pages: ``show`` is called with each, in any thread."""

    def __init__(self, language: Language, show: Callable[[str], None]) -> None:
        super().__init__(language)
        self._show = show

    def say(self, text: Text) -> None:
        """Show a line."""
        self._show(text.to(self.language))

    def confirm(self, question: Text, *, unasked: bool = True) -> bool:
        """Raise Problem: what asks changes the system, which no page may do."""
        del unasked
        raise Problem(
            ja=f"このマシンに足りないものがある．端末で一度実行する: ./lab run 02（{question.ja}）",
            en="this machine lacks something; in a terminal, type once: ./lab run 02 "
            f"({question.en})",
        )

    def stage(self, title: Text) -> Stage:
        """Show a step of a long job while the block runs."""
        return _Step(title.to(self.language), self.language, self._show, brief=False)

    def waiting(self, title: Text) -> Stage:
        """Show what is waited for while the block runs, unless that is brief."""
        return _Step(title.to(self.language), self.language, self._show, brief=True)


class _Step(Stage):
    """A step that is shown as one line, again and again."""

    def __init__(
        self,
        title: str,
        language: Language,
        show: Callable[[str], None],
        *,
        brief: bool,
    ) -> None:
        super().__init__(title, language, brief=brief)
        self._moving = False
        self._show_line = show

    def _draw(self, *, first: bool) -> None:
        state = "" if first else f": {self.state()}"
        self._show_line(f"{self.title}{state}")
