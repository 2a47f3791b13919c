"""TIME(s) is in seconds, with decimals."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

# Of a second. One decimal is enough.
MOST = 0.05


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        try:
            shown = float(line["time"])
        except ValueError:
            shown = -1.0
        if not call.before / 1e9 - 1.1 <= shown <= call.after / 1e9 + 0.1:
            raise CheckFailed(
                Text(
                    ja="TIME(s) は，起動からの秒数になるはずである．この execve では "
                    f"{call.before / 1e9:.6f} くらいになる．",
                    en="TIME(s) should be the seconds since boot: for this execve, about "
                    f"{call.before / 1e9:.6f}.",
                ),
                line,
                code="event.time",
            )
        # As exact as it is written: half of the last digit may be by rounding.
        exact = 0.5 / 10 ** len(line["time"].partition(".")[2])
        right = call.before / 1e9 - exact <= shown <= call.after / 1e9 + exact
        if exact > MOST or not right:
            raise CheckFailed(
                Text(
                    ja="秒にはなったが，小数点以下が失われている．同じ 1 秒の間に起きた "
                    "2 件を，時刻で区別できない．",
                    en="These are seconds, but their decimals are lost: two events of the "
                    "same second cannot be told apart.",
                ),
                line,
                code="event.time",
            )
