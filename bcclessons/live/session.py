"""One learner's session: pages, terminals, the machine, and what is told to all pages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import learner_file
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.live import files
from bcclessons.live.machine import MachineState
from bcclessons.live.outgoing import Outgoing
from bcclessons.live.progress import PageConsole
from bcclessons.live.terminal import Size, Terminal
from bcclessons.terminal import panes

if TYPE_CHECKING:
    from bcclessons.live.machine import LiveMachine
    from bcclessons.machines import Machine

# A learner has some tabs open; a page in a loop would have ever more.
MOST_PAGES = 24
MOST_VIEWS = 2 * MOST_PAGES
# So much may wait for a page that does not read; then its connection ends.
_MOST_MESSAGES = 1000
_MOST_CHARACTERS = 4 * 1024 * 1024
PANES = ("lesson", "shell")
_POLL_SECONDS = 0.2


class Page:
    """A page of the learner's: its language and lesson, what is to be sent to it."""

    def __init__(self) -> None:
        self.language = Language.JA
        self.lesson = ""
        self.messages = Outgoing()
        self.is_behind = asyncio.Event()
        self.opened: set[str] = set()

    def tell(self, kind: str, **values: Any) -> None:
        """Send a message; a Text is in the page's language.

        It is dropped, and the page is behind, if too much waits already.
        """
        waiting = self.messages
        if waiting.qsize() >= _MOST_MESSAGES or waiting.length > _MOST_CHARACTERS:
            self.is_behind.set()
            return
        for name, value in values.items():
            if isinstance(value, Text):
                values[name] = value.to(self.language)
        self.messages.put_nowait({"type": kind, **values})


class Session:
    """All that one learner's pages show, for as long as the server runs.

    ``retry`` says what to do where a check has no result, if no terminal is at hand.
    """

    retry: Text | None = None

    def __init__(self, console: PageConsole) -> None:
        """``console`` is that of the machine: its lines are shown while it starts.

        ``connections`` counts pages, also those that have said nothing yet; ``asked``
        is what pages have asked for, and what is not done. ``logins_changed`` is set,
        for a moment, when somebody may have been logged out: see recheck_logins.
        """
        self.console = console
        self.pages: set[Page] = set()
        self.connections = 0
        self.asked: set[asyncio.Task[None]] = set()
        self.terminals: dict[str, Terminal] = {}
        self.checking = asyncio.Lock()
        self.logins_changed = asyncio.Event()
        self._machine: LiveMachine | None = None
        self._state = MachineState.NONE
        self._said = ""
        self._revisions: dict[str, object] = {}
        self._watching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def machine(self) -> LiveMachine:
        """What stands behind the pages."""
        assert self._machine is not None
        return self._machine

    @machine.setter
    def machine(self, machine: LiveMachine) -> None:
        self._machine = machine

    def lesson(self, label: str) -> Lesson:
        """Return a lesson by its label. Raise Problem if there is none."""
        for lesson in self.machine.lessons:
            if lesson.label == label:
                return lesson
        raise Problem(
            ja=f"レッスン {label} は無い．ページを読み込み直す．",
            en=f"there is no lesson {label}; reload the page.",
        )

    def exercise(self, label: str) -> Exercise:
        """Return an exercise by its label. Raise Problem if there is none."""
        for exercise in self.machine.exercises:
            if exercise.label == label:
                return exercise
        raise Problem(
            ja=f"演習 {label} は無い．ページを読み込み直す．",
            en=f"there is no exercise {label}; reload the page.",
        )

    def join(self, page: Page) -> None:
        """Have a page told of what happens."""
        self.pages.add(page)
        self.console.language = page.language
        page.tell("state", **self.state())
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    def leave(self, page: Page) -> None:
        """Tell it no more."""
        self.pages.discard(page)

    def recheck_logins(self) -> None:
        """End the connections of who is no longer logged in."""
        self.logins_changed.set()
        self.logins_changed.clear()

    def tell(self, kind: str, **values: Any) -> None:
        """Tell every page."""
        for page in self.pages:
            page.tell(kind, **values)

    def state(self) -> dict[str, Any]:
        """Return what a page shows of the machine and of the learner's progress."""
        solved, exercises = self.machine.solved, self.machine.exercises
        hints = {each.label: solved.hints(each) for each in exercises}
        return {
            "machine": {"state": self._state, "text": self._said},
            "solved": [each.label for each in exercises if solved.has(each)],
            "hints": {label: count for label, count in hints.items() if count},
            "learner": None,
        }

    def say(self, line: str) -> None:
        """Show a line of the machine's console."""
        self._said = line
        self.tell("state", **self.state())

    def _enter(self, state: MachineState, line: str = "") -> None:
        self._state = state
        self.say(line)

    async def ready(self, lesson: Lesson) -> Machine:
        """Return the machine for a lesson, started if need be, and tell the pages."""
        before = self._state
        if before is not MachineState.READY:
            self._enter(MachineState.STARTING)
        try:
            machine = await self.machine.ready(lesson)
        except Problem as problem:
            self._enter(MachineState.FAILED, problem.text.to(self.console.language))
            raise
        self._enter(MachineState.READY, machine.title.to(self.console.language))
        return machine

    @property
    def views(self) -> int:
        """How many pages show a terminal, each counted for each."""
        return sum(each.views for each in self.terminals.values())

    def terminal(self, name: str, size: Size) -> Terminal:
        """Return a terminal, with nothing in it if it is new."""
        if name not in self.terminals:
            self.terminals[name] = Terminal(size)
        return self.terminals[name]

    def open_shell(self, name: str, lesson: Lesson) -> None:
        """Have a shell in a terminal, in the lesson's folder, unless something runs.

        Where that cannot be, the pages are told.
        """
        terminal = self.terminals[name]
        if terminal.is_running or terminal.is_starting:
            return
        terminal.is_starting = True

        async def start() -> None:
            try:
                machine = await self.ready(lesson)
                folder = f"lessons/{lesson.folder.name}"
                terminal.start(panes.shell_command(machine, folder))
            except Problem as problem:
                self.tell("problem", text=problem.text)
            finally:
                terminal.is_starting = False

        task = asyncio.create_task(start())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self, lesson: Lesson, folder: Sequence[str], program: str) -> str:
        """Run a program below a lesson's folder; return the name of its terminal."""
        name = f"{lesson.label}.{PANES[0]}"
        async with self.machine.turn():
            machine = await self.ready(lesson)
            where = "/".join(("lessons", lesson.folder.name, *folder))
            language = self.console.language
            command = panes.program_command(machine, where, program, language)
            self.terminal(name, Size(80, 20)).start(command)
        return name

    async def _watch(self) -> None:
        """Tell the pages of files that change on disk, whoever changes them."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            for label in set[str]().union(*(page.opened for page in self.pages)):
                try:
                    exercise = self.exercise(label)
                    revision = learner_file.revision(exercise)
                    # None is an editor that is about to put it back.
                    if revision not in (None, self._revisions.get(label)):
                        self.tell_file(exercise)
                except Problem as problem:
                    self.tell("problem", text=problem.text)

    def tell_file(self, exercise: Exercise, page: Page | None = None) -> None:
        """Send the file as it is on disk to a page, or to all that show it."""
        self._revisions[exercise.label] = learner_file.revision(exercise)
        content = files.read(exercise)
        for each in [page] if page else self.pages:
            if exercise.label in each.opened:
                each.tell("file", exercise=exercise.label, **content._asdict())

    async def close(self) -> None:
        """End the terminals and the use of the machine."""
        if self._watching is not None:
            self._watching.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(each.close() for each in self.terminals.values()))
        await self.machine.close()
