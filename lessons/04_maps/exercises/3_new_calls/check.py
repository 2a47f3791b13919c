"""The lines of a key add up to its calls."""

from collections import Counter

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    made = Counter((call.made_by.name, call.made_by.uid) for call in trial.calls)
    # The few calls first: there, a mistake is easier to see.
    for (name, uid), times in sorted(made.items(), key=lambda item: item[1]):
        who = f"{name} (UID {uid})"
        who_ja = f"{name}（UID {uid}）"
        rows = [
            line
            for line in trial.lines
            if line["comm"] == name and line["uid"] == str(uid)
        ]
        counts = [int(line["count"]) for line in rows]
        total = sum(counts)
        if not any(counts):
            raise CheckFailed(
                Text(
                    ja=f"{who_ja}が execve を {times} 回呼んだのに，その行が無い．",
                    en=f"{who} called execve {times} times, but has no line.",
                ),
                (trial.others or [None])[-1],
                code=("print(", "printb("),
            )
        if min(counts) < 0:
            raise CheckFailed(
                Text(
                    ja="回数が減ることは無い．UID と名前の同じ組の，前に読んだ回数を，今の回数から"
                    "引く．",
                    en="A count cannot shrink. From the present count, subtract the previous "
                    "one of the same pair of UID and name.",
                ),
                next(line for line in rows if int(line["count"]) < 0),
                code=(".get(", "printb(", "print("),
            )
        if total > times:
            raise CheckFailed(
                Text(
                    ja=f"{who_ja}は execve を {times} 回呼んだ．表示した COUNT の合計は {total} で，"
                    "同じ呼び出しを 2 回以上数えている．同じキーの，前に読んだ回数を引く．",
                    en=f"{who} called execve {times} times, but its lines add up to {total}: "
                    "calls were counted more than once. Subtract the previous count of "
                    "the same key.",
                ),
                rows[-1],
                code=("printb(", "print(", ".items()"),
            )
        if total < times:
            raise CheckFailed(
                Text(
                    ja=f"{who_ja}は execve を {times} 回呼んだ．表示した COUNT の合計は {total} で，"
                    f"{times - total} 回足りない．カーネルは，読んでいる間も数え続ける．"
                    "カーネルの中の回数には手を付けず，前に読んだ回数を引く．初めて見るキーでは，"
                    "前の回数は 0 である．",
                    en=f"{who} called execve {times} times, but its lines add up to {total}: "
                    f"{times - total} are missing. The kernel keeps counting while you "
                    "read. Leave the counts in the kernel as they are, and subtract the "
                    "previous one, which is 0 for a key that you see for the first time.",
                ),
                rows[-1] if rows else None,
                code=(".clear()", ".zero()", "del ", ".items()"),
            )
