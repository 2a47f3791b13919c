"""Checking an exercise: run the learner's program, and answer like a good teacher."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bcclessons.console.text import Problem, Text

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.machines import Machine

# An emulated machine is slow to compile, and to print.
_READY_SECONDS = {"host": 20.0, "vm": 60.0}
_HEADER_SECONDS = {"host": 5.0, "vm": 30.0}
_QUIET_SECONDS = {"host": 0.25, "vm": 0.6}
_END_SECONDS = 3.0
_MOST_SECONDS = 100
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Call:
    """What is true of one call of execve that was made.

    ``before`` and ``after`` are in nanoseconds since boot, by CLOCK_MONOTONIC;
    ``result`` is 0, or minus the error's number. ``ancestors`` has the names of its
    grandparent and parent, as far as the step set them. ``step`` counts from 0.
    """

    pid: int
    ppid: int
    uid: int
    gid: int
    name: str
    file: str
    argv: list[str]
    ancestors: list[str]
    before: int
    after: int
    result: int
    step: int


@dataclass(frozen=True)
class Line:
    """A line of the program's output that fits its pattern, and the named groups."""

    text: str
    groups: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """Return a group, without the blanks around it."""
        return self.groups[name].strip()


class Wrong(Exception):
    """An answer to a program that is not right yet.

    ``text`` says what was expected, and why. ``line`` is what came, as a line of the
    output; ``look`` a piece of the line of the program to look at, or several, of
    which the first that is there counts.
    """

    def __init__(
        self,
        text: Text,
        line: Line | str | None = None,
        look: str | tuple[str, ...] = (),
    ) -> None:
        super().__init__(text.en)
        self.text = text
        self.came = line.text if isinstance(line, Line) else line
        self.look = (look,) if isinstance(look, str) else look


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

    def lines_of(self, call: Call) -> list[Line]:
        """Return the lines whose PID is the call's."""
        return [line for line in self.lines if line["pid"] == str(call.pid)]

    def line_of(self, call: Call) -> Line:
        """Return the call's one line. Raise Wrong if there is none, or more."""
        found = self.lines_of(call)
        if len(found) == 1:
            return found[0]
        if found:
            raise Wrong(
                Text(
                    ja=f"PID {call.pid} の execve は 1 回なのに，行が {len(found)} 行ある．",
                    en=f"PID {call.pid} called execve once, and has {len(found)} lines.",
                ),
                found[1],
            )
        number = re.compile(rf"\b{call.pid}\b")
        unlike = next((line for line in self.others if number.search(line)), None)
        if unlike is not None:
            raise Wrong(
                Text(
                    ja="この行は，見出しの列のとおりに読めない．",
                    en="This line cannot be read by the columns of the header.",
                ),
                unlike,
            )
        raise Wrong(
            Text(
                ja=f"PID {call.pid} が {call.file} を execve で起動したのに，その行が無い．",
                en=f"PID {call.pid} called execve for {call.file}, and has no line.",
            ),
            self.others[-1] if self.others else None,
            look=("perf_submit(", "bpf_trace_printk("),
        )


@dataclass(frozen=True)
class Answer:
    """What is said of a program that is not right yet.

    ``came`` is a line of its output, ``number`` that of a line of the program.
    """

    text: Text
    came: str | None = None
    number: int | None = None


def check(
    exercise: Exercise,
    program: str,
    machine: Machine,
    *,
    emulated: bool,
    ready_seconds: float | None = None,
) -> Answer | None:
    """Run a program on a machine; return what is wrong with it, or None.

    ``emulated`` is for a machine that is slow to answer; the program has
    ``ready_seconds`` to print its header, by default as many as such a machine may
    take. Raise Problem where the machine fails, and not the program.
    """
    try:
        compile(program, "my_sample", "exec", dont_inherit=True)
    except SyntaxError as error:
        return Answer(
            Text(
                ja=f"Python として読めない（{error.msg}）．",
                en=f"Python cannot read it ({error.msg}).",
            ),
            number=error.lineno,
        )
    except ValueError as error:  # a byte that is 0
        return Answer(Text(ja=f"Python として読めない（{error}）．",
                           en=f"Python cannot read it ({error})."))  # fmt: skip
    speed = "vm" if emulated else "host"
    orders = {
        "program": program,
        "ready": exercise.output.ready,
        "steps": msgspec.to_builtins(exercise.steps),
        "ready_seconds": ready_seconds or _READY_SECONDS[speed],
        "header_seconds": _HEADER_SECONDS[speed],
        "quiet_seconds": _QUIET_SECONDS[speed],
        "end_seconds": _END_SECONDS,
        "most_seconds": _MOST_SECONDS,
        "most_bytes": _MOST_BYTES,
    }
    observed = _observe(orders, machine)
    return _behaviour(observed, program) or _content(exercise, observed, program)


def _observe(orders: dict[str, Any], machine: Machine) -> dict[str, Any]:
    """Have the program run on the machine; return what on_machine.py tells of it."""
    argv = ["/usr/bin/python3", "-B", "-m", "bcclessons.grading.on_machine"]
    with (
        # It may have ended before it read anything.
        contextlib.suppress(BrokenPipeError),
        tempfile.TemporaryFile("w+", errors="replace") as stderr,
        # Leaving it closes the pipes and waits. So what runs there is told to end, and
        # cleans up, whatever ends us. A kill would reach sudo or ssh alone.
        subprocess.Popen(
            machine.command(argv, root=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(orders) + "\n")
            process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            process.wait()
        stderr.seek(0)
        said = (stderr.read().strip() or "no answer").splitlines()[-1]
    try:
        observed: dict[str, Any] = json.loads(answer)
    except ValueError as error:
        raise Problem(
            ja=f"プログラムを試せなかった（{said}）．もう一度実行する．",
            en=f"the program could not be tried ({said}); run this again.",
        ) from error
    return observed


def _behaviour(observed: dict[str, Any], program: str) -> Answer | None:
    """Return what is wrong with how it ran and ended, whatever it printed."""
    ended = observed["ended"]
    if ended == "unstartable":
        return Answer(
            Text(
                ja=f"起動できない（{observed['said']}）．1 行目は #!/usr/bin/python3 とする．",
                en=f"It cannot be started ({observed['said']}): its first line must be "
                "#!/usr/bin/python3.",
            ),
            number=1,
        )
    said = observed["stderr"]
    if ended in ("early", "by itself"):
        return _death(said, program)
    if "Traceback" in said:
        return _exception(said, program)
    if ended == "hung":
        return Answer(
            Text(
                ja="見出しの行が出てこないので止めた．start にある見出しを，そのまま，"
                "flush=True で表示する．",
                en="It was stopped, for its header did not appear. Print the header of "
                "the start as it is, with flush=True.",
            ),
            came=_last_line(observed["stdout"]) or None,
        )
    if ended == "flooded":
        return Answer(
            Text(
                ja=f"出力が {_MOST_BYTES // 1_000_000} MB を超えたので止めた．"
                "ループの中で表示し続けていないか．",
                en=f"It was stopped: it printed more than {_MOST_BYTES // 1_000_000} MB. "
                "Does a loop print without waiting?",
            ),
            came=_last_line(observed["stdout"])[:100] or None,
        )
    if ended == "deaf":
        return Answer(
            Text(
                ja=f"Ctrl-C から {_END_SECONDS:.0f} 秒たっても終わらないので止めた．",
                en=f"It was stopped: {_END_SECONDS:.0f} seconds after Ctrl-C it still ran.",
            ),
            number=_line_of("SIGINT", program),
        )
    if observed["left"]:
        return Answer(
            Text(
                ja=f"終わったあとに，プロセスを {observed['left']} 個残した．それは止めた．",
                en=f"It left {observed['left']} processes behind, which were stopped.",
            )
        )
    return None


def _death(said: str, program: str) -> Answer:
    """Say why a program ended before its time, by what it wrote on stderr."""
    # Newer versions of clang put a number and a bar before the line that they quote.
    compiler = re.search(
        r"^/virtual/main\.c:(\d+):\d+: error: (.+)\n(?: *\d+ \| )?(.*)", said, re.M
    )
    if compiler:
        return Answer(
            Text(
                ja=f"C の部分がコンパイルできない: {compiler[2]}",
                en=f"The C part does not compile: {compiler[2]}",
            ),
            number=_line_quoted(compiler[3], compiler[1], program),
        )
    if "too many arg" in said:  # "arguments" in newer versions of LLVM
        return Answer(
            Text(
                ja="ヘルパ関数に渡せる引数は 5 つまでである．bpf_trace_printk() は，書式と"
                "その長さに 2 つ使うので，値は 3 つまでしか渡せない．",
                en="A helper function takes five arguments at most. The format and its "
                "length are two of those of bpf_trace_printk(), so three values are left.",
            ),
            number=_line_of("bpf_trace_printk(", program),
        )
    if "Failed to load program" in said:
        words = [line for line in said.splitlines() if line and "processed" not in line]
        reason = next(
            (line for line in reversed(words) if re.match(r"[A-Za-z]", line)
             and not line.startswith(("Traceback", "Exception"))), "")  # fmt: skip
        # Before an instruction it tells of which line it is; since 6.8, with a number.
        told = re.findall(r"^; (.+?)(?: @ \S+:(\d+))?$", said, re.MULTILINE)
        quoted, at = told[-1] if told else ("", "")
        return Answer(
            Text(
                ja="カーネルの検証器が，BPF プログラムを拒んだ．",
                en="The kernel's verifier refused the BPF program.",
            ),
            came=reason,
            number=_line_quoted(quoted, at, program) if quoted else None,
        )
    if "Traceback" in said:
        return _exception(said, program)
    last = _last_line(said)
    return Answer(
        Text(
            ja=f"途中で終わった: {last}" if last else "何も言わずに途中で終わった．",
            en=f"It ended before its time: {last}" if last
            else "It ended before its time, without a word.",
        )
    )  # fmt: skip


def _exception(said: str, program: str) -> Answer:
    """Name the last exception that it wrote on stderr, and its line."""
    raised = re.findall(r'File "[^"]*my_sample", line (\d+)', said)
    last = _last_line(said)
    if last == "KeyboardInterrupt":
        return Answer(
            Text(
                ja="Ctrl-C で，例外の記録を表示して終わった．start にある signal の行を残す．",
                en="Ctrl-C made it print a traceback. Keep the signal lines of the start.",
            ),
            number=_line_of("signal", program),
        )
    return Answer(
        Text(ja=f"例外が起きた: {last}", en=f"It raised an exception: {last}"),
        number=int(raised[-1]) if raised else None,
    )


def _content(
    exercise: Exercise, observed: dict[str, Any], program: str
) -> Answer | None:
    """Compare what it printed with what is true, by the exercise's own check."""
    calls = []
    for facts in observed["calls"]:
        step = exercise.steps[facts["step"]]
        calls.append(
            Call(
                **facts,
                uid=step.uid,
                gid=step.gid,
                name=step.name,
                file=step.file,
                argv=step.argv,
                ancestors=step.ancestors,
            )
        )
    trial = Trial(calls, observed["stdout"], observed["stderr"])
    after_header = False
    for text in observed["stdout"].splitlines():
        found = re.fullmatch(exercise.output.line, text)
        if found and after_header:
            trial.lines.append(Line(text, found.groupdict(default="")))
        elif after_header:
            trial.others.append(text)
        after_header |= text == exercise.output.ready
    try:
        _check_of(exercise.folder / "check.py")(trial)
    except Wrong as wrong:
        places = (_line_of(fragment, program) for fragment in wrong.look)
        return Answer(wrong.text, wrong.came, next(filter(None, places), None))
    return None


def _check_of(path: Path) -> Any:
    """Return the function of an exercise's check.py."""
    spec = importlib.util.spec_from_file_location("check_of_an_exercise", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.check


def _line_of(fragment: str, program: str) -> int | None:
    """Return the number of the first line that has a fragment, None if none has."""
    lines = enumerate(program.splitlines(), 1)
    return next((number for number, line in lines if fragment in line), None)


def _line_quoted(quoted: str, number: str, program: str) -> int | None:
    """Return the number of the line that a message of the compiler or verifier quotes.

    ``number`` is theirs, empty where they give none. It may be too large, for
    TRACEPOINT_PROBE() puts lines before its function: it only tells which of several
    lines is meant. None is returned where it cannot be told.
    """
    lines = enumerate(program.splitlines(), 1)
    found = [at for at, line in lines if line.strip() == quoted.strip()]
    begin = _line_of('bpf_text = """', program)
    if number and begin:
        found = [at for at in found if at < begin + int(number)][-1:]
    return found[0] if len(found) == 1 else None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
