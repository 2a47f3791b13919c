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
    first that is there counts. ``line`` is the number of that line, where it is known.
    """

    def __init__(
        self,
        text: Text,
        output: Line | str | None = None,
        code: str | tuple[str, ...] = (),
        line: int | None = None,
    ) -> None:
        super().__init__(text.en)
        self.text = text
        self.output = output.text if isinstance(output, Line) else output
        self.code = (code,) if isinstance(code, str) else code
        self.line = line


@dataclass(frozen=True)
class Trial:
    """One run of the learner's program: what it printed, and what was true.

    ``lines`` are those after the header that fit the exercise's pattern, ``others``
    those that do not. ``other_calls`` is how often other programs called execve,
    ``program`` the text of the program.
    """

    calls: list[Call]
    stdout: str
    stderr: str
    other_calls: int = 0
    program: str = ""
    lines: list[Line] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, exercise: Exercise, observed: Observation, program: str = "") -> Trial:
        """Read what was observed, by the exercise's pattern of a line."""
        steps = exercise.steps
        calls: list[Call] = []
        for facts in observed.calls:
            step = steps[facts.step]
            calls += [Call(**asdict(facts), made_by=step)] * step.times
        trial = cls(
            calls, observed.stdout, observed.stderr, observed.load.calls, program
        )
        after_header = False
        for text in observed.stdout.splitlines():
            # Columns may be aligned in any way; the last one may be empty.
            shown = text.expandtabs().lstrip()
            found = re.fullmatch(exercise.output.line, shown) or re.fullmatch(
                exercise.output.line, shown.rstrip()
            )
            if found and after_header:
                trial.lines.append(Line(text, found.groupdict(default="")))
            elif after_header:
                trial.others.append(text)
            after_header |= text == exercise.output.ready
        return trial

    @property
    def own_lines(self) -> list[Line]:
        """The lines whose PID is that of a call, in order; others are of other work."""
        pids = {str(call.pid) for call in self.calls}
        return [line for line in self.lines if line["pid"] in pids]

    @property
    def others_without_line(self) -> int:
        """How many calls of other programs have no line, at most."""
        return max(0, self.other_calls - len(self.lines) + len(self.own_lines))

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
        raise self._without_line(call)

    def refuse_ctypes_value(self, label: str) -> None:
        """Raise CheckFailed for a line such as "lost: c_ulong(3)", of the label "lost:"."""
        for text in self.others:
            if re.match(rf"(?i){label} *c_u?\w+\(\d+\)", text):
                raise CheckFailed(
                    Text(
                        ja="b[…][0] は ctypes の値である．数は .value で得る．",
                        en="b[…][0] is a value of ctypes: .value is its number.",
                    ),
                    text,
                    code=label,
                )

    def _without_line(self, call: Call) -> CheckFailed:
        """Return that a call has no line, and what was seen instead."""
        made = call.made_by
        user = f"UID {made.uid}" + (f", GID {made.gid}" if made.gid else "")
        missing = Text(
            ja=f"PID {call.pid}（{made.name}，{user}）が {made.file} を execve で起動した"
            "のに，その行が無い．",
            en=f"PID {call.pid} ({made.name}, {user}) called execve for "
            f"{made.file}, and has no line.",
        )
        submit = (
            "perf_submit(",
            "ringbuf_output(",
            "ringbuf_submit(",
            "bpf_trace_printk(",
        )
        if not self.lines and not self.others:
            return CheckFailed(
                Text(
                    ja=f"{missing.ja}見出しのあとに，1 行も表示されていない．",
                    en=f"{missing.en} Nothing was printed after the header.",
                ),
                code=(*submit, "print("),
            )
        if not self.lines:
            return CheckFailed(
                Text(
                    ja=f"{missing.ja}表示された行は，見出しの列のとおりに読めない．",
                    en=f"{missing.en} What was printed cannot be read by the columns of "
                    "the header.",
                ),
                self.others[-1],
                code="print",
            )
        pids = {str(each.pid) for each in self.calls}
        if any(line["pid"] in pids for line in self.lines):
            shown = next(line for line in self.lines if line["pid"] in pids)
            return CheckFailed(
                Text(
                    ja=f"{missing.ja}ほかの呼び出しの行はある．この呼び出しを捨てていないか．",
                    en=f"{missing.en} Other calls have theirs: is this one filtered out?",
                ),
                shown,
                code=("if (", *submit),
            )
        of_parent = next((x for x in self.lines if x["pid"] == str(call.ppid)), None)
        if of_parent is not None:
            return CheckFailed(
                Text(
                    ja=f"{missing.ja}PID の列に親の PID {call.ppid} が表示された行がある．",
                    en=f"{missing.en} There is a line with the PID of its parent, "
                    f"{call.ppid}.",
                ),
                of_parent,
                code=("data.pid", *submit),
            )
        odd = next((line for line in self.lines if not _is_pid(line["pid"])), None)
        if odd is None:
            return CheckFailed(
                Text(
                    ja=f"{missing.ja}表示されたのは，ほかのプロセスの行だけである．",
                    en=f"{missing.en} The lines that were printed are of other processes.",
                ),
                self.lines[-1],
                code=("if (", *submit),
            )
        return CheckFailed(
            Text(
                ja=f"{missing.ja}行はあるが，どの PID も試した呼び出しのものではない．構造体の"
                "メンバの順序と型が，C と Python で同じか．",
                en=f"{missing.en} There are lines, but none with a PID of the calls made. "
                "Are order and types of the members the same in C and in Python?",
            ),
            odd,
            code=("_fields_", "data.pid", *submit),
        )


def _is_pid(number: str) -> bool:
    """Tell whether a kernel of 64 bits may have given this number to a process."""
    return number.isdigit() and 0 < int(number) <= 4_194_304


def cut_off(shown: str, value: int) -> Text | None:
    """Return that a number shown is the lower bits of the right one, if it is."""
    bits = next((n for n in (8, 16) if shown == str(value % (1 << n)) != str(value)), 0)
    if not bits or shown == "0":
        return None
    return Text(
        ja=f"{shown} は，{value} の下位 {bits} ビットである．32 ビットの型（u32）が要る．",
        en=f"{shown} is the value of the lower {bits} bits of {value}: it takes a type of "
        "32 bits, u32.",
    )
