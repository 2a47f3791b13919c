"""Mistakes about which neither clang nor BCC says a word."""

from __future__ import annotations

import re

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback

_LITERAL_FOR_S = re.compile(r'bpf_trace_printk\("[^"]*%s[^;]*, *"[^"]*" *[,)]')
_PAGES = re.compile(r"page_cnt *= *([\d<* ()]+)")


def mistake(program: str) -> Feedback | None:
    """Return feedback on the first of them in a program, None without one."""
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
