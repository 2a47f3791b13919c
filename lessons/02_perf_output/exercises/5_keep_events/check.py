"""All events are printed at the end, with the values that they arrived with."""

from bcclessons.console.text import Text
from bcclessons.grading.trial import Call, CheckFailed, Line, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    printed = len(trial.lines) + len(trial.others)
    for call in {call.step: call for call in trial.calls}.values():
        lines = trial.lines_of(call)
        changed = next((line for line in lines if not _is_of(line, call)), None)
        values = {line.text for line in lines}
        if not changed and len(values) == len(lines) == call.made_by.times:
            continue
        if changed or printed >= len(trial.calls):
            raise CheckFailed(
                Text(
                    ja=f"PID {call.pid}（{call.made_by.name}）のイベントは，届いたあとに値が変わった．"
                    "event はバッファの中を指す．コールバック関数から戻る前に，値をコピーする．",
                    en=f"An event of PID {call.pid} ({call.made_by.name}) has changed since "
                    "it arrived: event points into the buffer. Copy the values before "
                    "the callback function returns.",
                ),
                changed or trial.lines[0] if trial.lines else None,
                code=(".event(data)", "perf_submit("),
            )
        raise CheckFailed(
            Text(
                ja=f"PID {call.pid}（{call.made_by.name}）は execve を {call.made_by.times} 回"
                f"呼んだのに，行が {len(lines)} 行しか無い．",
                en=f"PID {call.pid} ({call.made_by.name}) called execve "
                f"{call.made_by.times} times, and has only {len(lines)} lines.",
            ),
            trial.lines[-1] if trial.lines else None,
            code=("append(", ".event(data)"),
        )


def _is_of(line: Line, call: Call) -> bool:
    return (
        line["comm"] == call.made_by.name
        and call.before <= int(line["time"]) <= call.after
    )
