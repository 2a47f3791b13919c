"""What the commands of ./lab work with: lessons, machines, installed packages."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property

from bcclessons.console.console import Console
from bcclessons.console.text import Problem, Text
from bcclessons.course import exercise, lesson
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved
from bcclessons.doctor.check import State
from bcclessons.doctor.placement import Place, Placement, placement
from bcclessons.doctor.report import Report, examine
from bcclessons.doctor.target import ANYWHERE, Target
from bcclessons.machines import Machine, headers
from bcclessons.machines.host import Host
from bcclessons.machines.vm import layout
from bcclessons.machines.vm.client import Vm
from bcclessons.machines.workspace import Workspace
from bcclessons.setup import apt, environments, programs
from bcclessons.setup.cache import python_command
from bcclessons.setup.paths import CHECKOUT, environment_folder
from bcclessons.setup.system import System, ask_for_password


class Lab:
    """What every command works with."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.solved = Solved(os.environ)
        self._unreadable: dict[str, Problem] = {}

    @property
    def console(self) -> Console:
        """The console to speak on."""
        return self.workspace.console

    @cached_property
    def lessons(self) -> list[Lesson]:
        """Every lesson that can be read; of the others, the console says why not."""
        found = []
        for folder in lesson.folders(self.workspace.checkout):
            try:
                found.append(lesson.load(folder))
            except Problem as problem:
                self._unreadable[folder.name.partition("_")[0]] = problem
                self.console.say(problem.text)
        if not found:
            raise Problem(
                ja=f"{self.workspace.checkout}/lessons に，読めるレッスンが無い．",
                en=f"no lesson in {self.workspace.checkout}/lessons can be read.",
            )
        return found

    @cached_property
    def exercises(self) -> list[Exercise]:
        """Every exercise that can be read; of the others, the console says why not."""
        found = []
        for item in self.lessons:
            for folder in exercise.folders(item):
                try:
                    found.append(exercise.load(folder, item))
                except Problem as problem:
                    number = folder.name.partition("_")[0]
                    self._unreadable[f"{item.label}/{number}"] = problem
                    self.console.say(problem.text)
        return found

    def lesson(self, name: str, command: str = "./lab run") -> Lesson:
        """Return the lesson meant by 2, 02 or a part of its name.

        Else raise Problem, with the ``command`` to type.
        """
        with self._explained(name):
            return lesson.find(self.lessons, name, command)

    def named_exercises(
        self, name: str, command: str = "./lab check"
    ) -> list[Exercise]:
        """Return the exercises meant by 02/1, or 02 for all.

        Else raise Problem, with the ``command`` to type.
        """
        with self._explained(name):
            return exercise.find(self.exercises, name, command)

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        """Where what is meant is not found, raise the reason if it cannot be read."""
        try:
            yield
        except Problem:
            for label, problem in self._unreadable.items():
                known, wanted = label.lstrip("0"), name.lstrip("0")
                if wanted == known or wanted.startswith(f"{known}/"):
                    raise problem from None
            raise

    def report(self, target: Target = ANYWHERE) -> Report:
        """Examine this machine, with VMs of the target's release."""
        return examine(System.here(), self.workspace.on(target.release))

    def install_for(self, wanted: Lesson | None, target: Target) -> Placement:
        """Install the packages that running a lesson, or any, needs.

        Return where it runs. Raise Problem if that is nowhere.
        """
        report = self.report(target)
        found = placement(report, wanted or self.lessons[0], only=target.place)
        if found.place is Place.NOWHERE:
            raise Problem(
                ja=f"{found.why.ja}．直し方: ./lab doctor",
                en=f"{found.why.en}; to see how to fix it: ./lab doctor",
            )
        self._say_before_fetching(found, target)
        reason = Text(ja="レッスンを動かすの", en="Running the lesson")
        apt.install(found.packages, reason, self.console)
        return found

    def _say_before_fetching(self, found: Placement, target: Target) -> None:
        """Say where it will run, and why, if something is to be fetched for that."""
        cache = self.workspace.cache
        missing = {
            Place.HOST: False,
            Place.STANDIN: not (cache / headers.FOLDER).is_dir(),
            Place.VM: layout.usable_image(cache, target.release) is None,
        }[found.place]
        if not (missing or found.packages):
            return
        where = Text(ja="このマシン", en="this machine")
        if found.place is Place.VM:
            title = target.release.title
            where = Text(ja=f"VM（{title}）", en=f"a VM ({title})")
        self.console.say(
            Text(
                ja=f"{where.ja}で動かす: {found.why.ja}．",
                en=f"This will run on {where.en}: {found.why.en}.",
            )
        )

    @contextmanager
    def machine(
        self, wanted: Lesson | None, target: Target = ANYWHERE
    ) -> Iterator[Machine]:
        """Start the machine that a lesson (or any) runs on, and say which it is."""
        found = self.install_for(wanted, target)
        workspace = self.workspace.on(target.release)
        if found.place is Place.VM:
            machine: Machine = Vm(workspace)
        else:
            tree = None
            if found.place is Place.STANDIN:
                tree = headers.stand_in_headers(workspace)
            tracefs = self.report(target)["tracefs"].state is State.OK
            machine = Host(workspace.checkout, tree, tracefs=tracefs)
        if isinstance(machine, Host) and os.geteuid() != 0:
            ask_for_password()
        with machine:
            self.console.say(
                Text(
                    ja=f"{machine.title.ja}で動かす: {found.why.ja}．",
                    en=f"Running on {machine.title.en}: {found.why.en}.",
                )
            )
            try:
                yield machine
            except Problem:
                # Was it the machine? Its supervisor may need a moment to notice.
                end = time.monotonic() + 1
                while machine.is_running() and time.monotonic() < end:
                    time.sleep(0.05)
                if machine.is_running():
                    raise
            if isinstance(machine, Vm) and not machine.is_running():
                raise machine.why_ended()

    @contextmanager
    def machines(self, target: Target) -> Iterator[Callable[[Lesson], Machine]]:
        """Yield a function that starts the machine for a lesson, each only once."""
        started: dict[Place, Machine] = {}
        with ExitStack() as stack:

            def machine(wanted: Lesson) -> Machine:
                place = placement(self.report(target), wanted, only=target.place).place
                if place not in started:
                    started[place] = stack.enter_context(self.machine(wanted, target))
                return started[place]

            yield machine

    def require(self, commands: Mapping[str, str], reason: Text) -> None:
        """Install the packages (by command) of commands that this machine lacks."""
        apt.install(programs.missing(System.here(), commands), reason, self.console)

    def python(self, use: str) -> list[str]:
        """Return the command of a Python with the packages of ``use``: site or dev.

        They are locked in requirements-USE.txt.
        """
        lock = CHECKOUT / f"requirements-{use}.txt"
        folder = environment_folder(lock)
        environments.make(folder, lock, self.console)
        return python_command(str(folder / "bin/python"), self.workspace.cache)

    def pytest(self) -> list[str]:
        """Return the command that runs the tests."""
        # A shell that starts us in the background has SIGINT ignored, which children
        # inherit; the tests are about Ctrl-C, too.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return [*self.python("dev"), "-m", "pytest"]
