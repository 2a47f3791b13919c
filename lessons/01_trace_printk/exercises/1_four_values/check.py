"""All four values of each call are there, in whatever lines."""

import re

from bcclessons.console.text import Text
from bcclessons.grading import silent
from bcclessons.grading.trial import CheckFailed, Trial, cut_off


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for line in trial.lines:
        if re.search(r"\bb['\"]", line.text):
            raise CheckFailed(silent.BYTES_SHOWN, line, code="print(")
    for call in trial.calls:
        lines = trial.lines_of(call)
        # Whatever stands around them: "(pid=1, uid=0)" has both.
        values = dict(
            pair for line in lines for pair in re.findall(r"(\w+)=(\w+)", line["text"])
        )
        last = lines[-1] if lines else None
        expected = {"pid": call.pid, "comm": call.made_by.name, "uid": call.made_by.uid}
        for name, value in expected.items():
            if name not in values:
                raise CheckFailed(
                    Text(
                        ja=f"PID {call.pid} の execve の行に，{name}= が無い．"
                        f"pid={call.pid} と一緒に表示する．",
                        en=f"In the lines of the execve of PID {call.pid} there is no "
                        f"{name}=; print it together with pid={call.pid}.",
                    ),
                    last,
                    code="bpf_trace_printk(",
                )
            if name == "uid" and values[name] == str(call.made_by.gid) != str(value):
                raise CheckFailed(
                    Text(
                        ja=f"PID {call.pid} の uid= は {value} のはずである．"
                        f"{values[name]} はグループの番号（GID）で，上位 32 ビットにある．",
                        en=f"For PID {call.pid}, uid= should be {value}; {values[name]} is "
                        "the group's number (GID), the upper 32 bits.",
                    ),
                    last,
                    code=("uid =", "bpf_get_current_uid_gid"),
                )
            if values[name] != str(value):
                cut = cut_off(values[name], call.made_by.uid) if name == "uid" else None
                raise CheckFailed(
                    Text(
                        ja=f"PID {call.pid} の {name}= は {value} のはずである．",
                        en=f"For PID {call.pid}, {name}= should be {value}.",
                    ).then(cut),
                    last,
                    code=f"{name} =",
                )
        time = values.get("time", "")
        if not time.isdecimal() or not call.before <= int(time) <= call.after:
            raise CheckFailed(
                Text(
                    ja="time= は，execve を呼んだ時刻（起動からのナノ秒）のはずである．",
                    en="time= should be when execve was called, in ns since boot.",
                ),
                last,
                code="bpf_ktime_get_ns",
            )
