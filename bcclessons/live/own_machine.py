"""The machine of the one learner who typed ./lab site: this host, or a VM."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext, suppress

from bcclessons.console.text import Problem
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved
from bcclessons.doctor.target import Target
from bcclessons.lab import Lab
from bcclessons.machines import Machine
from bcclessons.machines.workspace import Workspace


class OwnMachine:
    """A LiveMachine on which everything is as for ./lab run and ./lab check."""

    def __init__(self, workspace: Workspace, target: Target) -> None:
        self._workspace = workspace
        self._target = target
        self._starting = asyncio.Lock()
        self._uses = ExitStack()
        self._machine: Callable[[Lesson], Machine] | None = None
        self.reload()

    def reload(self) -> None:
        """Read the lessons again, which somebody may have changed."""
        self._lab = Lab(self._workspace)

    @property
    def lessons(self) -> list[Lesson]:
        """Those of the checkout."""
        return self._lab.lessons

    @property
    def exercises(self) -> list[Exercise]:
        """Those of the checkout."""
        return self._lab.exercises

    @property
    def solved(self) -> Solved:
        """What ./lab knows, as it is now."""
        self._lab.solved.refresh()
        return self._lab.solved

    async def ready(self, lesson: Lesson) -> Machine:
        """Start what ./lab run would; one that has ended is started again."""
        async with self._starting:
            return await asyncio.to_thread(self._ready, lesson)

    def _ready(self, lesson: Lesson) -> Machine:
        if self._machine is None:
            self._machine = self._uses.enter_context(self._lab.machines(self._target))
        machine = self._machine(lesson)
        if not machine.is_running():
            self._leave()
            return self._ready(lesson)
        return machine

    def _leave(self) -> None:
        self._machine = None
        with suppress(Problem):  # of a VM that was not ended by us
            self._uses.close()
        self._uses = ExitStack()

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Nobody else is there to wait for."""
        return nullcontext()

    async def close(self) -> None:
        """End the use of the machine."""
        async with self._starting:
            await asyncio.to_thread(self._leave)
