"""A program as a listing of numbered, addressable lines: Python, and C within it."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Container, Iterable, Iterator, Mapping

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.c_cpp import CLexer
from pygments.lexers.python import PythonLexer
from pygments.token import Keyword, Name, _TokenType

from bcclessons.console.text import Language
from bcclessons.course.lineref import Lines
from bcclessons.site.labels import explanation_label

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


def whole(source: str, explained: Mapping[int, str], language: Language) -> str:
    """Return the whole program as HTML; its line N has the id ``LN``.

    ``explained`` has, by the number of a line, the id of what explains it; the line's
    number is a link there, unless the line is empty.
    """

    def number(n: int, text: str) -> str:
        if n not in explained or not text:
            return f'<span class="number" data-number="{n}"></span>'
        label = html.escape(explanation_label(n).to(language))
        return (
            f'<a class="number" data-number="{n}" href="#{explained[n]}" '
            f'aria-label="{label}"></a>'
        )

    texts = zip(source.splitlines(), _highlighted(source), strict=False)
    lines = "".join(
        f'<span class="line" id="L{n}">{number(n, text)}{line}\n</span>'
        for n, (text, line) in enumerate(texts, 1)
    )
    return _block(lines)


def excerpt(
    source: str, shown: Lines, marked: Container[int], mark: str = "lit"
) -> str:
    """Return some lines of the program as HTML, some of them marked, by a class.

    It can stand on any page, with others: its lines have no ids.
    """
    lines = "".join(
        f'<span class="line{f" {mark}" if n in marked else ""}">'
        f'<span class="number" data-number="{n}"></span>{line}\n</span>'
        for n, line in enumerate(_highlighted(source), 1)
        if shown.first <= n <= shown.last
    )
    return _block(lines)


@functools.lru_cache(maxsize=100)  # a file is shown in both languages, and in parts
def _highlighted(source: str) -> list[str]:
    return highlight(source, _LessonLexer(), HtmlFormatter(nowrap=True)).splitlines()


def _block(lines: str) -> str:
    return (
        '<div class="highlight"><pre tabindex="0"><code tabindex="0">'
        f"{lines}</code></pre></div>"
    )
