"""A learner's session in a class: what the board shows of it, and how it uses its VM."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from bcclessons.console.text import Text
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.live.classroom.learners import Learner
from bcclessons.live.classroom.machine import LearnersMachine
from bcclessons.live.classroom.progress import ClassProgress
from bcclessons.live.classroom.seat import Seat
from bcclessons.live.progress import PageConsole
from bcclessons.live.session import PANES, Page, Session
from bcclessons.live.terminal import Size, Terminal, View

# What the VM's shell prints, which follows a program that has ended.
_PROMPT = b"(VM) "
# A page that is looked at asks every 5 s how its learner is.
_HERE_SECONDS = 15.0


class ClassTerminal(Terminal):
    """A terminal in which typing wakes the VM, and which the instructor may look at."""

    def __init__(self, size: Size, seat: Seat) -> None:
        super().__init__(size)
        self._seat = seat

    @property
    def kept(self) -> bytes:
        """The last of its output."""
        return self._kept.data()

    def type(self, data: bytes) -> None:
        """Type something."""
        self._seat.touch()
        super().type(data)


class LearnerSession(Session):
    """The session of one learner, whose hand may be raised."""

    retry = Text(
        ja="「確かめる」をもう一度押す．何度押しても同じなら，講師に伝える．",
        en="Press Check again; if it stays so, tell the instructor.",
    )

    def __init__(
        self, learner: Learner, console: PageConsole, progress: ClassProgress
    ) -> None:
        super().__init__(console)
        self.learner = learner
        self.has_raised_hand = False
        self.lesson_label = ""
        self.exercise_label = ""
        self._progress = progress
        self._seen = -_HERE_SECONDS

    @property
    def learners_machine(self) -> LearnersMachine:
        """The machine, as what it is in a class."""
        assert isinstance(self.machine, LearnersMachine)
        return self.machine

    @property
    def is_here(self) -> bool:
        """Whether a page of his is open."""
        return bool(self.pages) or time.monotonic() - self._seen < _HERE_SECONDS

    def see(self, lesson: str) -> None:
        """Note that he looks at a page, of a lesson or of none."""
        self._seen = time.monotonic()
        if lesson in {each.label for each in self.machine.lessons}:
            self.lesson_label = lesson

    def join(self, page: Page) -> None:
        """Have a page told of what happens; the VM wakes for who is back."""
        self.lesson_label = page.lesson or self.lesson_label
        super().join(page)
        if self.learners_machine.seat.asleep:
            self.learners_machine.seat.touch()

    def state(self) -> dict[str, Any]:
        """Return what a page shows, with the learner's name."""
        return {**super().state(), "learner": self.learner.name}

    def tell(self, kind: str, **values: Any) -> None:
        """Tell every page; what has come of a check is kept for the board."""
        super().tell(kind, **values)
        match kind:
            case "checking":
                self.exercise_label = values["exercise"]
            case "verdict" if not values["undecided"]:
                self.exercise_label = label = values["exercise"]
                failure = None if values["solved"] else values["text"]
                self._progress.checked(self.learner, label, failure)

    def tell_file(self, exercise: Exercise, page: Page | None = None) -> None:
        """Send the file; that a page has opened it is kept for the board."""
        super().tell_file(exercise, page)
        if page is not None:
            self.exercise_label = exercise.label
            self._progress.started(self.learner, exercise.label)

    def terminal(self, name: str, size: Size) -> Terminal:
        """Return a terminal, with nothing in it if it is new."""
        if name not in self.terminals:
            self.terminals[name] = ClassTerminal(size, self.learners_machine.seat)
        return self.terminals[name]

    async def run(self, lesson: Lesson, folder: Sequence[str], program: str) -> str:
        """Run a program; others have their turn when its header is there."""
        await self.ready(lesson)
        terminal = self.terminal(f"{lesson.label}.{PANES[0]}", Size(80, 20))
        ready = lesson.output.ready
        for exercise in self.machine.exercises:
            if exercise.lesson == lesson and exercise.folder.name in folder:
                ready = exercise.output.ready

        async def settling() -> None:
            await _output(terminal, (ready.encode(), _PROMPT))

        self.learners_machine.settling = settling
        return await super().run(lesson, folder, program)

    async def close(self) -> None:
        """End what the pages have asked for, the terminals and the VM."""
        for task in self.asked | self._tasks:
            task.cancel()
        await asyncio.gather(*self.asked, return_exceptions=True)
        await super().close()


async def _output(terminal: Terminal, wanted: Sequence[bytes]) -> None:
    """Wait until a terminal's output has one of these, or its program has ended."""
    view = View()
    terminal.attach(view)
    seen = b""
    try:
        while True:
            output = await view.output.get()
            if isinstance(output, bytes):
                terminal.acknowledge(view, len(output))
                seen = (seen + output.replace(b"\r", b""))[-65536:]
                if any(each in seen for each in wanted):
                    return
            elif "ended" in output:
                return
    finally:
        terminal.detach(view)
