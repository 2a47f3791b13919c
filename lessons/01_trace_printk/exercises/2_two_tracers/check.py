"""Our lines are shown, and no stranger's."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for line in trial.stdout.splitlines():
        if "a stranger saw:" in line:
            raise CheckFailed(
                Text(
                    ja="この行は，ほかのプログラムが書いたものである．途中に自分の行の写しがあり，"
                    "印もそこにある．印が行の先頭にあるかどうかを調べる．",
                    en="This line was written by another program, which repeats a line of yours "
                    "with its mark. Look for the mark at the start of the line.",
                ),
                line,
                code=(" not in msg", "in msg", 'msg == "Unknown"'),
            )
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
