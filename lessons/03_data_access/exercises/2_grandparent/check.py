"""GRANDPARENT is the name of the parent's parent."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        line = trial.line_of(call)
        grandparent, parent = call.made_by.ancestors
        shown = line["grandparent"]
        if shown and shown != grandparent and grandparent.startswith(shown):
            raise CheckFailed(
                Text(
                    ja=f"親の親の名前は {grandparent} である．GRANDPARENT では，その途中で"
                    "切れている．名前は，終わりの NUL を入れて 16 バイトまである．"
                    "bpf_probe_read_kernel_str() で，すべてコピーする．",
                    en=f"The name of the parent's parent is {grandparent}; in GRANDPARENT "
                    "it is cut off. A name takes up to 16 bytes, with the NUL at its end: "
                    "copy them all by bpf_probe_read_kernel_str().",
                ),
                line,
                code=("bpf_probe_read", "real_parent"),
            )
        if shown != grandparent:
            raise CheckFailed(
                Text(
                    ja=f"この execve では，親が {parent}，親の親が {grandparent} である．",
                    en=f"For this execve, the parent is {parent}, and the parent's parent "
                    f"is {grandparent}.",
                ),
                line,
                code="real_parent",
            )
        if line["comm"] != call.made_by.name:
            raise CheckFailed(
                Text(
                    ja=f"COMM は {call.made_by.name} のはずである．",
                    en=f"COMM should be {call.made_by.name}.",
                ),
                line,
                code="bpf_get_current_comm",
            )
