"""The machines that the kernel tests run on: this host, and the VM."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bcclessons import cli
from bcclessons.cache import cache_folder
from bcclessons.lesson import Lesson
from bcclessons.machine import Machine
from bcclessons.progress import TerminalConsole
from bcclessons.text import Language, Problem
from bcclessons.verdict import Place, verdict


@dataclass
class Runner:
    """Runs commands as root on a machine, in the checkout's root."""

    machine: Machine
    name: str

    def run(
        self, argv: Sequence[str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, or for ``timeout`` seconds at most."""
        return subprocess.run(
            self.machine.command(argv, root=True),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )


@pytest.fixture(scope="session", params=["host", "vm"])
def machine(
    request: pytest.FixtureRequest, lessons: list[Lesson], checkout: Path
) -> Iterator[Runner]:
    """Each machine in turn, made ready as ./lab run makes it."""
    name: str = request.param
    lab = cli.Lab(TerminalConsole(Language.EN), cache_folder(os.environ), lessons)
    place = {"host": Place.HOST, "vm": Place.VM}[name]
    decided = verdict(lab.report(), lessons[0], only=place)
    if decided.place is Place.NOWHERE:
        pytest.skip(f"this machine cannot be the {name}: {decided.why.en}")
    with ExitStack() as stack:
        try:
            ready = stack.enter_context(lab.machine(lessons[0], place))
        except Problem as problem:
            pytest.fail(f"no {name}: {problem.text.en}")
        yield Runner(ready, name)
