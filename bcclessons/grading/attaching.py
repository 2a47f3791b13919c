"""Why a BPF program cannot be attached: to what is not there, or not traceable."""

from __future__ import annotations

import re

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source

_FAILED = re.compile(
    r"Failed to attach BPF program b?'(\w+)' to (kprobe|kretprobe|tracepoint) b?'([^']+)'"
)
_RAW = re.compile(r"bpf_attach_raw_tracepoint \((\w+)\): No such file")
_UNKNOWN = re.compile(r"Exception: Unknown program b?'(\w*)'")


def failure(
    stderr: str, source: Source, line: int | None, exercise: str
) -> Feedback | None:
    """Return why nothing could be attached, None where it could.

    ``line`` is the line of the exception, ``exercise`` what one types to mean it.
    """
    failed = _FAILED.search(stderr)
    if failed is not None:
        function, kind, name = failed.groups()
        # BCC attaches by itself what is named so; its exception is at BPF(text=…).
        if "__" in function:
            line = source.definition(function) or source.first(f"{function}(") or line
        if kind == "tracepoint":
            return Feedback(_no_tracepoint(name), line=line)
        return Feedback(_no_function(name, stderr, exercise), line=line)
    raw = _RAW.search(stderr)
    if raw is not None:
        probe = source.first(f"RAW_TRACEPOINT_PROBE({raw[1]}")
        return Feedback(_no_tracepoint(raw[1]), line=probe or line)
    unknown = _UNKNOWN.search(stderr)
    if unknown is not None:
        there = ", ".join(source.functions())
        known = (f"あるのは {there}．", f" It has {there}.") if there else ("", "")
        return Feedback(
            Text(
                ja=f"C の部分に，{unknown[1]} という関数は無い．{known[0]}",
                en=f"The C part has no function {unknown[1]}.{known[1]}",
            ),
            line=line,
        )
    return None


def no_tracepoint_struct(message: str, source: Source) -> Feedback | None:
    """Return feedback on a struct of a tracepoint that clang does not know."""
    found = re.search(r"incomplete .*type 'struct tracepoint__(\w+)'", message)
    if found is None:
        return None
    function = f"tracepoint__{found[1]}"
    line = source.definition(function) or source.first(function)
    probe = (
        re.search(r"TRACEPOINT_PROBE\( *(\w+) *, *(\w+)", source.lines[line - 1])
        if line
        else None
    )
    name = f"{probe[1]}:{probe[2]}" if probe else found[1].replace("__", ":", 1)
    return Feedback(_no_tracepoint(name), line=line)


def _no_tracepoint(name: str) -> Text:
    group = name.partition(":")[0] if ":" in name else ""
    listing = f"sudo ls /sys/kernel/tracing/events/{group}".rstrip("/")
    return Text(
        ja=f"このカーネルに {name} というトレースポイントは無い．綴りが違うか，読み込んでいない"
        f"モジュールのものである．一覧: {listing}",
        en=f"This kernel has no tracepoint {name}: it is misspelt, or of a module that is "
        f"not loaded. To list them: {listing}",
    )


def _no_function(name: str, stderr: str, exercise: str) -> Text:
    if re.search(r"kprobe_events\): No such file", stderr):
        return Text(
            ja=f"このマシンのカーネルには kprobe が無いので，関数 {name} に取り付けられない．VM で"
            f"試す: ./lab check {exercise} --vm",
            en=f"This machine's kernel has no kprobes, so nothing can be attached to its "
            f"function {name}. Try it in the VM: ./lab check {exercise} --vm",
        )
    return Text(
        ja=f"このカーネルの関数 {name} には取り付けられない．綴りが違うか，このカーネルには無いか，"
        "インライン展開されている．システムコールなら b.get_syscall_fnname() で名前を得る．",
        en=f"Nothing can be attached to a kernel function {name}: it is misspelt, or not in "
        "this kernel, or inlined. For a system call, get its name by "
        "b.get_syscall_fnname().",
    )
