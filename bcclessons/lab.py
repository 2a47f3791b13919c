"""What the commands of ./lab work with: lessons, machines, installed packages."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from bcclessons.console.console import Console
from bcclessons.console.text import Problem, Text
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved
from bcclessons.doctor import checks as doctor
from bcclessons.doctor.placement import Place, Placement, placement
from bcclessons.machines import Machine, debian
from bcclessons.machines.debian import Release
from bcclessons.machines.headers import stand_in_headers
from bcclessons.machines.host import Host
from bcclessons.machines.vm import client as vm
from bcclessons.machines.workspace import Workspace
from bcclessons.setup import apt as packages
from bcclessons.setup import environments
from bcclessons.setup import programs as tools
from bcclessons.setup.cache import python_command
from bcclessons.setup.paths import CHECKOUT, environment_folder
from bcclessons.setup.system import System


class Where(NamedTuple):
    """Where a lesson runs, as far as the user decides, and the release of a VM."""

    only: Place | None
    release: Release

    @classmethod
    def asked(cls, *, host: bool, vm: bool, on: str | None) -> Where:
        """Return what --host, --vm and --on come to. Raise Problem if they clash."""
        release = debian.RELEASES[0] if on is None else debian.release(on)
        if not host:
            return cls(Place.VM if vm or on is not None else None, release)
        if vm or on is not None:
            raise Problem(
                ja="--host はこのマシンで，--vm と --on は VM で動かす．"
                "どちらかだけを指定する．",
                en="--host runs on this machine, --vm and --on in a VM; "
                "give one or the other.",
            )
        return cls(Place.HOST, release)


@dataclass
class Lab:
    """What every command works with."""

    workspace: Workspace
    lessons: list[Lesson]
    solved: Solved = field(default_factory=lambda: Solved(os.environ))

    @property
    def console(self) -> Console:
        """The console to speak on."""
        return self.workspace.console

    def report(self, release: Release | None = None) -> doctor.Report:
        """Examine this machine, with VMs of a release, or of the default one."""
        return doctor.examine(
            System.here(), self.workspace.on(release or self.workspace.release)
        )

    @contextmanager
    def machine(
        self,
        wanted: Lesson | None,
        only: Place | None,
        release: Release | None = None,
    ) -> Iterator[Machine]:
        """Make the machine that a lesson (or any) runs on ready, and say which it is.

        A VM is of ``release``, or of the default one.
        """
        workspace = self.workspace.on(release or self.workspace.release)
        report = self.report(release)
        found = placement(report, wanted or self.lessons[0], only=only)
        self._make_possible(found)
        if found.place is Place.VM:
            machine: Machine = vm.Vm(workspace)
        else:
            headers = None
            if found.place is Place.STANDIN:
                headers = stand_in_headers(workspace)
            tracefs = report["tracefs"].state is doctor.State.OK
            machine = Host(workspace.checkout, headers, tracefs=tracefs)
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
                # Was it the machine? Its keeper may need a moment to notice.
                end = time.monotonic() + 1
                while machine.alive() and time.monotonic() < end:
                    time.sleep(0.05)
                if machine.alive():
                    raise
            if not machine.alive():
                raise Problem(
                    ja="VM が途中で終わった．もう一度実行する．",
                    en="the VM ended before its time; run this again.",
                )

    def _make_possible(self, found: Placement) -> None:
        """Install what a placement calls for. Raise Problem if it is NOWHERE."""
        if found.place is Place.NOWHERE:
            raise Problem(
                ja=f"{found.why.ja}．直し方: ./lab doctor",
                en=f"{found.why.en}; how to mend it: ./lab doctor",
            )
        reason = Text(ja="レッスンを動かすの", en="Running the lesson")
        packages.install(found.packages, reason, self.console)

    @contextmanager
    def machines(self, where: Where) -> Iterator[Callable[[Lesson], Machine]]:
        """Yield what makes the machine for a lesson ready, each of them only once."""
        ready: dict[Place, Machine] = {}
        with ExitStack() as stack:

            def machine(wanted: Lesson) -> Machine:
                report = self.report(where.release)
                place = placement(report, wanted, only=where.only).place
                if place not in ready:
                    ready[place] = stack.enter_context(self.machine(wanted, *where))
                return ready[place]

            yield machine

    def need_vm(self, wanted: Lesson, release: Release) -> None:
        """Install what running a lesson in a VM of a release takes."""
        self._make_possible(placement(self.report(release), wanted, only=Place.VM))

    def need(self, commands: Mapping[str, str], reason: Text) -> None:
        """Install the packages (by command) of commands that this machine lacks."""
        packages.install(tools.missing(System.here(), commands), reason, self.console)

    def python(self, use: str) -> list[str]:
        """Return the command of a Python with the packages of ``use``: site or dev.

        They are locked in requirements-USE.txt.
        """
        lock = CHECKOUT / f"requirements-{use}.txt"
        folder = environment_folder(lock)
        environments.make(folder, lock, self.console)
        return python_command(str(folder / "bin/python"), self.workspace.cache)

    @property
    def pytest(self) -> list[str]:
        """The command that runs the tests."""
        # A shell that starts us in the background has SIGINT ignored, which children
        # inherit; the tests are about Ctrl-C, too.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return [*self.python("dev"), "-m", "pytest"]
