"""ARG is argv[1], or - where there is none."""

from bcclessons.console.text import Text
from bcclessons.grading.checking import Trial, Wrong

LONGEST = 31


def check(trial: Trial) -> None:
    """Raise Wrong for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        if len(call.argv) < 2:
            if line["arg"] != "-":
                raise Wrong(
                    Text(
                        ja="この execve には引数が無いので，ARG は - のはずである．",
                        en="In this execve there is no argument, so ARG should be -.",
                    ),
                    line,
                    look="bpf_probe_read_user_str",
                )
        elif line["arg"] != call.argv[1][:LONGEST]:
            raise Wrong(
                Text(
                    ja=f"この execve の argv[1] は「{call.argv[1]}」である．",
                    en=f"For this execve, argv[1] is '{call.argv[1]}'.",
                ),
                line,
                look="args->argv",
            )
