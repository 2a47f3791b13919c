"""What lessons 02 and 05 share: their lines, and what must hold for these."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple

from tests.kernel.lesson_run import EveryLesson, Observation, Observer, lines_after


class Line(NamedTuple):
    """A line of the lesson; ``comm`` is padded as it is printed."""

    time: int
    comm: str
    pid: int


class EveryEventLine(EveryLesson):
    """What a lesson must do that prints a time, a name, a PID and ``message``.

    It is a thread of its own that takes Ctrl-C, so that it ends as it means to.
    """

    ctrl_c = 0
    message: ClassVar[str]

    def parse(self, line: str) -> Line:
        """Read a line by its layout, and hold it to the layout and to the pattern."""
        assert re.fullmatch(self.lesson.output.line, line), repr(line)
        found = Line(int(line[:18]), line[19:35], int(line[36:].split()[0]))
        layout = f"{found.time:<18} {found.comm:<16} {found.pid:<6} {self.message}"
        assert line == layout
        return found

    def events(self, stdout: str) -> list[Line]:
        return [self.parse(line) for line in lines_after(self.lesson, stdout)]

    def of_call(self, events: list[Line], truth: Observation) -> list[Line]:
        return [
            line
            for line in events
            if (line.pid, line.comm) == (truth["pid"], truth["comm"].ljust(16))
            and truth["before"] <= line.time <= truth["after"]
        ]

    def test_nothing_is_said_on_stderr(self, observe: Observer) -> None:
        for case in ("columns", "storm"):
            assert observe(case)["stderr"] == ""  # so no "Possibly lost"

    def test_pid_is_that_of_the_process_not_of_the_thread(
        self, observe: Observer
    ) -> None:
        run = observe("columns")
        threads = [truth for truth in run["truth"] if truth["comm"] == "a thread"]
        lines = self.events(run["stdout"])
        assert threads
        for truth in threads:
            assert truth["tid"] != truth["pid"]
            assert len(self.of_call(lines, truth)) == 1
            assert self.of_call(lines, {**truth, "pid": truth["tid"]}) == []

    def test_a_failing_call_has_a_line_too(self, observe: Observer) -> None:
        run = observe("columns")
        failed = [truth for truth in run["truth"] if truth["status"] == 127]
        assert failed
        lines = self.events(run["stdout"])
        assert all(len(self.of_call(lines, truth)) == 1 for truth in failed)

    def test_no_line_is_printed_twice(self, observe: Observer) -> None:
        for case in ("columns", "storm"):
            lines = self.events(observe(case)["stdout"])
            assert len(set(lines)) == len(lines)

    def test_what_waits_while_it_is_stopped_is_printed(self, observe: Observer) -> None:
        run = observe("storm")
        missing = self.missing(run["stdout"], run["unread"])
        assert len(missing) <= run["unread_skipped"]
