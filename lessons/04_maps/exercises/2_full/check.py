"""The calls that have no row are counted, and the count is printed."""

import re

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

# On a machine with other work, others' calls have no row either.
OTHERS = 600


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    totals = [x for x in trial.others if re.fullmatch(r"missed: +\d+", x)]
    names = {call.made_by.name for call in trial.calls}
    rows = {x["comm"]: int(x["count"]) for x in trial.lines if x["comm"] in names}
    calls = len(trial.calls)
    missing = calls - sum(rows.values())
    if not missing:
        raise CheckFailed(
            Text(
                ja="どの呼び出しにも行があるので，入らなかった回数を数えたかどうかがわからない．"
                "表は 8 行のままにする．",
                en="Every call has a row, so nothing shows whether it counts those that do "
                "not fit. Leave the table at 8 rows.",
            ),
            trial.lines[-1] if trial.lines else None,
            code="BPF_HASH(counts",
        )
    if not totals:
        raise CheckFailed(
            Text(
                ja=f"missed: 回数 という行が無い．{calls} 回の execve のうち {missing} 回に行が無い．",
                en=f"It printed no line missed: NUMBER. Of {calls} calls of execve, "
                f"{missing} have no row.",
            ),
            next((x for x in trial.others if "miss" in x), None),
            code=("missed", "if (!count)"),
        )
    total = int(totals[-1].partition(":")[2])
    if not missing <= total <= missing + OTHERS:
        raise CheckFailed(
            Text(
                ja=f"{calls} 回の execve のうち {missing} 回に行が無いのに，最後の行は {total} 回と"
                "いっている．数えるのは，行を作れなかった呼び出しだけで，そのすべてである．",
                en=f"There were {calls} calls of execve, and {missing} of them have no row, "
                f"but the last line says {total}. Count all calls for which no row could "
                "be made, and no others.",
            ),
            totals[-1],
            code=("missed", "if (!count)"),
        )
