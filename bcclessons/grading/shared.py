"""What a program does to one value of a map that all CPUs use at once.

Only what is certain is told: a map whose one value no key or CPU tells apart. Behaviour
does not show it: two CPUs seldom meet in the same nanoseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source

_COMMENT = re.compile(r"//.*|/\*.*?\*/")
_ONE_VALUE = re.compile(
    r"\bBPF_(?:ARRAY|HASH)\(\s*(\w+)\s*,[^;()]*,\s*1\s*\)"
    r'|\bBPF_TABLE\(\s*"(?:array|hash)"\s*,[^;()]*,\s*(\w+)\s*,\s*1\s*\)'
)
_PLAIN = (
    r"\( *\* *{0} *\) *(?:\+\+|\+=|= *\(? *\* *{0} *\)? *\+)|\+\+ *\(? *\* *{0}\b"
    r"|(?:^|[;{{)]|\belse) *\* *{0} *(?:\+=|= *\* *{0} *\+|= *1 *\+ *\* *{0}\b)"
    r"|\b{0} *\[ *0 *\] *(?:\+\+|\+=)"
)


def plain_addition(program: str) -> Feedback | None:
    """Return feedback on a count in such a value that is not added to atomically."""
    code, maps = _code_and_maps(program)
    if not maps:
        return None
    for number, text in code:
        if found := re.search(rf"\b({maps})\.increment\(", text):
            return _lost(found[1], number)
    written_back = any(re.search(rf"\b(?:{maps})\.update\(", text) for _, text in code)
    for pointer in _pointers(code, maps):
        plain = _PLAIN.format(pointer)
        if written_back:
            plain += rf"|= *\(?\* *{pointer} *\)? *\+"
        for number, text in code:
            if re.search(plain, text):
                return _lost(f"*{pointer}", number)
    return None


def event_in_one_value(program: str) -> Feedback | None:
    """Return feedback on an event that is put together in such a value, and sent."""
    code, maps = _code_and_maps(program)
    text = "\n".join(text for _, text in code)
    for pointer in _pointers(code, maps) if maps else ():
        sent = rf"\.(?:perf_submit\(\s*\w+\s*,|ringbuf_output\()\s*{pointer}\s*,"
        if re.search(sent, text) and re.search(rf"\b{pointer}\s*->", text):
            return Feedback(
                Text(
                    ja="このマップの値は 1 つだけで，すべての CPU が同じ値を使う．送る前に，ほかの "
                    "CPU が書き換えることがある．BPF_PERCPU_ARRAY を使う．",
                    en="This map has one value, which all CPUs use: another CPU may overwrite "
                    "it before it is sent. Use BPF_PERCPU_ARRAY.",
                ),
                line=next(
                    (n for n, x in code if re.search(rf"\bBPF_.*\b(?:{maps})\b", x)),
                    None,
                ),
            )
    return None


def _code_and_maps(program: str) -> tuple[list[tuple[int, str]], str]:
    """Return the lines of C without comments, and a pattern of the maps of one value."""
    lines = Source(program).c_lines
    code = [(number, _COMMENT.sub("", text)) for number, text in lines]
    text = "\n".join(text for _, text in code)
    return code, "|".join(first or second for first, second in _ONE_VALUE.findall(text))


def _pointers(code: list[tuple[int, str]], maps: str) -> Iterator[str]:
    """Yield the names of the pointers that lookup() of those maps gives, and none else."""
    text = "\n".join(text for _, text in code)
    found = re.findall(
        rf"\b(\w+)\s*=\s*(?:\([^()]*\)\s*)?(?:{maps})\.lookup\w*\(", text
    )
    for name in dict.fromkeys(found):
        given = len(re.findall(rf"(?<![\w.>]){name}\s*=(?!=)", text))
        through = re.findall(rf"(?m)(?:^|[;{{}})]|\belse) *\* *{name}\s*=(?!=)", text)
        if given - len(through) == found.count(name):
            yield name


def _lost(what: str, line: int) -> Feedback:
    return Feedback(
        Text(
            ja=f"複数の CPU が同時に {what} に 1 を足すと，足した分が失われることがある．"
            "アトミックに足す．lookup() で得たポインタに __sync_fetch_and_add(ポインタ, 1) "
            "を使う．",
            en=f"When several CPUs add 1 to {what} at the same time, counts can be lost. Add "
            "atomically: __sync_fetch_and_add(pointer, 1), with the pointer from lookup().",
        ),
        line=line,
    )
