"""Why a program ended as it did, by how it ended and what it wrote on stderr."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.grading import compiler, exceptions, scopes, silent, verifier
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source

if TYPE_CHECKING:
    from bcclessons.grading.contract import Observation, Request


def behaviour(
    observed: Observation, request: Request, exercise: str = "02/1"
) -> Feedback | None:
    """Return what is wrong with how it ran and ended, whatever it printed.

    ``exercise`` is what one types to mean the exercise.
    """
    ending, stderr = observed.ending, observed.stderr
    limits, source = request.limits, Source(request.program)
    if ending == "not started":
        return _not_started(observed.reason, request.program)
    if ending == "bomb":
        most = limits.most_processes
        return Feedback(
            Text(
                ja=f"プロセスを {most} 個より多く作ったので止めた．ループの中で fork していないか．"
                f"{silent.EVENT_OF_ITS_OWN.ja}",
                en=f"It was stopped: it made more than {most} processes. Does a loop fork? "
                f"{silent.EVENT_OF_ITS_OWN.en}",
            ),
            line=_first(source, "fork(", "subprocess.", "os.system", "popen(", "spawn"),
        )
    if ending in ("early", "by itself"):
        return _death(observed, request, source, exercise)
    interrupted = ending == "interrupted"
    found = _exception(stderr, source, exercise, interrupted=interrupted)
    if found is not None:
        return found
    if ending == "hung":
        return Feedback(
            Text(
                ja="見出しの行が出てこないので止めた．start にある見出しを，そのまま，"
                "flush=True で表示する．",
                en="It was stopped, because its header did not appear. Print the header of "
                "the start file as it is, with flush=True.",
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
        return scopes.local_by_mistake(request.program) or Feedback(
            Text(
                ja=f"Ctrl-C から {limits.end_seconds:.0f} 秒たっても終わらないので止めた．",
                en=f"It was stopped: {limits.end_seconds:.0f} seconds after Ctrl-C it was still "
                "running.",
            ),
            line=source.first("SIGINT"),
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


def _exception(
    stderr: str, source: Source, exercise: str, *, interrupted: bool = False
) -> Feedback | None:
    found = exceptions.exception(stderr, source, exercise, interrupted=interrupted)
    # A key of a map is no struct in Python where clang has warned that it is none in C.
    if found and re.search(r"'c_\w+' object has no attribute", found.text.en):
        warned = compiler.warning(stderr, source)
        if warned is not None:
            text = Text(
                ja=f"{found.text.ja}．{warned.text.ja}",
                en=f"{found.text.en}. {warned.text.en}",
            )
            return Feedback(text, found.output, warned.line)
    return found


def _first(source: Source, *fragments: str) -> int | None:
    """Return the first line that has the first of the fragments that is there."""
    return next(filter(None, map(source.first, fragments)), None)


def _not_started(reason: str, program: str) -> Feedback:
    if program.partition("\n")[0].endswith("\r"):
        return _windows_line_ends()
    return Feedback(
        Text(
            ja=f"起動できない（{reason}）．1 行目は #!/usr/bin/python3 とする．",
            en=f"It cannot be started ({reason}): its first line must be "
            "#!/usr/bin/python3.",
        ),
        line=1,
    )


def _windows_line_ends() -> Feedback:
    return Feedback(
        Text(
            ja="ファイルの改行が Windows のもの（CRLF）なので，カーネルが 1 行目のインタプリタを"
            "見つけられない．変換する: sed -i 's/\\r$//' my_sample",
            en="The file has Windows line ends (CRLF), so the kernel does not find the "
            "interpreter of its first line. To convert it: sed -i 's/\\r$//' my_sample",
        ),
        line=1,
    )


def _death(
    observed: Observation, request: Request, source: Source, exercise: str
) -> Feedback:
    """Say why a program ended before Ctrl-C."""
    stderr = observed.stderr
    if "\r" in request.program.partition("\n")[0] and "/env" in source.lines[0]:
        return _windows_line_ends()
    shadow = _shadow(list(request.files))
    if shadow is not None and "bcc" in stderr:
        return shadow
    # What clang makes of a pointer without a value, before it is left to the verifier.
    undefined = "built-in function 'abort'" in stderr
    found = (
        (silent.in_c(source) if undefined else None)
        or compiler.failure(stderr, source)
        or verifier.refusal(stderr, source)
        or _exception(stderr, source, exercise)
    )
    if found is not None:
        return found
    if observed.status is not None and observed.status < 0:
        # An assertion of clang's, in the work of BCC on what it has warned of.
        if observed.status == -signal.SIGABRT and (
            warned := compiler.warning(stderr, source)
        ):
            return warned
        return _killed(-observed.status, source)
    last = _last_line(stderr)
    if "no bcc" in last and source.lines[0].strip() != "#!/usr/bin/python3":
        return Feedback(
            Text(
                ja="1 行目の Python には BCC が無い．BCC は /usr/bin/python3 のものである．1 行目を "
                "#!/usr/bin/python3 とする．",
                en="The Python of the first line has no BCC, which belongs to "
                "/usr/bin/python3: make the first line #!/usr/bin/python3.",
            ),
            line=1,
        )
    if "trace_pipe" in last and "busy" in last:
        return Feedback(
            Text(
                ja="ほかのプログラムが trace_pipe を読んでいる．レッスン 01 が動いているなら，"
                "その端末で Ctrl-C を押して終わらせ，もう一度確かめる．",
                en="Another program reads trace_pipe. If lesson 01 runs, end it with Ctrl-C "
                "in its terminal, and check again.",
            )
        )
    return Feedback(
        Text(
            ja=f"途中で終わった: {last}" if last else "何も言わずに途中で終わった．",
            en=f"It ended too early: {last}" if last
            else "It ended too early, without a message.",
        )
    )  # fmt: skip


def _shadow(beside: list[str]) -> Feedback | None:
    """Name a file beside the program that Python imports instead of BCC."""
    name = next(
        (name for name in beside if name in ("bcc.py", "bcc/__init__.py")), None
    )
    if name is None:
        return None
    shown = name.removesuffix("__init__.py")
    return Feedback(
        Text(
            ja=f"プログラムと同じフォルダに {shown} があり，Python は BCC の代わりにそれを "
            "import する．名前を変える．",
            en=f"There is {shown} in the folder of the program, and Python imports it "
            "instead of BCC. Rename it.",
        )
    )


def _killed(number: int, source: Source) -> Feedback:
    """Name the signal that killed it, and the likely cause."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = str(number)
    pointer = source.pointer_member()
    if number in (signal.SIGSEGV, signal.SIGBUS) and pointer is not None:
        return Feedback(
            Text(
                ja=f"シグナル {name} で終わった．event() は，char * のメンバのアドレスを Python の"
                "メモリの中で読む．送られるのはアドレスだけなので，メンバを char[] にして，"
                "文字列をそこにコピーする．",
                en=f"It was killed by {name}: event() reads the address of a char * member in "
                "Python's own memory. Only the address is sent, so make the member a "
                "char[], and copy the string into it.",
            ),
            line=pointer,
        )
    passing = source.first(".get_table(")
    if number == signal.SIGSEGV and passing is not None:
        return Feedback(
            Text(
                ja=f"シグナル {name} で終わった．b.get_table() が返したものを変数に入れておかないと，"
                'コールバック関数も一緒に消える．BCC が持ち続ける b["events"] を使う．',
                en=f"It was killed by {name}. If what b.get_table() returns is not kept in a "
                'variable, the callback function is gone, too: use b["events"], which '
                "BCC keeps.",
            ),
            line=passing,
        )
    return Feedback(
        Text(ja=f"シグナル {name} で終わった．", en=f"It was killed by {name}.")
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
