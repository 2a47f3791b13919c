"""Each call has its line, and the lines come in order of time, from whatever CPU."""

from itertools import pairwise

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    calls = {call.step: call for call in trial.calls}.values()
    if not trial.lines and not trial.others:
        raise CheckFailed(
            Text(
                ja="見出しのあとに，1 行も表示されていない．出力先を定義する，送る，開く，"
                "待つ，の 4 か所とも，リングバッファを使うように変えたか．送る関数の引数は正しいか．",
                en="Nothing was printed after the header. Do all four use the ring buffer: "
                "the definition of the output channel, and the calls that send, open and "
                "wait? Are the arguments of the call that sends right?",
            ),
            code=("perf_buffer_poll", "ringbuf_output(", "ringbuf_", "perf_submit("),
        )
    for call in calls:
        lines = trial.lines_of(call)
        times = call.made_by.times
        if len(lines) == times:
            continue
        if not lines and times == 1:
            trial.line_of(call)
        raise CheckFailed(
            Text(
                ja=f"PID {call.pid} は execve を {times} 回呼んだのに，"
                + (f"行が {len(lines)} 行ある．" if lines else "行が無い．"),
                en=f"PID {call.pid} called execve {times} times, and has "
                + (f"{len(lines)} lines." if lines else "no line."),
            ),
            lines[-1] if lines else None,
            code=("ring_buffer_poll", "ringbuf_output(", "ringbuf_submit("),
        )
    for call in calls:
        for line in trial.lines_of(call):
            if not call.before <= int(line["time"]) <= call.after:
                raise CheckFailed(
                    Text(
                        ja="TIME(ns) は，execve が呼ばれた時刻になるはずである．この行では "
                        f"{call.before} から {call.after} までである．",
                        en="TIME(ns) should be the time of the call of execve: for this line, "
                        f"between {call.before} and {call.after}.",
                    ),
                    line,
                    code=("printb(", "event.time"),
                )
    for line, following in pairwise(trial.own_lines):
        if int(line["time"]) > int(following["time"]):
            raise CheckFailed(
                Text(
                    ja=f"この行は，すぐ下の {following['time']} の行よりも，時刻があとである．"
                    "1 つのリングなら，送った順に届く．",
                    en=f"This line is later than the one below it, of {following['time']}. "
                    "Through one ring, events arrive in the order in which they are sent.",
                ),
                line,
                code=("BPF_PERF_OUTPUT", "printb("),
            )
