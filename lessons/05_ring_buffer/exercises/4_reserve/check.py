"""A long file name is shown whole, and what cannot be read is left out."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

POINTER = 8  # bytes


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        shown = trial.lines_of(call)
        if "file" in call.made_by.absent:
            if shown:
                raise CheckFailed(
                    Text(
                        ja="このファイル名は読めなかった．bpf_probe_read_user_str() が負の値を"
                        "返したら，そのイベントは捨てる．",
                        en="The file name of this call could not be read. Discard the event "
                        "when bpf_probe_read_user_str() returns a negative value.",
                    ),
                    shown[0],
                    code=("bpf_probe_read_user_str(", "ringbuf_submit("),
                )
            continue
        file = call.made_by.file
        if call.made_by.gap_after and not shown:
            raise CheckFailed(
                Text(
                    ja=f"{file} の行が無い．この名前の NUL のあとのメモリは読めない．名前は，NUL で"
                    "止まる bpf_probe_read_user_str() で読む．",
                    en=f"There is no line for {file}. The memory after the NUL of this name "
                    "cannot be read: read a name by bpf_probe_read_user_str(), which "
                    "stops at the NUL.",
                ),
                code=("bpf_probe_read_user(", "bpf_probe_read_user_str("),
            )
        line = trial.line_of(call)
        if line["file"] == file:
            continue
        length = len(line["file"])
        if length == POINTER - 1 and file.startswith(line["file"]):
            raise CheckFailed(
                Text(
                    ja=f"{len(file)} 文字のファイル名が，{length} 文字で切れている．渡した大きさは，"
                    "ポインタの大きさではないか．",
                    en=f"A file name of {len(file)} characters is cut to {length}. Is the "
                    "size that you give that of a pointer?",
                ),
                line,
                code="bpf_probe_read",
            )
        if line["file"] == file[:length] and length:
            raise CheckFailed(
                Text(
                    ja=f"{len(file)} 文字のファイル名が，{length} 文字で切れている．1000 文字と，"
                    "末尾の NUL が入る大きさにする．",
                    en=f"A file name of {len(file)} characters is cut to {length}. Make room "
                    "for 1000 and the NUL at the end.",
                ),
                line,
                code=(f"[{length + 1}]", f" {length + 1},", "char file["),
            )
        raise CheckFailed(
            Text(
                ja=f"FILE は，execve に渡したファイル名 {_start(file)} になるはずである．",
                en=f"FILE should be the file name given to execve, {_start(file)}.",
            ),
            line,
            code="bpf_probe_read_user_str(",
        )


def _start(file: str) -> str:
    return file if len(file) < 40 else f"{file[:40]}…"
