"""The total of lost events is printed at the end."""

import re

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

# On a machine with other work, others' calls are lost, too.
OTHERS = 60


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    others = max(OTHERS, trial.others_without_line)
    totals = [line for line in trial.others if re.fullmatch(r"lost: *\d+ *", line)]
    if not totals:
        raise CheckFailed(
            Text(
                ja="終わるときに，lost: 件数 という行が無い．",
                en="After Ctrl-C it printed no line lost: NUMBER.",
            ),
            code="os._exit",
        )
    if len(totals) > 1:
        raise CheckFailed(
            Text(
                ja=f"lost: の行が {len(totals)} 行ある．合計は，Ctrl-C で終わるときに "
                "1 回だけ表示する．",
                en=f"There are {len(totals)} lines that begin with lost:. Print the total "
                "once, when Ctrl-C ends the program.",
            ),
            totals[0],
            code="lost",
        )
    missing = len(trial.calls) - len(trial.own_lines)
    if not missing:
        raise CheckFailed(
            Text(
                ja="イベントが 1 件も失われなかったので，数えられたかどうかがわからない．"
                "バッファは 1 ページ（page_cnt=1）のままにする．",
                en="No event was lost, so nothing shows whether it counts. Leave the buffer "
                "at one page: page_cnt=1.",
            ),
            totals[-1],
            code="page_cnt",
        )
    total = int(totals[-1].partition(":")[2])
    if not missing <= total <= missing + others:
        raise CheckFailed(
            Text(
                ja=f"{len(trial.calls)} 回の execve のうち {missing} 回の行が無いのに，合計が"
                "合わない．lost_cb は 1 件ごとに呼ばれるのではない．引数を足し合わせる．",
                en=f"Of {len(trial.calls)} calls of execve, {missing} have no line, and the "
                "total does not fit. lost_cb is not called for each loss. Add up its "
                "argument.",
            ),
            totals[-1],
            code="lost",
        )
