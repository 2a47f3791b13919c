"""Where a lesson runs: this host, or a Debian VM; may import setup, console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bcclessons.console.text import Text


class Machine(Protocol):
    """A place where a lesson runs. Use as a context manager: leaving it ends its use."""

    @property
    def emulated(self) -> bool:
        """Whether its CPU is emulated, so that it is slow; known once it is ready."""

    @property
    def title(self) -> Text:
        """What to call it in a sentence."""

    def local_command(self, argv: Sequence[str], *, root: bool = False) -> list[str]:
        """Return the command that a shell *on* the machine runs ``argv`` with.

        With ``root``, it runs as root, and can load BPF programs.
        """

    def shell(self) -> list[str]:
        """Return the command of a shell on the machine.

        In it, ``sudo ./PROGRAM`` runs a lesson.
        """

    def command(
        self,
        argv: Sequence[str],
        *,
        folder: str = ".",
        root: bool = False,
        terminal: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the command of this host that runs ``argv`` on the machine.

        It runs in ``folder`` of the checkout. With ``terminal``, it has the
        terminal (window size, Ctrl-C) that this command is given.
        """

    def is_running(self) -> bool:
        """Tell whether the machine still runs."""

    def __enter__(self) -> Machine:
        """Make the machine ready."""

    def __exit__(self, *exception: object) -> None:
        """End its use, leaving nothing behind."""
