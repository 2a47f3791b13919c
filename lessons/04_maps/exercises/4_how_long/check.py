"""The histogram has every call, and its times are microseconds."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

# On a machine with other work, others' calls are in it, too.
OTHERS = 1000
# Starting a program takes longer than this, in microseconds, on any machine.
START = 16
# And for less than this, even on a slow one.
LONGEST = 1 << 18


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    others = max(OTHERS, trial.other_calls)
    rows = [(int(x["low"]), int(x["count"]), x) for x in trial.lines]
    shown = [row for row in rows if row[1]]
    if not shown:
        raise CheckFailed(
            Text(
                ja="Ctrl-C のあとに，分布が表示されていない．",
                en="After Ctrl-C there is no histogram.",
            ),
            next((x for x in reversed(trial.others) if x), None),
            code=("took.increment(", "start.delete(", "print_log2_hist("),
        )
    calls = len(trial.calls)
    total = sum(count for _, count, _ in rows)
    many = max(shown, key=lambda row: row[1])
    if total < calls:
        raise CheckFailed(
            Text(
                ja=f"execve は {calls} 回呼ばれたのに，分布には {total} 回分しか無い．"
                "区間の番号は 1 から 63 までである．",
                en=f"The histogram has only {total} of the {calls} calls that were made. "
                "Its buckets have the numbers 1 to 63.",
            ),
            many[2],
            code=("took.increment(", "start.delete("),
        )
    failed = [call for call in trial.calls if call.result]
    mean = (failed[0].after - failed[0].before) / len(failed) / 1000
    if many[0] > 4 * mean:
        raise CheckFailed(
            Text(
                ja=f"ほとんどの呼び出しは失敗し，{mean:.0f} マイクロ秒ほどで終わった．"
                f"{many[0]} マイクロ秒は長すぎる．かかった時間をマイクロ秒で求めたか．",
                en=f"Most of the calls failed, after about {mean:.0f} microseconds: "
                f"{many[0]} is too long. Is it the time that they took, in microseconds?",
            ),
            many[2],
            code=("bpf_log2", "took.increment(", "bpf_ktime_get_ns() -"),
        )
    if total > calls + others:
        raise CheckFailed(
            Text(
                ja=f"execve は {calls} 回呼ばれたのに，分布には {total} 回分ある．",
                en=f"There were {calls} calls, but the histogram has {total}.",
            ),
            many[2],
            code=("took.increment(", "start.delete("),
        )
    started = calls - len(failed)
    if sum(count for low, count, _ in rows if START <= low < LONGEST) < started:
        raise CheckFailed(
            Text(
                ja=f"プログラムが {started} 回起動した．起動には {START} マイクロ秒より長くかかる．"
                "分布には，それだけの回数が無い．マイクロ秒の区間か．",
                en=f"{started} programs were started, which takes more than {START} "
                "microseconds each, but the histogram has fewer such calls. Are its "
                "times in microseconds?",
            ),
            shown[-1][2],
            code=("bpf_log2", "took.increment(", "bpf_ktime_get_ns() -"),
        )
