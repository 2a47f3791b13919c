"""A program as a listing of numbered, addressable lines: Python, and C within it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.c_cpp import CLexer
from pygments.lexers.python import PythonLexer
from pygments.token import Keyword, Name, _TokenType

_C_TEXT = re.compile(r'^bpf_text = """\n(.*?)"""', re.MULTILINE | re.DOTALL)

Token = tuple[int, _TokenType, str]


class _LessonLexer(PythonLexer):
    """Python whose ``bpf_text`` is C."""

    def get_tokens_unprocessed(
        self, text: str, stack: Iterable[str] = ("root",)
    ) -> Iterator[Token]:
        found = _C_TEXT.search(text)
        begin, end = found.span(1) if found else (0, 0)
        for token in super().get_tokens_unprocessed(text, stack):
            if not begin <= token[0] < end:
                yield token
            elif token[0] == begin:
                yield from _c_tokens(text[begin:end], begin)


def _c_tokens(text: str, begin: int) -> Iterator[Token]:
    """Yield C as BCC has it: the kernel's short type names, the names of its calls."""
    for start, kind, value in CLexer().get_tokens_unprocessed(text):
        if kind in Name and re.fullmatch(r"[us](8|16|32|64)", value):
            kind = Keyword.Type
        elif kind in Name and value.startswith(("bpf_", "BPF_")):
            kind = Name.Builtin
        yield begin + start, kind, value


def listing(source: str) -> str:
    """Return the program as HTML; its line N has the id ``LN``."""
    lines = highlight(source, _LessonLexer(), HtmlFormatter(nowrap=True)).splitlines()
    width = len(str(len(lines)))
    numbered = (
        f'<span class="line" id="L{n}"><span data-linenos="{n:>{width}} "></span>'
        f"{line}\n</span>"
        for n, line in enumerate(lines, 1)
    )
    return f'<div class="highlight"><pre><code>{"".join(numbered)}</code></pre></div>'


def section(source: str, title: str) -> str:
    """Return the listing under a heading, to stand at the end of a page."""
    return (
        f'<section class="program" id="program"><h2>{html.escape(title)}</h2>'
        f"{listing(source)}</section>"
    )
