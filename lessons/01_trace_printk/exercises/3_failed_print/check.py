"""Each failed print is told, with the kernel's own number."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

EINVAL = "-22"


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    for line in trial.others:
        if "time=" in line:
            raise CheckFailed(
                Text(
                    ja="うまく表示できている．書式の %y は，失敗させるために，そのままにする．",
                    en="This was printed without a failure. Leave %y in the format: it is there "
                    "to make it fail.",
                ),
                line,
                code="bpf_trace_printk(",
            )
    for line in trial.others:
        if "failed=" in line:
            raise CheckFailed(
                Text(
                    ja="この行は failed=戻り値 pid=PID の形ではない．",
                    en="This line does not have the form failed=VALUE pid=PID.",
                ),
                line,
                code="failed=",
            )
    for call in trial.calls:
        line = trial.line_of(call)
        if line["failed"] != EINVAL:
            raise CheckFailed(
                Text(
                    ja=f"failed= は {EINVAL}（EINVAL）のはずである．戻り値をそのまま表示する．",
                    en=f"failed= should be {EINVAL} (EINVAL): print what was returned.",
                ),
                line,
                code="failed=",
            )
