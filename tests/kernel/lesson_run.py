"""What the kernel tests of all lessons share: observing one, and what each must do.

What happens on the machine is in on_machine/; what it must amount to is here and in
each lesson's tests.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bcclessons.course import lesson as lessons
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.placement import Place, placement
from bcclessons.doctor.report import examine
from bcclessons.setup.system import System
from tests.kernel import observed
from tests.kernel.conftest import Runner, workspace

ROOT = Path(__file__).parents[2]
ON_MACHINE = "tests.kernel.on_machine.__main__"
CASE_SECONDS = 290.0

# How often a slow machine does what a fast one does by on_machine's defaults.
_FEWER_ON_VM = {
    "columns": 1,
    "storm": 3,
    "ctrl_c_early": 3,
    "ctrl_c_storm": 2,
    "ctrl_c_terminal": 1,
}
# Seconds that a case waits for anything, as a header: another worker runs beside.
_PATIENCE = {"host": 60.0, "vm": 120.0}
# Seconds from the signal to the end of the process.
_SOON = {"host": 2.0, "vm": 10.0}

Observation = dict[str, Any]
Counts = Mapping[str, int]
"""How many times a case does its thing, by its name."""


def find(label: str) -> Lesson:
    """Return a lesson of this checkout."""
    return lessons.find(lessons.load_all(ROOT), label)


class Observer:
    """Runs a lesson's cases on a machine, each once however often it is asked for.

    ``counts`` goes before the usual numbers on every machine, ``vm_counts`` in a VM.
    It skips the test if the lesson cannot run there.
    """

    def __init__(
        self,
        machine: Runner,
        lesson: Lesson,
        counts: Counts | None = None,
        vm_counts: Counts | None = None,
    ) -> None:
        self._machine = machine
        self._lesson = lesson
        self._counts = {**(counts or {})}
        # None of it in the checkout; kept in the VM, for compiling it there is slow.
        self._bytecode = ["-B"]
        if machine.name == "vm":
            self._bytecode = ["-X", "pycache_prefix=/tmp/bytecode"]
            self._counts = {**_FEWER_ON_VM, **self._counts, **(vm_counts or {})}
        else:
            skip_unless_host_runs(lesson)
        self._observed: dict[str, Observation] = {}
        self._files: list[Path] = []

    def __call__(self, case: str) -> Observation:
        """Return what was observed in a case."""
        if case not in self._observed:
            program = str(self._lesson.source.relative_to(ROOT))
            argv = ["/usr/bin/python3", *self._bytecode, "-m", ON_MACHINE]
            argv += [case, program, self._lesson.output.line]
            argv += ["--patience", str(_PATIENCE[self._machine.name])]
            if case in self._counts:
                argv += ["--times", str(self._counts[case])]
            self._observed[case] = json.loads(self._observe(argv))
        return self._observed[case]

    def _observe(self, argv: list[str]) -> str:
        """Return what is observed on the machine; of the VM, which is slow, once."""
        if self._machine.name != "vm":
            return self._run(argv)
        programs = (self._lesson.source, *sorted(self._lesson.folder.glob("*.py")))
        request = (*argv, *(path.read_text() for path in programs))
        file = observed.file_of(ON_MACHINE, self._machine.versions, *request)
        self._files.append(file)
        if self._machine.observes_anew or not file.exists():
            file.write_text(self._run(argv))
        return file.read_text()

    def _run(self, argv: list[str]) -> str:
        ended = self._machine.run(argv, CASE_SECONDS)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def forget(self) -> None:
        """Have the next run observe anew what a test has found wrong."""
        for file in self._files:
            file.unlink(missing_ok=True)

    @property
    def soon(self) -> float:
        """The seconds within which the lesson must have ended after a signal."""
        return _SOON[self._machine.name]


def lines_after(lesson: Lesson, stdout: str) -> list[str]:
    """Return the lines after a lesson's header; the last must be whole."""
    # Not splitlines(): a process name may hold what that takes for a line's end.
    header, *lines, rest = stdout.split("\n")
    assert header == lesson.output.ready
    assert rest == ""
    return lines


def skip_unless_host_runs(lesson: Lesson) -> None:
    """Skip the test where this host cannot run the lesson."""
    report = examine(System.here(), workspace())
    found = placement(report, lesson, only=Place.HOST)
    if found.place is Place.NOWHERE:
        pytest.skip(f"this machine cannot be the host: {found.why.en}")


def assert_nothing_left(run: Observation) -> None:
    """Hold that no process, BPF program or enabled tracepoint is left."""
    left = run["left"]
    assert left["processes"] == []
    assert left["programs"] == []
    assert left["tracepoint_after"] == left["tracepoint_before"]


def assert_ended(run: Observation, status: int, soon: float) -> None:
    """Hold that it ended as it should: silent, soon, and leaving nothing."""
    assert run["stderr"] == ""
    assert run["status"] == status
    assert run["seconds"] < soon
    assert_nothing_left(run)


def assert_refused(run: Observation, english: str) -> None:
    """Hold that it said one sentence, in both languages, and failed."""
    assert run["status"] == 1
    assert run["stdout"] == ""
    assert run["stderr"].count("\n") == 1
    japanese, _, rest = run["stderr"].partition(" / ")
    assert re.search("[ぁ-んァ-ヶ]", japanese)
    assert rest == english + "\n"


class EveryProgram:
    """What every lesson's program must do, whatever it prints of the calls.

    The module has a fixture ``observe``, an Observer. ``ctrl_c`` is the status after
    Ctrl-C. What has been printed must be whole, whenever it ends.
    """

    lesson: ClassVar[Lesson]
    ctrl_c: ClassVar[int] = -signal.SIGINT

    def events(self, stdout: str) -> list[Any]:
        """Read its whole output; fail if any of it is not as it should be."""
        raise NotImplementedError

    def test_ctrl_c_before_the_header(self, observe: Observer) -> None:
        runs = observe("ctrl_c_early")["starting"]
        assert not runs[0]["was_ready"]
        for run in runs:
            # Before Ctrl-C is asked for, it may end the program in the shell's own way.
            allowed = (
                {self.ctrl_c} if run["was_ready"] else {self.ctrl_c, -signal.SIGINT}
            )
            assert run["status"] in allowed
            assert_ended(run, run["status"], observe.soon)
            assert run["stdout"] == "" or self.events(run["stdout"]) is not None

    def test_ctrl_c_as_soon_as_it_is_ready(self, observe: Observer) -> None:
        for run in observe("ctrl_c_early")["ready"]:
            assert_ended(run, self.ctrl_c, observe.soon)
            self.events(run["stdout"])

    def test_closed_pipe(self, observe: Observer) -> None:
        run = observe("closed_pipe")
        assert run["stderr"] == ""
        assert run["status"] == -signal.SIGPIPE
        # As many as the lines that it is read for hold, after the header.
        assert len(self.events(run["stdout"])) == 2
        assert_nothing_left(run)

    def test_pipe_closed_from_the_start(self, observe: Observer) -> None:
        for run in observe("closed_pipe_at_once")["runs"]:
            assert run["stderr"] == ""
            assert run["status"] == -signal.SIGPIPE
            assert_nothing_left(run)

    def test_not_root(self, observe: Observer) -> None:
        english = f"run as root: sudo ./{self.lesson.program}"
        assert_refused(observe("not_root"), english)

    def test_no_bcc(self, observe: Observer) -> None:
        assert_refused(observe("no_bcc"), "no bcc: sudo apt install python3-bpfcc")


class EveryLesson(EveryProgram):
    """What a lesson must do that prints an event for each call.

    Each lesson's module makes these tests its own.
    """

    def of_call(self, events: list[Any], truth: Observation) -> list[Any]:
        """Return the events that are those of a call of execve."""
        raise NotImplementedError

    def missing(self, stdout: str, truths: list[Observation]) -> list[Observation]:
        """Return the calls that have no event; hold that none has two."""
        events = self.events(stdout)
        found = [self.of_call(events, truth) for truth in truths]
        assert max(map(len, found)) <= 1
        return [truth for truth, its in zip(truths, found, strict=True) if not its]

    def test_each_call_has_one_event(self, observe: Observer) -> None:
        run = observe("columns")
        assert self.missing(run["stdout"], run["truth"]) == []

    def test_an_event_is_printed_as_it_comes(self, observe: Observer) -> None:
        assert observe("columns")["prompt"]

    def test_a_storm_is_printed_to_the_last(self, observe: Observer) -> None:
        run = observe("storm")
        missing = self.missing(run["stdout"], run["bursts"])
        # Linux 7.2 does not run a program on a CPU where it runs already, for
        # another task, and counts that. Other lessons' kernels have no such case.
        assert len(missing) <= run["bursts_skipped"]

    def test_ctrl_c_when_it_has_nothing_to_do(self, observe: Observer) -> None:
        run = observe("columns")
        assert_ended(run, self.ctrl_c, observe.soon)
        self.events(run["stdout"])

    def test_ctrl_c_in_a_storm(self, observe: Observer) -> None:
        for run in observe("ctrl_c_storm")["runs"]:
            assert run["reached"]
            assert_ended(run, self.ctrl_c, observe.soon)
            self.events(run["stdout"])

    def test_ctrl_c_on_a_terminal(self, observe: Observer) -> None:
        for run in observe("ctrl_c_terminal")["runs"]:
            assert_ended(run, self.ctrl_c, observe.soon)
            assert run["stdout"].endswith("^C")
            stdout = run["stdout"].removesuffix("^C").replace("\r\n", "\n")
            assert self.missing(stdout, run["truth"]) == []

    def test_ctrl_c_while_nobody_reads(self, observe: Observer) -> None:
        for run in observe("ctrl_c_full_pipe")["runs"]:
            assert run["blocked"]
            assert not run["again"]
            assert_ended(run, self.ctrl_c, observe.soon)
            self.events(run["stdout"])

    def test_sigterm(self, observe: Observer) -> None:
        run = observe("storm")
        assert run["status"] == -signal.SIGTERM
        assert run["seconds"] < observe.soon
        assert_nothing_left(run)
        self.events(run["stdout"])
