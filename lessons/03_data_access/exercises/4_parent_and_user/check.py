"""PPID and UID are those of each call."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import Call, CheckFailed, Line, Trial, cut_off


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        for name, value in (("ppid", call.ppid), ("uid", call.made_by.uid)):
            if line[name] != str(value):
                text = Text(
                    ja=f"PID {call.pid} の {name.upper()} は {value} のはずである．",
                    en=f"For PID {call.pid}, {name.upper()} should be {value}.",
                )
                why = _why(call, name, value, line)
                raise CheckFailed(text.then(why), line, code=f"data.{name}")
        if line["comm"] != call.made_by.name:
            raise CheckFailed(
                Text(
                    ja=f"COMM は {call.made_by.name} のはずである．",
                    en=f"COMM should be {call.made_by.name}.",
                ),
                line,
                code=("event.comm", "data.comm"),
            )


def _why(call: Call, name: str, value: int, line: Line) -> Text | None:
    """Tell what the wrong number is, where it can be told."""
    shown = int(line[name])
    if name == "ppid" and line["uid"] == str(value):
        return Text(
            ja="それは UID の列にある．値の順序か，構造体のメンバの順序が違う．",
            en="It is in the column UID: the values, or the members of the struct, are in "
            "another order.",
        )
    if name == "ppid" and shown == call.pid:
        return Text(
            ja=f"{shown} は，そのプロセス自身の PID である．",
            en=f"{shown} is the PID of the process itself.",
        )
    if name == "uid" and shown == call.made_by.gid:
        return Text(
            ja=f"{shown} はグループの番号（GID）で，上位 32 ビットにある．",
            en=f"{shown} is the group's number (GID), the upper 32 bits.",
        )
    if name == "uid" and shown >> 32 and shown % (1 << 32) == value:
        return Text(
            ja=f"{shown} は 64 ビット全体の値で，その上位 32 ビットは GID である．",
            en=f"{shown} is the value of all 64 bits, of which the upper 32 are the GID.",
        )
    return cut_off(line[name], value)
