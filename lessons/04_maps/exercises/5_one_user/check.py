"""Everybody is counted at first, and then only the user who makes many calls."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

WANTED = 1002
# Root's other names may be called before or after Python has written WANTED.
BEFORE = "of-root-1"


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    calls = {call.made_by.name: call.made_by for call in trial.calls}
    last = {(line["comm"], line["uid"]): line for line in trial.lines}
    filter_code = ("wanted.lookup(", "bpf_get_current_comm(")
    for step in calls.values():
        shown = last.get((step.name, str(step.uid)))
        others = step.uid == 1001
        if step.uid == 0 and step.name != BEFORE:
            continue
        if others and shown:
            raise CheckFailed(
                Text(
                    ja=f"UID {WANTED} の行の回数が 100 を超えたあとなのに，UID {step.uid} の"
                    "呼び出しも数えられた．Python は wanted に UID を書いたか．root の行も 100 を"
                    "超えたが，その UID を書くと全員になる．C の側は，数える前に比べているか．",
                    en=f"UID {step.uid} was counted, too, although a count of UID {WANTED} "
                    "had been above 100 before. Does Python write that UID into wanted, and "
                    "not root's, whose counts are above 100, too, and whose 0 stands for "
                    "everybody? Does the C side compare with it before it counts?",
                ),
                shown,
                code=filter_code,
            )
        if others or (shown and shown["count"] == str(step.times)):
            continue
        if shown:
            raise CheckFailed(
                Text(
                    ja=f"{step.name}（UID {step.uid}）は execve を {step.times} 回呼んだのに，"
                    f"COUNT は {shown['count']} になっている．",
                    en=f"{step.name}, of UID {step.uid}, called execve {step.times} times, "
                    f"but COUNT says {shown['count']}.",
                ),
                shown,
                code=filter_code,
            )
        if step.uid == WANTED and step.name == "after":
            raise CheckFailed(
                Text(
                    ja=f"UID {WANTED} の {step.name} に行が無い．ほかのユーザの呼び出しも数えたので，"
                    "マップが満杯になったか，違う UID を数えている．カーネルの側で，数える前に"
                    "絞り込む．",
                    en=f"{step.name}, of UID {WANTED}, has no line. Either the calls of others "
                    "were counted, too, and filled the map, or another UID is counted. "
                    "Filter in the kernel, before you count.",
                ),
                trial.lines[-1] if trial.lines else None,
                code=filter_code,
            )
        raise CheckFailed(
            Text(
                ja=f"{step.name}（UID {step.uid}）が execve を呼んだのに，その行が無い．wanted が 0 の"
                "間は，全員を数える．",
                en=f"{step.name}, of UID {step.uid}, called execve, but has no line. As long "
                "as wanted is 0, everybody is to be counted.",
            ),
            (trial.others or [None])[-1],
            code=filter_code,
        )
