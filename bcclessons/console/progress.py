"""Moving progress bars, in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from bcclessons.console.console import Console, Stage
from bcclessons.console.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


class _Bar:
    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=None)

    def update(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total or None)


class TerminalConsole(Console):
    """A console whose steps are moving bars, where it is a terminal."""

    def stage(
        self, title: Text, *, sized: bool = False
    ) -> AbstractContextManager[Stage]:
        """Show a step as a bar with sizes, or as a spinner, and its time."""
        if not sys.stderr.isatty():
            return super().stage(title, sized=sized)
        return self._moving_stage(title, sized)

    @contextmanager
    def _moving_stage(self, title: Text, sized: bool) -> Iterator[Stage]:
        # Imported here: a warm ./lab run shows no bar, and starts faster without.
        import rich.console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        columns: list[ProgressColumn] = [
            SpinnerColumn(),
            TextColumn("{task.description}"),
        ]
        if sized:
            columns += [BarColumn(bar_width=24), DownloadColumn()]
        console = rich.console.Console(stderr=True, highlight=False)
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            yield _Bar(progress, title.to(self.language))
