"""Checking an exercise: run the learner's program on a machine, and say what is wrong."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem, Text
from bcclessons.grading import diagnosis
from bcclessons.grading.contract import Limits, Observation, Request
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.trial import CheckFailed, Trial

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.machines import Machine

# An emulated machine is slow to compile, and to print.
FAST = Limits(ready_seconds=20.0, header_seconds=5.0, quiet_seconds=0.25)
EMULATED = Limits(ready_seconds=60.0, header_seconds=30.0, quiet_seconds=0.6)


def limits_on(machine: Machine) -> Limits:
    """Return what a program may take on a machine of this speed."""
    return EMULATED if machine.emulated else FAST


def check(
    exercise: Exercise, program: str, machine: Machine, limits: Limits | None = None
) -> Feedback | None:
    """Run a program on a machine; return what is wrong with it, or None.

    ``limits`` are by default those of the machine's speed. Raise Problem where the machine fails, and not the program.
    """
    run_check = _load(exercise.folder / "check.py")
    try:
        compile(program, "my_sample", "exec", dont_inherit=True)
    except SyntaxError as error:
        return Feedback(
            Text(
                ja=f"Python として読めない（{error.msg}）．",
                en=f"Python cannot read it ({error.msg}).",
            ),
            line=error.lineno,
        )
    except ValueError as error:  # a byte that is 0
        return Feedback(
            Text(
                ja=f"Python として読めない（{error}）．",
                en=f"Python cannot read it ({error}).",
            )
        )
    limits = limits or limits_on(machine)
    request = Request(program, exercise.output.ready, exercise.steps, limits)
    observed = _observe(request, machine)
    return diagnosis.behaviour(observed, request) or _compare(
        run_check, Trial.of(exercise, observed), program
    )


def _observe(request: Request, machine: Machine) -> Observation:
    """Have the program run on the machine; return what the observer tells of it."""
    argv = ["/usr/bin/python3", "-B", "-m", "bcclessons.grading.observer"]
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
            process.stdin.write(request.to_json())
            process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            process.wait()
        stderr.seek(0)
        reason = (stderr.read().strip() or "no answer").splitlines()[-1]
    try:
        return Observation.from_json(line)
    except ValueError as error:
        raise Problem(
            ja=f"プログラムを試せなかった（{reason}）．もう一度実行する．",
            en=f"the program could not be tried ({reason}); run this again.",
        ) from error


def _compare(
    run_check: Callable[[Trial], None], trial: Trial, program: str
) -> Feedback | None:
    """Compare what was printed with what is true, by the exercise's own check."""
    try:
        run_check(trial)
    except CheckFailed as failed:
        numbers = (diagnosis.line_with(code, program) for code in failed.code)
        return Feedback(failed.text, failed.output, next(filter(None, numbers), None))
    except Exception as error:
        # Printed was what no check has foreseen: a word where a number should be.
        return Feedback(
            Text(
                ja=f"表示された値を読めない（{error}）．",
                en=f"A value that it printed cannot be read ({error}).",
            ),
            output=trial.lines[0].text if trial.lines else None,
        )
    return None


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
        raise Problem(
            ja=f"{path} を読めない（{error}）．git で元に戻す: git checkout -- {path}",
            en=f"{path} cannot be read ({error}); restore it: git checkout -- {path}",
        ) from error
    return function
