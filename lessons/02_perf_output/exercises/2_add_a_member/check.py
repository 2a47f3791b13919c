"""TID is the number of the thread that calls execve."""

from bcclessons.console.text import Text
from bcclessons.grading.source import Source
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        swapped = {"pid": str(call.tid), "tid": str(call.pid)}
        for line in trial.lines:
            if call.tid != call.pid and all(line[x] == swapped[x] for x in swapped):
                raise CheckFailed(
                    Text(
                        ja=f"PID と TID が逆である．PID {call.pid} のスレッドの TID は "
                        f"{call.tid} である．",
                        en=f"PID and TID are the wrong way round: the thread of PID "
                        f"{call.pid} has the TID {call.tid}.",
                    ),
                    line,
                    code=("event.tid", "data.tid"),
                )
        line = trial.line_of(call)
        if not line["tid"]:
            raise CheckFailed(
                Text(
                    ja="この行に TID が無い．構造体にメンバ tid を加え，PID の次に表示する．",
                    en="This line has no TID. Add a member tid to the struct, and show it "
                    "after PID.",
                ),
                line,
                code=("u32 tid", "struct data_t {"),
            )
        if line["comm"] != call.made_by.name:
            raise CheckFailed(
                Text(
                    ja=f"COMM は，スレッドの名前の {call.made_by.name} のはずである．",
                    en=f"COMM should be {call.made_by.name}, the name of the thread.",
                ),
                line,
                code="bpf_get_current_comm",
            )
        if line["tid"] != str(call.tid):
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid} の，{call.made_by.name} という名前のスレッドの TID は "
                    f"{call.tid} のはずである．",
                    en=f"For the thread named {call.made_by.name} of PID {call.pid}, TID "
                    f"should be {call.tid}.",
                ),
                line,
                code=("data.tid", "bpf_get_current_pid_tgid"),
            )
    narrow = Source(trial.program).member(r"\b(?:[us](?:8|16)|short|char) +tid\s*;")
    if narrow is not None:
        raise CheckFailed(
            Text(
                ja="TID は 4194304 までの数なので，16 ビットには入らない．u32 にする．",
                en="A TID can be as large as 4194304, which does not fit into 16 bits: make "
                "it a u32.",
            ),
            line=narrow,
        )
