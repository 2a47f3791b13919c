"""Our lines are shown, and no stranger's."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for line in trial.stdout.splitlines():
        if "stranger" in line:
            raise CheckFailed(
                Text(
                    ja="この行は，ほかのプログラムが書いたものである．表示してはいけない．",
                    en="This line was written by another program, and must not be shown.",
                ),
                line,
                code='msg == "Unknown"',
            )
    for call in trial.calls:
        trial.line_of(call)
