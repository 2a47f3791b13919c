"""The lines of a name add up to its calls."""

from collections import Counter

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    made = Counter(call.made_by.name for call in trial.calls)
    # The few calls first: there, a mistake is easier to see.
    for name, times in sorted(made.items(), key=lambda item: item[1]):
        rows = [line for line in trial.lines if line["comm"] == name]
        total = sum(int(line["count"]) for line in rows)
        if not total and not any(int(line["count"]) for line in rows):
            raise CheckFailed(
                Text(
                    ja=f"{name} が execve を {times} 回呼んだのに，その行が無い．",
                    en=f"{name} called execve {times} times, and has no line.",
                ),
                (trial.others or [None])[-1],
                code=("print(", "printb("),
            )
        if total > times:
            raise CheckFailed(
                Text(
                    ja=f"{name} は execve を {times} 回呼んだ．表示した COUNT の合計は {total} で，"
                    "同じ呼び出しを 2 回以上数えている．前に読んだ回数を引く．",
                    en=f"{name} called execve {times} times, and its lines add up to {total}: "
                    "calls were counted more than once. Subtract the count that you read "
                    "before.",
                ),
                rows[-1],
                code=("printb(", "print(", ".items()"),
            )
        if total < times:
            raise CheckFailed(
                Text(
                    ja=f"{name} は execve を {times} 回呼んだ．表示した COUNT の合計は {total} で，"
                    f"{times - total} 回足りない．カーネルは，読んでいる間も数え続ける．"
                    "カーネルの中の回数には手を付けず，前に読んだ回数を引く．",
                    en=f"{name} called execve {times} times, and its lines add up to {total}: "
                    f"{times - total} are missing. The kernel goes on counting while you "
                    "read. Leave the counts in the kernel as they are, and subtract the "
                    "one that you read before.",
                ),
                rows[-1] if rows else None,
                code=(".clear()", ".zero()", "del ", ".items()"),
            )
