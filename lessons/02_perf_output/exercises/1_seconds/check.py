"""TIME(s) is when execve was called, in seconds, to the millisecond or finer."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import Call, CheckFailed, Line, Trial

DECIMALS = 3


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        if call.made_by.times == 1:
            line = trial.line_of(call)
            _check_name(line, call)
            _check_time(line, call)


def _check_time(line: Line, call: Call) -> None:
    before, after = call.before / 1e9, call.after / 1e9
    try:
        shown = float(line["time"])
    except ValueError:
        shown = -1.0
    if not before - 1.1 <= shown <= after + 5:
        raise CheckFailed(
            Text(
                ja="TIME(s) は，起動からの秒数になるはずである．この execve では "
                f"{before:.6f} くらいになる．",
                en="TIME(s) should be the seconds since boot: for this execve, about "
                f"{before:.6f}.",
            ),
            line,
            code="event.time",
        )
    decimals = len(line["time"].partition(".")[2])
    # As exact as it is written: half of the last digit may be by rounding.
    exact = 0.5 / 10**decimals
    fits = before - exact <= shown <= after + exact
    if not decimals or (not fits and (shown < before or shown.is_integer())):
        raise CheckFailed(
            Text(
                ja="秒にはなったが，小数点以下が失われている．同じ 1 秒の間に起きた 2 件を，"
                "時刻で区別できない．",
                en="These are seconds, but their decimals are lost: two events of the same "
                "second cannot be told apart.",
            ),
            line,
            code="event.time",
        )
    if not fits:
        raise CheckFailed(
            Text(
                ja="この時刻は，execve が呼ばれた時刻より "
                f"{shown - after:.3f} 秒遅い．表示した時刻ではなく，event.time を使う．",
                en=f"This time is {shown - after:.3f} s later than the call of execve. Show "
                "event.time, and not the time when it is printed.",
            ),
            line,
            code=("time.", "event.time"),
        )
    if decimals < DECIMALS:
        raise CheckFailed(
            Text(
                ja="小数点以下の桁が足りない．1 ミリ秒の間をおいて起きた 2 件を，時刻で"
                "区別できない．",
                en="There are too few decimals: two events one millisecond apart cannot be "
                "told apart.",
            ),
            line,
            code="event.time",
        )


def _check_name(line: Line, call: Call) -> None:
    # Any way to show a letter that is not ASCII is right.
    name = call.made_by.name.rstrip("\u00e9")
    if not line["comm"].startswith(name):
        raise CheckFailed(
            Text(
                ja=f"COMM は {name} のはずである．",
                en=f"COMM should be {name}.",
            ),
            line,
            code="event.comm",
        )
