"""Why a program ended as it did, by what it, clang and the verifier wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback

if TYPE_CHECKING:
    from bcclessons.grading.contract import Observation, Request


def behaviour(observed: Observation, request: Request) -> Feedback | None:
    """Return what is wrong with how it ran and ended, whatever it printed."""
    ending = observed.ending
    if ending == "not started":
        return Feedback(
            Text(
                ja=f"起動できない（{observed.reason}）．1 行目は #!/usr/bin/python3 とする．",
                en=f"It cannot be started ({observed.reason}): its first line must be "
                "#!/usr/bin/python3.",
            ),
            line=1,
        )
    limits = request.limits
    if ending == "bomb":
        most = limits.most_processes
        return Feedback(
            Text(
                ja=f"プロセスを {most} 個より多く作ったので止めた．ループの中で fork していないか．",
                en=f"It was stopped: it made more than {most} processes. Does a loop fork?",
            ),
            line=line_with("fork", request.program),
        )
    stderr, program = observed.stderr, request.program
    if ending in ("early", "by itself"):
        return _death(stderr, program)
    if "Traceback" in stderr:
        return _exception(stderr, program)
    if ending == "hung":
        return Feedback(
            Text(
                ja="見出しの行が出てこないので止めた．start にある見出しを，そのまま，"
                "flush=True で表示する．",
                en="It was stopped, for its header did not appear. Print the header of "
                "the start as it is, with flush=True.",
            ),
            output=_last_line(observed.stdout) or None,
        )
    if ending == "flooded":
        return Feedback(
            Text(
                ja=f"出力が {limits.most_bytes // 1_000_000} MB を超えたので止めた．"
                "ループの中で表示し続けていないか．",
                en=f"It was stopped: it printed more than {limits.most_bytes // 1_000_000} MB. "
                "Does a loop print without waiting?",
            ),
            output=_last_line(observed.stdout)[:100] or None,
        )
    if ending == "deaf":
        return Feedback(
            Text(
                ja=f"Ctrl-C から {limits.end_seconds:.0f} 秒たっても終わらないので止めた．",
                en=f"It was stopped: {limits.end_seconds:.0f} seconds after Ctrl-C it still ran.",
            ),
            line=line_with("SIGINT", program),
        )
    if count := observed.left:
        were = (
            "1 process behind, which was"
            if count == 1
            else f"{count} processes behind, which were"
        )
        return Feedback(
            Text(
                ja=f"終わったあとに，プロセスを {count} 個残した．それは止めた．",
                en=f"It left {were} stopped.",
            )
        )
    return None


def _death(stderr: str, program: str) -> Feedback:
    """Say why a program ended before its time, by what it wrote on stderr."""
    # Newer versions of clang put a number and a bar before the line that they quote.
    compiler = re.search(
        r"^/virtual/main\.c:(\d+):\d+: error: (.+)\n(?: *\d+ \| )?(.*)", stderr, re.M
    )
    if compiler:
        return Feedback(
            Text(
                ja=f"C の部分がコンパイルできない: {compiler[2]}",
                en=f"The C part does not compile: {compiler[2]}",
            ),
            line=_line_quoted(compiler[3], compiler[1], program),
        )
    if "too many arg" in stderr:  # "arguments" in newer versions of LLVM
        return Feedback(
            Text(
                ja="ヘルパ関数に渡せる引数は 5 つまでである．bpf_trace_printk() は，書式と"
                "その長さに 2 つ使うので，値は 3 つまでしか渡せない．",
                en="A helper function takes five arguments at most. The format and its "
                "length are two of those of bpf_trace_printk(), so three values are left.",
            ),
            line=line_with("bpf_trace_printk(", program),
        )
    if "Failed to load program" in stderr:
        words = [
            line for line in stderr.splitlines() if line and "processed" not in line
        ]
        reason = next(
            (line for line in reversed(words) if re.match(r"[A-Za-z]", line)
             and not line.startswith(("Traceback", "Exception"))), "")  # fmt: skip
        # Before an instruction it tells of which line it is; since 6.8, with a number.
        positions = re.findall(r"^; (.+?)(?: @ \S+:(\d+))?$", stderr, re.MULTILINE)
        quoted, at = positions[-1] if positions else ("", "")
        return Feedback(
            Text(
                ja="カーネルの検証器が，BPF プログラムを拒んだ．",
                en="The kernel's verifier refused the BPF program.",
            ),
            output=reason,
            line=_line_quoted(quoted, at, program) if quoted else None,
        )
    if "Traceback" in stderr:
        return _exception(stderr, program)
    last = _last_line(stderr)
    return Feedback(
        Text(
            ja=f"途中で終わった: {last}" if last else "何も言わずに途中で終わった．",
            en=f"It ended before its time: {last}" if last
            else "It ended before its time, without a word.",
        )
    )  # fmt: skip


def _exception(stderr: str, program: str) -> Feedback:
    """Name the last exception that it wrote on stderr, and its line."""
    raised = re.findall(r'File "[^"]*my_sample", line (\d+)', stderr)
    last = _last_line(stderr)
    if last == "KeyboardInterrupt":
        return Feedback(
            Text(
                ja="Ctrl-C で，例外の記録を表示して終わった．start にある signal の行を残す．",
                en="Ctrl-C made it print a traceback. Keep the signal lines of the start.",
            ),
            line=line_with("signal", program),
        )
    return Feedback(
        Text(ja=f"例外が起きた: {last}", en=f"It raised an exception: {last}"),
        line=int(raised[-1]) if raised else None,
    )


def line_with(fragment: str, program: str) -> int | None:
    """Return the number of the first line that has a fragment, None if none has."""
    lines = enumerate(program.splitlines(), 1)
    return next((number for number, line in lines if fragment in line), None)


def _line_quoted(quoted: str, number: str, program: str) -> int | None:
    """Return the number of the line that a message of the compiler or verifier quotes.

    ``number`` is theirs, empty where they give none. It may be too large, for
    TRACEPOINT_PROBE() puts lines before its function: it only tells which of several
    lines is meant. None is returned where it cannot be told.
    """
    lines = enumerate(program.splitlines(), 1)
    found = [at for at, line in lines if line.strip() == quoted.strip()]
    begin = line_with('bpf_text = """', program)
    if number and begin:
        found = [at for at in found if at < begin + int(number)][-1:]
    return found[0] if len(found) == 1 else None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
