"""Each call has a line with its whole file name."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

# The size of a pointer, in bytes.
POINTER = 8
SIZE_OF_A_POINTER = Text(
    ja="読む大きさと送る大きさは，ポインタの大きさではなく，メンバと構造体の大きさか．",
    en=" Are the sizes to read and to send those of the member and of the struct, and "
    "not that of a pointer?",
)


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        file, shown = call.made_by.file, line["file"]
        if shown == file:
            continue
        if shown and file.startswith(shown):
            raise CheckFailed(
                Text(
                    ja=f"ファイル名は {len(file)} バイトあるのに，{len(shown)} バイトで切れている．"
                    + (SIZE_OF_A_POINTER.ja if len(shown) < POINTER else ""),
                    en=f"The file name has {len(file)} bytes, but it is cut after "
                    f"{len(shown)} bytes." + (SIZE_OF_A_POINTER.en if len(shown) < POINTER else ""),
                ),
                line,
                code=("perf_submit(", "bpf_probe_read_user_str(")
                if len(shown) < POINTER
                else ("char file[", "bpf_probe_read_user_str("),
            )
        raise CheckFailed(
            Text(
                ja=f"PID {call.pid} のファイル名は {file} である．",
                en=f"The file name of PID {call.pid} is {file}.",
            ),
            line,
            code=("bpf_probe_read_user_str(", "char file["),
        )
