"""Each call has a line with its whole file name."""

from bcclessons.console.text import Text
from bcclessons.grading import shared
from bcclessons.grading.trial import CheckFailed, Trial

# How much of a name is left where the size of a pointer, 8, was given: with room for
# the NUL when it is read, and after a PID of 4 bytes when it is sent.
READ, SENT = 8 - 1, 8 - 4


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        file, shown = call.made_by.file, line["file"]
        if shown == file:
            continue
        if shown and file.startswith(shown):
            ja = f"ファイル名は {len(file)} バイトあるのに，{len(shown)} バイトで切れている．"
            en = (
                f"The file name has {len(file)} bytes, but it is cut after "
                f"{len(shown)} bytes."
            )
            size = len(shown) + 1
            code: tuple[str, ...] = (f"[{size}]", f" {size},", "char file[")
            if len(shown) in (READ, SENT):
                ja += "渡した大きさは，ポインタの大きさではないか．"
                en += " Is the size that you give that of a pointer?"
                sizes = ("bpf_probe_read_user_str(", "perf_submit(")
                code = sizes if len(shown) == READ else sizes[::-1]
            raise CheckFailed(Text(ja=ja, en=en), line, code=code)
        raise CheckFailed(
            Text(
                ja=f"PID {call.pid} のファイル名は {file} である．",
                en=f"The file name of PID {call.pid} is {file}.",
            ),
            line,
            code=("bpf_probe_read_user_str(", "char file["),
        )
    if (mixed := shared.event_in_one_value(trial.program)) is not None:
        raise CheckFailed(mixed.text, line=mixed.line)
