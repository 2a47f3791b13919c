"""FILE is the program's name, wherever it was at the entry of execve."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        if line["file"] == call.made_by.file:
            continue
        if "/" not in line["file"] and line["file"] != line["comm"]:
            raise CheckFailed(
                Text(
                    ja=f"この execve は {call.made_by.file} を起動したが，その名前を読めなかった．"
                    "入口では，名前がまだメモリに無い．sched_process_exec では，"
                    "呼び出し元ではなくカーネルのメモリにある．",
                    en=f"This execve started {call.made_by.file}, and its name could not be read. "
                    "At the entry it is not in memory yet; at sched_process_exec it is in "
                    "the kernel's memory, not in the caller's.",
                ),
                line,
                code="TRACEPOINT_PROBE",
            )
        raise CheckFailed(
            Text(
                ja=f"FILE は {call.made_by.file} のはずである．",
                en=f"FILE should be {call.made_by.file}.",
            ),
            line,
            code="event.file",
        )
