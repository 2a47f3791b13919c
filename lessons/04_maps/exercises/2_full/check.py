"""The calls that have no entry are counted, and the count is printed."""

import re

from bcclessons.console.text import Text
from bcclessons.grading import shared
from bcclessons.grading.trial import CheckFailed, Trial

# On a machine with other work, others' calls have no entry either.
OTHERS = 2000


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    others = max(OTHERS, trial.other_calls)
    totals = [x for x in trial.others if re.fullmatch(r"missed: *\d+ *", x)]
    names = {call.made_by.name for call in trial.calls}
    shown = {x["comm"]: int(x["count"]) for x in trial.lines if x["comm"] in names}
    calls = len(trial.calls)
    missing = calls - sum(shown.values())
    if not missing:
        raise CheckFailed(
            Text(
                ja="どの呼び出しにもエントリがあるので，入らなかった回数を数えたかどうかが"
                "わからない．最大数は 8 のままにする．",
                en="Every call has an entry, so it cannot be seen whether those that do not "
                "fit are counted. Leave the map at 8 entries.",
            ),
            trial.lines[-1] if trial.lines else None,
            code="BPF_HASH(counts",
        )
    trial.refuse_ctypes_value("missed:")
    if not totals:
        unlike = next((x for x in trial.others if "miss" in x.lower()), None)
        raise CheckFailed(
            Text(
                ja=f"missed: 回数 という行が無い．{calls} 回の execve のうち {missing} 回は，"
                "エントリが無い．",
                en=f"It printed no line missed: NUMBER. Of {calls} calls of execve, "
                f"{missing} have no entry.",
            ),
            unlike,
            code=("missed.", "if (!count)"),
        )
    numbers = [int(line.partition(":")[2]) for line in totals]
    total = numbers[-1]
    if total < missing <= sum(numbers) <= missing + others:
        raise CheckFailed(
            Text(
                ja=f"missed: の行を合計すると合うが，最後の行は {total} である．増えた分ではなく，"
                "それまでの合計を表示する．",
                en=f"The lines missed: add up to the right number, but the last one says "
                f"{total}. Print the total so far, not what is new.",
            ),
            totals[-1],
            code="missed:",
        )
    if not missing <= total <= missing + others:
        raise CheckFailed(
            Text(
                ja=f"{calls} 回の execve のうち {missing} 回はエントリが無いのに，最後の行では {total} 回に"
                "なっている．エントリを作れなかった呼び出しだけを，すべて数える．",
                en=f"Of {calls} calls of execve, {missing} have no entry, "
                f"but the last line says {total}. Count all calls for which no entry could "
                "be made, and no others.",
            ),
            totals[-1],
            code=("missed.", "if (!count)"),
        )
    if (lossy := shared.plain_addition(trial.program)) is not None:
        raise CheckFailed(lossy.text, totals[-1], line=lossy.line)
