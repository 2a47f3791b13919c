"""TIME(s) is in seconds, with decimals."""

from bcclessons.checking import Trial, Wrong
from bcclessons.text import Text


def check(trial: Trial) -> None:
    """Raise Wrong for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        try:
            shown = float(line["time"])
        except ValueError:
            shown = -1.0
        if not call.before / 1e9 - 1.1 <= shown <= call.after / 1e9 + 0.1:
            raise Wrong(
                Text(
                    ja="TIME(s) は，起動からの秒数になるはずである．この execve では "
                    f"{call.before / 1e9:.6f} くらいになる．",
                    en="TIME(s) should be the seconds since boot: for this execve, about "
                    f"{call.before / 1e9:.6f}.",
                ),
                line,
                look="event.time",
            )
        if "." not in line["time"]:
            raise Wrong(
                Text(
                    ja="秒にはなったが，小数点以下が無い．同じ 1 秒の間に起きた 2 件を，"
                    "時刻で区別できない．",
                    en="These are seconds, but without decimals: two events of the same "
                    "second cannot be told apart.",
                ),
                line,
                look="printb(",
            )
