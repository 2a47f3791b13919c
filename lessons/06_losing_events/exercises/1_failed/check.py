"""Every event that is not sent is counted, and their number is printed at the end."""

import re

from bcclessons.console.text import Text
from bcclessons.grading import shared
from bcclessons.grading.trial import CheckFailed, Trial

# On a machine with other work, others' calls are lost, too.
OTHERS = 60


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    others = max(OTHERS, trial.others_without_line)
    totals = [line for line in trial.others if re.fullmatch(r"failed: *\d+ *", line)]
    trial.refuse_ctypes_value("failed:")
    if len(totals) != 1:
        raise CheckFailed(
            Text(
                ja="終わるときに，failed: 件数 という行が無い．"
                if not totals
                else f"failed: の行が {len(totals)} 行ある．終わるときに 1 回だけ表示する．",
                en="After Ctrl-C, it printed no line failed: NUMBER."
                if not totals
                else f"It printed {len(totals)} lines that begin with failed:. Print one, "
                "at the end.",
            ),
            totals[0] if totals else (trial.others or [None])[-1],
            code=("failed:", "perf_buffer_poll("),
        )
    pids = {str(call.pid) for call in trial.calls}
    calls = len(trial.calls)
    missing = calls - sum(line["pid"] in pids for line in trial.lines)
    if not missing:
        raise CheckFailed(
            Text(
                ja="イベントが 1 件も失われなかったので，数えられたかどうかがわからない．"
                "バッファは 1 ページ（page_cnt=1）のままにする．",
                en="No event was lost, so it cannot be seen whether losses are counted. "
                "Leave the buffer at one page: page_cnt=1.",
            ),
            totals[0],
            code="open_perf_buffer(",
        )
    total = int(totals[0].partition(":")[2])
    if not missing <= total <= missing + others:
        by_lost_cb = 0 < total < missing
        ja = "最後に失われたものは lost_cb に届かない．" if by_lost_cb else ""
        en = " lost_cb is not told of those lost last." if by_lost_cb else ""
        raise CheckFailed(
            Text(
                ja=f"{calls} 回の execve のうち {missing} 回の行が無いのに，failed: は {total} に"
                f"なっている．{ja}perf_submit() が負の値を返した回数を，"
                "カーネルの側ですべて数える．",
                en=f"Of {calls} calls of execve, {missing} have no line, but it printed "
                f"failed: {total}.{en} Count in the kernel how often "
                "perf_submit() returns a negative value, each time.",
            ),
            totals[0],
            code=("perf_submit(", "failed:"),
        )
    if (lossy := shared.plain_addition(trial.program)) is not None:
        raise CheckFailed(lossy.text, totals[-1], line=lossy.line)
