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
            at_entry = line["comm"] == call.made_by.name  # execve has not renamed it yet
            raise CheckFailed(
                Text(
                    ja=f"この execve は {call.made_by.file} を起動したが，その名前を読めなかった．"
                    + (
                        "入口では，名前がまだメモリに無いことがある．"
                        if at_entry
                        else "sched_process_exec では，名前は呼び出し元ではなくカーネルの"
                        "メモリにある．args の先頭から "
                        "args->data_loc_filename & 0xFFFF バイト目である．"
                    ),
                    en=f"This execve started {call.made_by.file}, and its name could not be read. "
                    + (
                        "At the entry it may not be in memory yet."
                        if at_entry
                        else "At sched_process_exec it is in the kernel's memory, not in the "
                        "caller's: args->data_loc_filename & 0xFFFF bytes after the start of "
                        "args."
                    ),
                ),
                line,
                code="TRACEPOINT_PROBE" if at_entry else "bpf_probe_read",
            )
        raise CheckFailed(
            Text(
                ja=f"FILE は {call.made_by.file} のはずである．",
                en=f"FILE should be {call.made_by.file}.",
            ),
            line,
            code="event.file",
        )
