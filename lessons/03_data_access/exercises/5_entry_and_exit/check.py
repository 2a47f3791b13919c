"""Each call has a line at its entry, and one with its result at its exit."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        lines = trial.lines_of(call)
        # In any order: each may come by an output channel of its own.
        entries = [line for line in lines if line["event"] == "enter"]
        exits = [line for line in lines if line["event"] == "exit"]
        if not entries:
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid} の execve に，入口（enter）の行が無い．",
                    en=f"The execve of PID {call.pid} has no line of its entry (enter).",
                ),
                lines[0] if lines else None,
                code="trace_execve",
            )
        if not exits:
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid} の execve に，出口（exit）の行が無い．",
                    en=f"The execve of PID {call.pid} has no line of its exit (exit).",
                ),
                lines[-1],
                code=("data.is_exit", "execve の出口", "sys_exit_execve", "attach_tracepoint"),
            )
        if len(lines) > 2:
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid} の execve は 1 回なのに，行が {len(lines)} 行ある．"
                    "入口と出口に 1 行ずつのはずである．",
                    en=f"PID {call.pid} called execve once, and has {len(lines)} lines: "
                    "one is due at its entry, and one at its exit.",
                ),
                lines[-1],
                code="perf_submit(",
            )
        if entries[0]["ret"] != "-":
            raise CheckFailed(
                Text(
                    ja="入口（enter）の RET は - のはずである．戻り値は，まだ無い．",
                    en="At the entry (enter), RET should be -: nothing is returned yet.",
                ),
                entries[0],
                code="enter",
            )
        if exits[0]["ret"] != str(call.result):
            raise CheckFailed(
                Text(
                    ja=f"{call.made_by.file} の execve の RET は {call.result} のはずである．",
                    en=f"For the execve of {call.made_by.file}, RET should be {call.result}.",
                ),
                exits[0],
                code="ret",
            )
