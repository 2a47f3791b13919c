"""All events are shown, and as many lines as calls are accounted for."""

import re

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial

# On a machine with other work, others call between two readings.
OTHERS = 20


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    others = max(OTHERS, trial.others_without_line)
    pids = {str(call.pid) for call in trial.calls}
    calls = len(trial.calls)
    lines = sum(line["pid"] in pids for line in trial.lines)
    if lines < calls:
        raise CheckFailed(
            Text(
                ja=f"{calls} 回の execve のうち {calls - lines} 回の行が無い．終わるときに，"
                "まだバッファに残っている．残りは，stop() の中ではなく，ループを抜けたあとで読む．",
                en=f"Of {calls} calls of execve, {calls - lines} have no line: they are still "
                "in the buffers when it ends. Read what is left after the loop, not in "
                "stop().",
            ),
            (trial.others or [None])[-1],
            code=("os._exit", "perf_buffer_poll("),
        )
    if lines > calls:
        raise CheckFailed(
            Text(
                ja=f"{calls} 回の execve に {lines} 行ある．1 件を 1 行だけ表示する．",
                en=f"For {calls} calls of execve there are {lines} lines. Show one line for "
                "each event.",
            ),
            trial.lines[-1],
            code="printb(",
        )
    called = _number(trial, "called")
    printed = _number(trial, "printed")
    shown = len(trial.lines)
    if printed != shown or not shown <= called <= shown + others:
        raise CheckFailed(
            Text(
                ja=f"表示された行は {shown} 行だが，called: {called}，printed: {printed} で，"
                "数が合わない．残りを読み終えてから表示する．",
                en=f"There are {shown} lines, which does not agree with called: {called}, "
                f"printed: {printed}. Print them once what is left has been read.",
            ),
            f"printed: {printed}",
            code="account()",
        )


def _number(trial: Trial, name: str) -> int:
    """Return the number on a line of this name, of which there must be one."""
    found = [x for x in trial.others if re.fullmatch(rf"{name}: *\d+ *", x)]
    if len(found) == 1:
        return int(found[0].partition(":")[2])
    raise CheckFailed(
        Text(
            ja=f"終わるときに，{name}: 数 という行が 1 行だけ要る．",
            en=f"After Ctrl-C, it must print just one line {name}: NUMBER.",
        ),
        found[0] if found else (trial.others or [None])[-1],
        code=(f"{name}:", "perf_buffer_poll("),
    )
