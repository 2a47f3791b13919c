"""PPID and UID are those of each call."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        for name, value in (("ppid", call.ppid), ("uid", call.made_by.uid)):
            if line[name] != str(value):
                raise CheckFailed(
                    Text(
                        ja=f"PID {call.pid} の {name.upper()} は {value} のはずである．",
                        en=f"For PID {call.pid}, {name.upper()} should be {value}.",
                    ),
                    line,
                    code=f"data.{name}",
                )
