"""Only one user's calls are shown, and no others are sent."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial, cut_off

WANTED = 1001


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for call in trial.calls:
        shown = trial.lines_of(call)
        uid = call.made_by.uid
        if shown and uid != WANTED:
            cut = cut_off(str(WANTED), uid)
            raise CheckFailed(
                Text(
                    ja=f"この行は UID {uid} の execve である．表示するのは UID {WANTED} "
                    "のものだけである．",
                    en=f"This line is of UID {uid}; only those of UID {WANTED} are to "
                    "be shown.",
                ).then(cut),
                shown[0],
                code="trace_execve(void *ctx)",
            )
    if "Possibly lost" in trial.stderr:
        raise CheckFailed(
            Text(
                ja="表示は正しいが，バッファがあふれた．要らないイベントも送られている．"
                "カーネルの側で，送る前に捨てる．",
                en="What is shown is right, but the buffer overflowed: events that nobody "
                "wants were sent. Drop them in the kernel, before they are sent.",
            ),
            next(x for x in trial.stderr.splitlines() if "Possibly lost" in x),
            code="trace_execve(void *ctx)",
        )
    for call in trial.calls:
        if call.made_by.uid == WANTED:
            trial.line_of(call)
