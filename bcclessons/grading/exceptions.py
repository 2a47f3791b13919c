"""What an exception, or a sentence of BCC before one, says about a learner's program."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from bcclessons.console.text import Text
from bcclessons.grading import attaching
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source

_TRACEBACK = "Traceback (most recent call last):"
_IGNORED = "Exception ignored on calling ctypes callback"
# BCC 0.18's cleanup, on Python 3.9, when Ctrl-C came in the middle of event().
_OF_CLEANUP = "Exception ignored in: <function PerfEventArray.__del__"
_TYPE = re.compile(r"^Type: '(.+)' not recognized\. Please define", re.MULTILINE)
_INSTEAD = {
    "pid_t": "int", "uid_t": "u32", "gid_t": "u32", "size_t": "u64", "ssize_t": "s64",
    "bool": "u8", "_Bool": "u8", "uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32",
    "uint64_t": "u64", "int8_t": "s8", "int16_t": "s16", "int32_t": "s32",
    "int64_t": "s64", "loff_t": "s64", "__be16": "u16", "__be32": "u32",
}  # fmt: skip


@dataclass(frozen=True)
class Raised:
    """An exception on stderr: its last line, the learner's line, if in a callback."""

    text: str
    line: int | None
    ignored: bool


def raised(stderr: str) -> list[Raised]:
    """Return the exceptions whose tracebacks stand on stderr to their ends."""
    found = []
    before, *blocks = stderr.split(_TRACEBACK)
    for block in blocks:
        said = (before.splitlines() or [""])[-1]
        before = block.rstrip("\n")
        if said.startswith(_OF_CLEANUP):
            continue
        rest = block.split("\n")[1:]
        # The last line of a whole traceback is the first that is not indented.
        at = next(
            (n for n, row in enumerate(rest) if row and not row[0].isspace()), None
        )
        is_whole = at is not None and (at + 1 < len(rest))
        if at is not None and is_whole and re.match(r"[A-Za-z_][\w.]*(:|$)", rest[at]):
            lines = re.findall(
                r'File "[^"]*my_sample", line (\d+)', "\n".join(rest[:at])
            )
            line = int(lines[-1]) if lines else None
            found.append(Raised(rest[at].rstrip(": "), line, _IGNORED in said))
    return found


def exception(
    stderr: str, source: Source, exercise: str, *, interrupted: bool = False
) -> Feedback | None:
    """Explain the last whole exception on stderr; None where there is none.

    ``interrupted`` says that Ctrl-C ended the program in time. Then it is no fault of it
    that ctypes has dropped a KeyboardInterrupt in a callback.
    """
    found = [
        item
        for item in raised(stderr)
        if not (interrupted and item.ignored and item.text == "KeyboardInterrupt")
    ]
    unknown = _TYPE.search(stderr)
    if unknown is not None:
        return _unknown_type(unknown[1], source)
    if not found:
        return _syntax(stderr)
    last = found[-1]
    if last.text == "KeyboardInterrupt":
        return Feedback(
            Text(
                ja="Ctrl-C で，例外の記録を表示して終わった．start にある signal の行を残す．",
                en="Ctrl-C made it print a traceback. Keep the signal lines of the start file.",
            ),
            line=source.first("signal"),
        )
    return (
        attaching.failure(stderr, source, last.line, exercise)
        or _known(last, source)
        or _table(last, source)
        or Feedback(
            Text(
                ja=f"例外が起きた: {last.text}",
                en=f"It raised an exception: {last.text}",
            ),
            line=last.line or _called(last, source),
        )
    )


def _called(last: Raised, source: Source) -> int | None:
    """Return the line of the function that was called with other arguments."""
    found = re.match(r"TypeError: (?:\w+\.)*(\w+)\(\)", last.text)
    return source.first(f"def {found[1]}(") if found else None


def _syntax(stderr: str) -> Feedback | None:
    """Explain what only the older Python of the machine cannot read."""
    found = re.search(
        r'File "[^"]*my_sample", line (\d+)\n(?: .*\n)*((?:Syntax|Indentation|Tab)Error.*)\n',
        stderr,
    )
    if found is None:
        return None
    return Feedback(
        Text(
            ja=f"このマシンの Python では読めない（{found[2]}）．",
            en=f"The Python of this machine cannot read it ({found[2]}).",
        ),
        line=int(found[1]),
    )


def _known(last: Raised, source: Source) -> Feedback | None:
    """Explain an exception whose cause is not where it is raised."""
    raised_it = Text(
        ja=f"例外が起きた: {last.text}．", en=f"It raised an exception: {last.text}."
    )
    missing = re.search(r"'' object has no attribute '(\w+)'", last.text)
    members = source.members()
    if missing and missing[1] not in members:
        there = ", ".join(members)
        has = (f"構造体にあるのは {there} である．", f" The struct has {there}.")
        return Feedback(
            Text(
                ja=raised_it.ja + (has[0] if there else ""),
                en=raised_it.en + (has[1] if there else ""),
            ),
            line=last.line,
        )
    if missing or re.search(r"unhashable type: '\w*_[Aa]rray", last.text):
        return Feedback(
            Text(
                ja=f"{raised_it.ja}event() で読めるのは構造体だけである．送る値を，構造体の"
                "メンバにする．",
                en=f"{raised_it.en} event() can read a struct only: make the value that is "
                "sent a member of one.",
            ),
            line=source.only(r"\.(?:perf_submit|ringbuf_output)\(") or last.line,
        )
    pointer = source.pointer_member()
    if "'NoneType'" in last.text and pointer is not None:
        return Feedback(
            Text(
                ja=f"{raised_it.ja}char * のメンバで送られるのはアドレスだけである．メンバを char[] "
                "にして，文字列をそこにコピーする．",
                en=f"{raised_it.en} Of a char * member only the address is sent: make it a "
                "char[], and copy the string into it.",
            ),
            line=pointer,
        )
    if "Could not open perf buffer" in last.text:
        return Feedback(
            Text(
                ja=f"{raised_it.ja}page_cnt が大きすぎて，メモリが足りない．",
                en=f"{raised_it.en} page_cnt is too large for the memory of this machine.",
            ),
            line=last.line,
        )
    if re.match(r"(?:ModuleNotFound|Import)Error: .*\bbcc\b", last.text):
        return Feedback(
            Text(
                ja=f"{raised_it.ja}BCC は /usr/bin/python3 のものである．1 行目を "
                "#!/usr/bin/python3 とする．",
                en=f"{raised_it.en} BCC belongs to /usr/bin/python3: make the first line "
                "#!/usr/bin/python3.",
            ),
            line=1,
        )
    return None


def _table(last: Raised, source: Source) -> Feedback | None:
    """Explain the KeyError of b["name"], to which BCC gives no key."""
    if not last.text.startswith("KeyError") or last.line is None:
        return None
    tables = source.tables()
    keys = re.findall(r"\[b?[\"'](\w+)[\"']\]", source.lines[last.line - 1])
    key = next((key for key in keys if key not in tables), None)
    if key is None:
        return None
    near = difflib.get_close_matches(key, tables, 1) or tables
    there = (
        (f"あるのは {', '.join(near)} である．", f" It defines {', '.join(near)}.")
        if near
        else ("", "")
    )
    return Feedback(
        Text(
            ja=f"例外が起きた: KeyError: '{key}'．C の部分は {key} を定義していない．{there[0]}",
            en=f"It raised an exception: KeyError: '{key}'. The C part defines no table "
            f"{key}.{there[1]}",
        ),
        line=last.line,
    )


def _unknown_type(name: str, source: Source) -> Feedback:
    """Explain what a member of a struct may be, for one that event() does not know."""
    kind = re.match(r"(struct|union) \(", name)
    shown = kind[1] if kind else name
    base, dimensions = re.fullmatch(r"([^\[]*?) *((?:\[.*)?)", shown).groups("")  # type: ignore[union-attr]
    word = base.removeprefix("__")
    instead = (
        _INSTEAD.get(base) or _INSTEAD.get(word) or (word if base != word else None)
    )
    if instead:
        hint = (f"{instead} と書く．", f"Write {instead}.")
    elif "*" in base:
        hint = (
            "ポインタではなく，指す先を char[] にコピーして送る．",
            "Send no pointer: copy what it points to into a char[].",
        )
    elif base in ("float", "double"):
        hint = ("BPF に浮動小数点数は無い．整数を送る．",
                "BPF has no floating point: send an integer.")  # fmt: skip
    else:
        hint = (
            "1 つの値か，1 次元の配列に分けて送る．",
            "Send single values, or arrays of one dimension.",
        )
    pattern = rf"(?:^|[;{{])\s*{re.escape(base)}" + (
        r"\b[^;]*;" if not dimensions else r"\s+\w+\s*\[.*\[.*;"
    )
    if kind:
        pattern = rf"\b{kind[1]}\s*\{{"
    elif "*" in base:
        pattern = rf"(?:^|[;{{])\s*{re.escape(base.rstrip(' *'))}\s*\*"
    line = source.member(pattern) or source.member(rf"(?:^|[\s;{{]){re.escape(base)}\s")
    return Feedback(
        Text(
            ja=f"event() は，型が {shown} のメンバを読めない．メンバの型は u8〜u64，s8〜s64，int，"
            f"char[] などにする．{hint[0]}",
            en=f"event() cannot read a member of type {shown}. Use u8 to u64, s8 to s64, "
            f"int, or char[]. {hint[1]}",
        ),
        f"Type: '{name}' not recognized",
        line,
    )
