"""Moving progress bars, in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import rich.console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from bcclessons.console import Console, Stage
from bcclessons.text import Language, Text


class _Bar:
    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=None)

    def update(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total or None)


class TerminalConsole(Console):
    """A console whose steps are moving bars, where it is a terminal."""

    def __init__(self, language: Language, *, assume_yes: bool = False) -> None:
        super().__init__(language, assume_yes=assume_yes)
        self._rich = rich.console.Console(stderr=True, highlight=False)

    def stage(self, title: Text, *, sized: bool = False) -> AbstractContextManager[Stage]:
        """Show a step as a bar with sizes, or as a spinner, and its time."""
        if not self._rich.is_terminal:
            return super().stage(title, sized=sized)
        return self._moving_stage(title, sized)

    @contextmanager
    def _moving_stage(self, title: Text, sized: bool) -> Iterator[Stage]:
        columns: list[ProgressColumn] = [
            SpinnerColumn(),
            TextColumn("{task.description}"),
        ]
        if sized:
            columns += [BarColumn(bar_width=24), DownloadColumn()]
        with Progress(*columns, TimeElapsedColumn(), console=self._rich) as progress:
            yield _Bar(progress, title.to(self.language))
