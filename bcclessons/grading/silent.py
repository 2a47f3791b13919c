"""Mistakes about which neither clang nor BCC says a word."""

from __future__ import annotations

import re

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source

BYTES_SHOWN = Text(
    ja="バイト列が b'…' の形で表示されている．printb() を使うか，decode() する．",
    en="Bytes are shown in the form b'…'. Use printb(), or decode() them.",
)
EVENT_OF_ITS_OWN = Text(
    ja="イベントのたびにプログラムを起動すると，その execve がまたイベントになる．",
    en="A program that is started at each event makes an event itself.",
)

_LITERAL_FOR_S = re.compile(r'bpf_trace_printk\("[^"]*%s[^;]*, *"[^"]*" *[,)]')
_BYTES = re.compile(r"(?:^|[\s=(,\[])b(['\"]).*\1")
_NOT_WAITING = re.compile(r"\s*\w+\.((?:perf|ring)_buffer_\w+)\s*(?:#.*)?$")
_NOT_CALLED = re.compile(r"\b(bpf_(?:get|ktime)_\w+)\b(?! *\()")
_IDS = r"(bpf_get_current_(?:uid_gid|pid_tgid))\(\)"
_BOTH = re.compile(rf"\bu64 +(\w+) *= *{_IDS} *;")
_MOVED = re.compile(r"(?:^ *|[;{)] *)((?:\* *)?(\w+) *\+\+|(\w+) *\+= *1) *;")
_NO_VALUE = re.compile(r"\* *(\w+) *;")
_STARTS = re.compile(r"\b(?:subprocess\.\w+|os\.(?:system|popen|spawn\w+))\(")
_PAGES = re.compile(r"page_cnt *= *([\d<* ()]+)")


def mistake(program: str, output: str | None = None) -> Feedback | None:
    """Return feedback on the first of them in a program, None without one.

    ``output`` is a line that it printed.
    """
    if output is not None and _BYTES.search(output):
        return Feedback(BYTES_SHOWN, line=_print_of_bytes(program))
    source = Source(program)
    found = in_c(source)
    if found is not None:
        return found
    letter = source.member(r"(?:^|[;{])\s*char\s+\w+\s*;")
    if letter is not None:
        return Feedback(
            Text(
                ja="char のメンバは，Python では長さ 1 のバイト列になる．b'\\0' も真である．"
                "数には u8 を使う．",
                en="In Python, a char member is bytes of length 1, and even b'\\0' is true: "
                "for a number, use u8.",
            ),
            line=letter,
        )
    for number, line in enumerate(program.splitlines(), 1):
        if _LITERAL_FOR_S.search(line):
            return Feedback(
                Text(
                    ja="%s に，C の文字列リテラルを渡しても表示されない．書式の中に書く．",
                    en="A string literal given for %s is not printed: write it into the "
                    "format.",
                ),
                line=number,
            )
        if waits := _NOT_WAITING.match(line):
            return Feedback(
                Text(
                    ja=f"{waits[1]} は関数である．{waits[1]}() と書いて呼ぶ．",
                    en=f"{waits[1]} is a function: write {waits[1]}() to call it.",
                ),
                line=number,
            )
        if _STARTS.search(line):
            return Feedback(EVENT_OF_ITS_OWN, line=number)
        pages = _PAGES.search(line)
        count = _number(pages[1]) if pages else 0
        if count > 1 << 19:
            return Feedback(
                Text(
                    ja=f"page_cnt={count} は大きすぎて，BCC の中で桁があふれる．",
                    en=f"page_cnt={count} is so large that it overflows in BCC.",
                ),
                line=number,
            )
    return None


def in_c(source: Source) -> Feedback | None:
    """Return feedback on the first of those in the C part, None without one."""
    text = "\n".join(text for _, text in source.c_lines)
    both = _BOTH.search(text)
    whole = _IDS if both is None else rf"(?:{_IDS}|\b{both[1]}\b)"
    for number, line in source.c_lines:
        code = line.partition("//")[0]
        called = _NOT_CALLED.search(code)
        if called is not None:
            return Feedback(
                Text(
                    ja=f"{called[1]} は関数である．{called[1]}() と書いて呼ぶ．",
                    en=f"{called[1]} is a function: write {called[1]}() to call it.",
                ),
                line=number,
            )
        compared = re.search(rf"{whole} *[!=]=", code)
        if compared is not None:
            helper = compared[1] or (both[2] if both else "")
            return Feedback(
                Text(
                    ja=f"{helper}() の戻り値は，2 つの番号を並べた 64 ビットである．"
                    "比べる前に，片方を取り出す．",
                    en=f"{helper}() returns two numbers in 64 bits: take one of them "
                    "before you compare.",
                ),
                line=number,
            )
        moved = _MOVED.search(code)
        name = (moved[2] or moved[3]) if moved else ""
        if moved and re.search(rf"\* *{name} *=[^;]*\.lookup", text):
            return Feedback(
                Text(
                    ja=f"{moved[1]} は，値ではなく，ポインタ {name} に 1 を足す．"
                    f"__sync_fetch_and_add({name}, 1); と書く．",
                    en=f"{moved[1]} adds 1 to the pointer {name}, not to the value: write "
                    f"__sync_fetch_and_add({name}, 1);",
                ),
                line=number,
            )
        pointer = _NO_VALUE.search(code) if line.startswith((" ", "\t")) else None
        name = pointer[1] if pointer else ""
        if (
            name
            and re.search(rf"\b{name} *->", text)
            and not re.search(rf"\b{name} *=(?!=)|& *{name}\b(?! *->)", text)
        ):
            return Feedback(
                Text(
                    ja=f"ポインタ {name} を，値を入れる前に使っている．",
                    en=f"The pointer {name} is used before it has a value.",
                ),
                line=number,
            )
    return None


def _print_of_bytes(program: str) -> int | None:
    """Return the line of the only print() of a program, but for that of the header."""
    lines = [
        number
        for number, line in enumerate(program.splitlines(), 1)
        if re.search(r"\bprint\((?!\")", line)
    ]
    return lines[0] if len(lines) == 1 else None


def _number(expression: str) -> int:
    """Return what a product or shift of whole numbers is, 0 where it is none."""
    parts = re.fullmatch(
        r"\s*(\d{1,12})\s*(?:(<<|\*\*?)\s*(\d{1,12}))?[\s)]*", expression
    )
    if parts is None:
        return 0
    first, second = int(parts[1]), int(parts[3] or 0)
    if parts[2] == "*":
        return first * second
    small = min(second, 64)
    return first << small if parts[2] == "<<" else first**small if parts[2] else first
