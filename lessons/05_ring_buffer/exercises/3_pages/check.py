"""No event is lost while the program does not read."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    calls = {call.step: call for call in trial.calls}.values()
    for call in calls:
        times = call.made_by.times
        if times == 1:
            trial.line_of(call)
            continue
        lines = trial.lines_of(call)
        if len(lines) < times:
            raise CheckFailed(
                Text(
                    ja=f"Python が読まない間に execve を {times} 回呼び，行は {len(lines)} 行で"
                    "ある．残りはリングに入らなかった．リングの中では，1 件ごとに 8 バイトの"
                    "ヘッダが付く．",
                    en=f"execve was called {times} times while Python did not read, but there "
                    f"are only {len(lines)} lines: the other events did not fit into the "
                    "ring. In the ring, each event also has a header of 8 bytes.",
                ),
                lines[-1] if lines else None,
                code=("BPF_RINGBUF_OUTPUT", "BPF_PERF_OUTPUT"),
            )
        if len(lines) > times:
            raise CheckFailed(
                Text(
                    ja=f"execve を {times} 回呼んだのに，行が {len(lines)} 行ある．",
                    en=f"execve was called {times} times, but there are {len(lines)} lines.",
                ),
                lines[-1],
                code=("ringbuf_output(", "ringbuf_submit(", "printb("),
            )
