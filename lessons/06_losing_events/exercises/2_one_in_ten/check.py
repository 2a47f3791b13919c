"""About one call in ten has a line, and the estimate is ten times their number."""

import math
import re

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

SHARE = 0.1
# What a right program stays within: all but one trial in a million.
DEVIATIONS = 5.0
TOLERANCE = 0.2


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    sample_code = ("bpf_get_prandom_u32", "perf_submit(")
    is_regular = True
    for call in {call.step: call for call in trial.calls}.values():
        times = call.made_by.times
        lines = trial.lines_of(call)
        expected = times * SHARE
        is_regular &= abs(len(lines) - expected) <= 1
        most = DEVIATIONS * math.sqrt(expected * (1 - SHARE))
        if len(lines) > expected + most:
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid} の {times} 回の execve に，行が {len(lines)} 行ある．10 回に "
                    "1 回よりもずっと多い．",
                    en=f"For {times} calls of execve by PID {call.pid}, there are "
                    f"{len(lines)} lines: far more than one in ten.",
                ),
                lines[-1],
                code=sample_code,
            )
        if len(lines) < expected - most:
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid} の {times} 回の execve に，行が {len(lines)} 行しか無い．10 回に "
                    "1 回よりもずっと少ない．どの呼び出しも同じ確率で選ぶ．選ぶのは，カーネル側で，送る前である．",
                    en=f"For {times} calls of execve by PID {call.pid}, there are only "
                    f"{len(lines)} lines: far fewer than one in ten. Choose in the kernel, "
                    "before you send, each call with the same probability.",
                ),
                lines[-1] if lines else None,
                code=sample_code,
            )
    # By chance, that is so in less than one trial in a million.
    if is_regular:
        raise CheckFailed(
            Text(
                ja=f"どのプロセスの {times} 回の execve にも，{expected:.0f} 行があり，"
                "ばらつきが無い．10 回ごとに 1 回送るのではなく，1 回ごとに無作為に選ぶ．",
                en=f"For its {times} calls of execve, each process has {expected:.0f} lines, "
                "with no variation: every tenth call is sent. Choose each call at random.",
            ),
            trial.lines[-1],
            code=sample_code,
        )
    totals = [line for line in trial.others if re.fullmatch(r"estimate: *[\d.]+ *", line)]
    if len(totals) != 1:
        raise CheckFailed(
            Text(
                ja="終わるときに，estimate: 回数 という行が 1 行だけ要る．",
                en="After Ctrl-C, it must print just one line estimate: NUMBER.",
            ),
            totals[0] if totals else (trial.others or [None])[-1],
            code=("estimate:", "perf_buffer_poll("),
        )
    expected = len(trial.lines) / SHARE
    if abs(float(totals[0].partition(":")[2]) - expected) > TOLERANCE * expected:
        raise CheckFailed(
            Text(
                ja=f"行は {len(trial.lines)} 行で，1 行が 10 回の呼び出しを代表する．推定は約 "
                f"{expected:.0f} になるはずである．",
                en=f"There are {len(trial.lines)} lines, and each stands for ten calls: the "
                f"estimate should be about {expected:.0f}.",
            ),
            totals[0],
            code=("estimate:", "estimate"),
        )
