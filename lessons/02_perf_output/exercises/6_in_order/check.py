"""The lines come in order of time, from whatever CPU."""

from itertools import pairwise

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    calls = {call.step: call for call in trial.calls}.values()
    for call in calls:
        lines = trial.lines_of(call)
        if len(lines) != call.made_by.times:
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid} は execve を {call.made_by.times} 回呼んだのに，"
                    f"行が {len(lines)} 行ある．",
                    en=f"PID {call.pid} called execve {call.made_by.times} times, and has "
                    f"{len(lines)} lines.",
                )
                if lines
                else Text(
                    ja=f"PID {call.pid} は execve を {call.made_by.times} 回呼んだのに，"
                    "行が無い．",
                    en=f"PID {call.pid} called execve {call.made_by.times} times, and has "
                    "no line.",
                ),
                lines[-1] if lines else None,
                code=("perf_buffer_poll", "perf_submit("),
            )
    for line, following in pairwise(trial.own_lines):
        if int(line["time"]) > int(following["time"]):
            raise CheckFailed(
                Text(
                    ja=f"この行は，すぐ下の {following['time']} の行よりも，時刻があとである．",
                    en=f"This line is later than the one below it, of {following['time']}.",
                ),
                line,
                code="printb(",
            )
