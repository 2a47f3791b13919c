"""GRANDPARENT is the name of the parent's parent."""

from bcclessons.console.text import Text
from bcclessons.grading.checking import Trial, Wrong


def check(trial: Trial) -> None:
    """Raise Wrong for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        grandparent, parent = call.ancestors
        if line["grandparent"] != grandparent:
            raise Wrong(
                Text(
                    ja=f"この execve では，親が {parent}，親の親が {grandparent} である．",
                    en=f"For this execve, the parent is {parent}, and the parent's parent "
                    f"is {grandparent}.",
                ),
                line,
                look="real_parent",
            )
