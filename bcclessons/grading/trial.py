"""What a check.py works with: what a program printed, and what was true."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.course.steps import Step
from bcclessons.grading.contract import CallFacts

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.grading.contract import Observation


@dataclass(frozen=True)
class Call(CallFacts):
    """A call of execve: what is true of it, and the step that had it made."""

    made_by: Step


@dataclass(frozen=True)
class Line:
    """A line of the program's output that fits its pattern, and the named groups."""

    text: str
    groups: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """Return a group, without the blanks around it."""
        return self.groups[name].strip()


class CheckFailed(Exception):
    """What a check.py raises for a program that is not right yet.

    ``text`` says what was expected, and why. ``output`` is a line of what came instead;
    ``code`` a piece of the line of the program to look at, or several, of which the
    first that is there counts.
    """

    def __init__(
        self,
        text: Text,
        output: Line | str | None = None,
        code: str | tuple[str, ...] = (),
    ) -> None:
        super().__init__(text.en)
        self.text = text
        self.output = output.text if isinstance(output, Line) else output
        self.code = (code,) if isinstance(code, str) else code


@dataclass(frozen=True)
class Trial:
    """One run of the learner's program: what it printed, and what was true.

    ``lines`` are those after the header that fit the exercise's pattern, ``others``
    those that do not.
    """

    calls: list[Call]
    stdout: str
    stderr: str
    lines: list[Line] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, exercise: Exercise, observed: Observation) -> Trial:
        """Read what was observed, by the exercise's pattern of a line."""
        steps = exercise.steps
        calls = [
            Call(**asdict(facts), made_by=steps[facts.step]) for facts in observed.calls
        ]
        trial = cls(calls, observed.stdout, observed.stderr)
        after_header = False
        for text in observed.stdout.splitlines():
            found = re.fullmatch(exercise.output.line, text)
            if found and after_header:
                trial.lines.append(Line(text, found.groupdict(default="")))
            elif after_header:
                trial.others.append(text)
            after_header |= text == exercise.output.ready
        return trial

    def lines_of(self, call: Call) -> list[Line]:
        """Return the lines whose PID is the call's."""
        return [line for line in self.lines if line["pid"] == str(call.pid)]

    def line_of(self, call: Call) -> Line:
        """Return the call's one line. Raise CheckFailed if there is none, or more."""
        found = self.lines_of(call)
        if len(found) == 1:
            return found[0]
        if found:
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid} の execve は 1 回なのに，行が {len(found)} 行ある．",
                    en=f"PID {call.pid} called execve once, and has {len(found)} lines.",
                ),
                found[1],
            )
        number = re.compile(rf"\b{call.pid}\b")
        unlike = next((line for line in self.others if number.search(line)), None)
        if unlike is not None:
            raise CheckFailed(
                Text(
                    ja="この行は，見出しの列のとおりに読めない．",
                    en="This line cannot be read by the columns of the header.",
                ),
                unlike,
            )
        raise CheckFailed(
            Text(
                ja=f"PID {call.pid} が {call.made_by.file} を execve で起動したのに，その行が無い．",
                en=f"PID {call.pid} called execve for {call.made_by.file}, and has no line.",
            ),
            self.others[-1] if self.others else None,
            code=("perf_submit(", "bpf_trace_printk("),
        )
