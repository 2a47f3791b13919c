"""The number of events that were not sent is printed at the end."""

import re

from bcclessons.console.text import Text
from bcclessons.grading import shared
from bcclessons.grading.trial import CheckFailed, Trial

# On a machine with other work, others' calls are not sent either.
OTHERS = 100


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    others = max(OTHERS, trial.others_without_line)
    totals = [x for x in trial.others if re.fullmatch(r"not sent: *\d+ *", x)]
    trial.refuse_ctypes_value("not sent:")
    if not totals:
        unlike = next((x for x in trial.others if "sent" in x.lower()), None)
        raise CheckFailed(
            Text(
                ja="終わるときに，not sent: 件数 という行が無い．",
                en="After Ctrl-C, it printed no line not sent: NUMBER.",
            ),
            unlike,
            code="sent:" if unlike else "os._exit",
        )
    if len(totals) > 1:
        raise CheckFailed(
            Text(
                ja=f"not sent: の行が {len(totals)} 行ある．Ctrl-C で終わるときに 1 回だけ"
                "表示する．",
                en=f"It printed {len(totals)} lines that begin with not sent:. Print one, "
                "when Ctrl-C ends the program.",
            ),
            totals[0],
            code="not sent",
        )
    missing = len(trial.calls) - len(trial.own_lines)
    if not missing:
        raise CheckFailed(
            Text(
                ja="イベントが 1 件も失われなかったので，数えられたかどうかがわからない．"
                "リングは 1 ページのままにする．",
                en="No event was lost, so it cannot be seen whether losses are counted. "
                "Leave the ring at one page.",
            ),
            totals[-1],
            code="BPF_RINGBUF_OUTPUT",
        )
    total = int(totals[-1].partition(":")[2])
    if not missing <= total <= missing + others:
        raise CheckFailed(
            Text(
                ja=f"{len(trial.calls)} 回の execve のうち {missing} 回の行が無いのに，{total} 件に"
                "なっている．送れなかったときだけ，そのたびに 1 を足す．",
                en=f"Of {len(trial.calls)} calls of execve, {missing} have no line, but the "
                f"number is {total}. Add 1 each time that an event cannot be sent, and "
                "only then.",
            ),
            totals[-1],
            code=("ringbuf_output(", "ringbuf_reserve("),
        )
    if (lossy := shared.plain_addition(trial.program)) is not None:
        raise CheckFailed(lossy.text, totals[-1], line=lossy.line)
