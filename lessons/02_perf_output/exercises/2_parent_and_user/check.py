"""PPID and UID are those of each call."""

from bcclessons.console.text import Text
from bcclessons.grading.checking import Trial, Wrong


def check(trial: Trial) -> None:
    """Raise Wrong for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        for name, value in (("ppid", call.ppid), ("uid", call.uid)):
            if line[name] != str(value):
                raise Wrong(
                    Text(
                        ja=f"PID {call.pid} の {name.upper()} は {value} のはずである．",
                        en=f"For PID {call.pid}, {name.upper()} should be {value}.",
                    ),
                    line,
                    look=f"data.{name}",
                )
