"""Only one user's calls are shown, and no others are sent."""

from bcclessons.console.text import Text
from bcclessons.grading.checking import Trial, Wrong

WANTED = 1001


def check(trial: Trial) -> None:
    """Raise Wrong for the first thing that is not as it should be."""
    for call in trial.calls:
        shown = trial.lines_of(call)
        if shown and call.uid != WANTED:
            raise Wrong(
                Text(
                    ja=f"この行は UID {call.uid} の execve である．表示するのは UID {WANTED} "
                    "のものだけである．",
                    en=f"This line is of UID {call.uid}; only those of UID {WANTED} are to "
                    "be shown.",
                ),
                shown[0],
                look="trace_execve(void *ctx)",
            )
    if "Possibly lost" in trial.stderr:
        raise Wrong(
            Text(
                ja="表示は正しいが，バッファがあふれた．要らないイベントも送られている．"
                "カーネルの側で，送る前に捨てる．",
                en="What is shown is right, but the buffer overflowed: events that nobody "
                "wants were sent. Drop them in the kernel, before they are sent.",
            ),
            next(x for x in trial.stderr.splitlines() if "Possibly lost" in x),
            look="trace_execve(void *ctx)",
        )
    for call in trial.calls:
        if call.uid == WANTED:
            trial.line_of(call)
