"""GRANDPARENT is the name of the parent's parent."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        grandparent, parent = call.made_by.ancestors
        if line["grandparent"] != grandparent:
            raise CheckFailed(
                Text(
                    ja=f"この execve では，親が {parent}，親の親が {grandparent} である．",
                    en=f"For this execve, the parent is {parent}, and the parent's parent "
                    f"is {grandparent}.",
                ),
                line,
                code="real_parent",
            )
