"""Each call has a line with its whole file name."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


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
                    ja=f"ファイル名は {len(file)} バイトあるのに，{len(shown)} バイトで切れている．",
                    en=f"The file name has {len(file)} bytes, but it is cut after "
                    f"{len(shown)} bytes.",
                ),
                line,
                code=("char file[", "bpf_probe_read_user_str("),
            )
        raise CheckFailed(
            Text(
                ja=f"PID {call.pid} のファイル名は {file} である．",
                en=f"The file name of PID {call.pid} is {file}.",
            ),
            line,
            code=("bpf_probe_read_user_str(", "char file["),
        )
