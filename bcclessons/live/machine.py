"""What stands behind a live page, whoever's it is: the small interface of a machine."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved
from bcclessons.machines import Machine


class MachineState(StrEnum):
    """Whether a machine is there."""

    NONE = "none"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


class LiveMachine(Protocol):
    """A learner's machine, lessons, files and progress."""

    @property
    def lessons(self) -> list[Lesson]:
        """The lessons that it runs."""

    @property
    def exercises(self) -> list[Exercise]:
        """The exercises that it checks; their folders have the learner's files."""

    @property
    def solved(self) -> Solved:
        """The learner's progress."""

    async def ready(self, lesson: Lesson) -> Machine:
        """Return the machine that runs a lesson, started if need be.

        Raise Problem if it cannot be started.
        """

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait until it is the learner's turn for what takes much CPU."""

    async def close(self) -> None:
        """End its use, leaving nothing behind."""
