"""Checking an exercise: run the learner's program on a machine, and say what is wrong."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bcclessons.console.text import Problem, Text
from bcclessons.grading import busy, compiler, contract, diagnosis, silent, syntax
from bcclessons.grading.contract import Limits, Observation, Request
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source
from bcclessons.grading.tail import Tail
from bcclessons.grading.trial import CheckFailed, Trial
from bcclessons.setup.files import unreadable

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.machines import Machine

_MOST_BYTES_BESIDE = 200_000
# Of the observer's answer: it may run on the machine of a learner who has changed it.
_MOST_CHARACTERS = 16 << 20
_MOST_PRINTED = 2_000_000
_LONGEST_LINE = 2000


class Observer(NamedTuple):
    """The command of this host that starts the observer on a machine.

    On an ``emulated`` machine all takes longer.
    """

    command: list[str]
    emulated: bool

    @classmethod
    def on(cls, machine: Machine) -> Observer:
        """Return that of a machine that is ready."""
        argv = ["/usr/bin/python3", "-B", "-m", "bcclessons.grading.observer"]
        return cls(machine.command(argv, root=True), machine.emulated)


def check(
    exercise: Exercise,
    program: str,
    observer: Observer,
    limits: Limits | None = None,
    started: Callable[[], None] = lambda: None,
    enough: Callable[[Feedback], bool] = lambda _: False,
) -> Feedback | None:
    """Run a program on the observer's machine; return what is wrong with it, or None.

    ``limits`` are by default those of the machine's speed. ``started`` is called when
    no other check runs there. On a busy machine a failed trial is repeated, unless its
    feedback is ``enough``. Raise Problem where the machine fails.
    """
    run_check = _load(exercise.folder / "check.py")
    if (unread := syntax.mistake(program)) is not None:
        return unread
    limits = limits or contract.usual_limits(emulated=observer.emulated)
    files = _files_beside(exercise)
    request = Request(program, exercise.output.ready, exercise.steps, limits, files)
    found = None
    for _ in range(1 if observer.emulated else 2):
        observed = _observe(request, observer, started)
        trial = Trial.of(exercise, observed, program)
        found = diagnosis.behaviour(observed, request, exercise.label) or _compare(
            run_check, trial, program, exercise.start.read_text()
        )
        if (
            found is None
            or enough(found)
            or busy.is_certain(observed, trial)
            or not busy.is_worth_repeating(observed)
        ):
            return found
    return busy.feedback(observed, exercise) or found


def _files_beside(exercise: Exercise) -> dict[str, str]:
    """Return the learner's other files of the folder, by name, in base64.

    The program may read them, or import them, as it does where the learner runs it.
    """
    ours = ("check.py", "exercise.toml", "start", "solution")
    found: dict[str, str] = {}
    room = _MOST_BYTES_BESIDE
    folder = exercise.my_sample.parent
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_learners = name not in ours and not name.startswith(
            ("my_sample", "attempts")
        )
        if is_learners and "__pycache__" not in name and path.is_file():
            data = path.read_bytes()
            room -= len(data)
            if room < 0:
                break
            found[name] = base64.b64encode(data).decode()
    return found


def _observe(
    request: Request, observer: Observer, started: Callable[[], None]
) -> Observation:
    """Have the program run on the machine; return what the observer tells of it."""
    line, reason = "", "no answer"
    with (
        # It may have ended before it read anything.
        contextlib.suppress(BrokenPipeError),
        # Leaving it closes the pipes and waits. So what runs there is told to end, and
        # cleans up, whatever ends us. A kill would reach sudo or ssh alone.
        subprocess.Popen(
            observer.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        tail = Tail(process.stderr)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(request.to_json())
            process.stdin.flush()
        line = process.stdout.readline(_MOST_CHARACTERS)
        if line == f"{contract.STARTED}\n":
            started()
            line = process.stdout.readline(_MOST_CHARACTERS)
        if not line:
            process.wait()
            reason = tail.last_line() or reason
    try:
        found = msgspec.json.decode(line, type=Observation)
        if any(not 0 <= call.step < len(request.steps) for call in found.calls):
            raise ValueError("no such step")
        return replace(found, stdout=_cut(found.stdout), stderr=_cut(found.stderr))
    except (ValueError, RecursionError) as error:
        raise Problem(
            ja=f"プログラムを試せなかった（{reason}）．もう一度実行する．",
            en=f"the program could not be tried ({reason}); run this again.",
        ) from error


def _cut(text: str) -> str:
    """Return a text whose lines no pattern reads for long."""
    lines = text[:_MOST_PRINTED].split("\n")
    return "\n".join(line[:_LONGEST_LINE] for line in lines)


def _compare(
    run_check: Callable[[Trial], None], trial: Trial, program: str, start: str
) -> Feedback | None:
    """Compare what was printed with what is true, by the exercise's own check.

    A line of the ``start`` may have been given to the learner with a warning.
    """
    try:
        run_check(trial)
    except CheckFailed as failed:
        source = Source(program)
        numbers = (source.first(code) for code in failed.code)
        line = failed.line or next(filter(None, numbers), None)
        # clang compiles it, but warns: that is often the cause.
        hint = compiler.warning(trial.stderr, source) or silent.mistake(
            program, failed.output
        )
        code = source.lines[hint.line - 1] if hint and hint.line else ""
        given = any(
            len(x.strip()) > 9 and x.strip() in code for x in start.splitlines()
        )
        if hint is None or given:
            return Feedback(failed.text, failed.output, line)
        return Feedback(failed.text.then(hint.text), failed.output, hint.line or line)
    except Exception as error:
        # Printed was what no check has foreseen: a word where a number should be.
        return _unreadable(error, trial)
    return compiler.no_return(trial.stderr, Source(program))


def _unreadable(error: Exception, trial: Trial) -> Feedback:
    """Name the column and the value that a check could not read."""
    quoted = re.search(r": b?'(.*)'$", str(error))
    value = quoted[1] if quoted else None
    for line in trial.lines:
        for name, group in line.groups.items():
            if value is not None and group.strip() == value.strip():
                return Feedback(
                    Text(
                        ja=f"{name.upper()} の列の「{value}」を，数として読めない．",
                        en=f"'{value}' in the column {name.upper()} cannot be read as a "
                        "number.",
                    ),
                    output=line.text,
                )
    return Feedback(
        Text(
            ja=f"表示された値を読めない（{error}）．",
            en=f"A value that it printed cannot be read ({error}).",
        ),
        output=trial.lines[0].text if trial.lines else None,
    )


def _load(path: Path) -> Callable[[Trial], None]:
    """Return the function of an exercise's check.py. Raise Problem if there is none."""
    try:
        spec = importlib.util.spec_from_file_location("check_of_an_exercise", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        function: Callable[[Trial], None] = module.check
    except Exception as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise unreadable(path, reason) from error
    return function
