"""Whether what else a machine did during a trial can have changed its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.grading import exceptions
from bcclessons.grading.feedback import Feedback

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.grading.contract import Observation
    from bcclessons.grading.trial import Trial

_SOME = 20
"""Processes a second that others make, from which on a failed trial is repeated."""
_MANY = 100
"""Those from which on they can be the cause."""
_CALLS_EACH = 10
"""Calls of execve that count as a process; a search in PATH is one for each folder."""
_LINES_EACH = 30
"""More lines than this for each process shown are the program's own fault."""
_LINES_A_CALL = 2
"""Unless others made so many calls that, at this number for each, they can be theirs."""


def is_certain(observed: Observation, trial: Trial) -> bool:
    """Tell whether a failure is the program's, whatever else the machine did."""
    if observed.ending not in ("hung", "flooded", "deaf", "interrupted"):
        return True
    if any(
        item.text != "KeyboardInterrupt" for item in exceptions.raised(observed.stderr)
    ):
        return True
    shown = len({line.groups.get("pid", line.text) for line in trial.lines})
    if 0 < len(trial.lines) <= _LINES_A_CALL * observed.load.calls:
        return False
    most = _LINES_EACH * shown
    return observed.ending == "flooded" and observed.stdout.count("\n") >= most


def is_worth_repeating(observed: Observation) -> bool:
    """Tell whether a failed trial may end in another way the next time."""
    load = observed.load
    made = max(load.processes, load.calls / _CALLS_EACH)
    return made > _SOME * load.seconds or load.waited > load.seconds / 4


def feedback(observed: Observation, exercise: Exercise) -> Feedback | None:
    """Return that the machine was too busy to judge the program; None if it was not."""
    load = observed.load
    seconds = max(load.seconds, 0.1)
    share = load.waited / seconds
    if load.processes > _MANY * seconds:
        rate = round(load.processes / seconds)
        why = Text(
            ja=f"試している間，ほかのプログラムがプロセスを毎秒約 {rate} 個作っていた．",
            en=f"During the trial, other programs made about {rate} processes a second.",
        )
    elif load.calls > _MANY * _CALLS_EACH * seconds:
        rate = round(load.calls / seconds)
        why = Text(
            ja=f"試している間，ほかのプログラムが execve を毎秒約 {rate} 回呼んでいた．",
            en=f"During the trial, other programs called execve about {rate} times a second.",
        )
    elif share > (0.6 if observed.ending == "interrupted" else 0.25):
        why = Text(
            ja=f"プログラムは，{seconds:.0f} 秒のうち {load.waited:.0f} 秒，CPU が空くのを待った．",
            en=f"The program waited for a CPU for {load.waited:.0f} of {seconds:.0f} seconds.",
        )
    else:
        return None
    retry = f"./lab check {exercise.label}"
    return Feedback(
        Text(
            ja=f"{why.ja}正しいプログラムでもイベントを失うことがあるので，まだ判定できない．",
            en=f"{why.en} Even a right program can lose events then, so there is "
            "no result yet.",
        ),
        undecided=True,
        retry=Text(
            ja=f"静かになってから，または VM で，もう一度実行する: {retry} --vm",
            en=f"Run it again when the machine is quiet, or in the VM: {retry} --vm",
        ),
    )
