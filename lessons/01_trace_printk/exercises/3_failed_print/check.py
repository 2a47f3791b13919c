"""Each failed print is told, with the kernel's own number."""

from bcclessons.console.text import Text
from bcclessons.grading.checking import Trial, Wrong

EINVAL = "-22"


def check(trial: Trial) -> None:
    """Raise Wrong for the first thing that is not as it should be."""
    for line in trial.others:
        if "time=" in line:
            raise Wrong(
                Text(
                    ja="うまく表示できている．書式の %y は，失敗させるために，そのままにする．",
                    en="This was printed well. Leave the format with its %y: it is there "
                    "to make it fail.",
                ),
                line,
                look="bpf_trace_printk(",
            )
    for call in trial.calls:
        line = trial.line_of(call)
        if line["failed"] != EINVAL:
            raise Wrong(
                Text(
                    ja=f"failed= は {EINVAL}（EINVAL）のはずである．戻り値をそのまま表示する．",
                    en=f"failed= should be {EINVAL} (EINVAL): print what was returned.",
                ),
                line,
                look="failed=",
            )
