"""ARG is argv[1], or - where there is none; an error where it cannot be read."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

# The buffer of the start holds so many letters; a longer one is right, too.
LONGEST = 31


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        if len(call.made_by.argv) < 2:
            if line["arg"] != "-":
                raise CheckFailed(
                    Text(
                        ja="この execve には引数が無いので，ARG は - のはずである．",
                        en="In this execve there is no argument, so ARG should be -.",
                    ),
                    line,
                    code="bpf_probe_read_user_str",
                )
        elif "argv[1]" in call.made_by.absent:
            if line["arg"] in ("-", ""):
                raise CheckFailed(
                    Text(
                        ja="この execve には argv[1] があるが，メモリに無く，読めなかった．"
                        "引数が無いときと同じ表示にしない．",
                        en="This execve has an argv[1], but it is not in memory and could "
                        "not be read. Do not show that as if there were no argument.",
                    ),
                    line,
                    code=("arg_len <", "arg_len >", "event.arg", "arg_len"),
                )
        elif not _is(line["arg"], call.made_by.argv[1]):
            raise CheckFailed(
                Text(
                    ja=f"この execve の argv[1] は「{call.made_by.argv[1]}」である．",
                    en=f"For this execve, argv[1] is '{call.made_by.argv[1]}'.",
                ),
                line,
                code="args->argv",
            )


def _is(shown: str, argument: str) -> bool:
    """Tell whether an argument is shown, or as much of it as fits into the buffer."""
    cut = len(shown) >= LONGEST and argument.startswith(shown)
    return shown == argument or cut
