"""The C text in a learner's Python file, and which line of the file a C line is.

A program may put its C text together in any way: as one string, as many, as an
f-string, with % or replace(), or from another file. A wrong line is worse than none, so
where a line cannot be told for certain, it is None.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

_FILLED_IN = "\0"
"""Stands for what Python puts into the text when it runs."""

# Lines that BCC puts before the text, at its last compilation, in one version or other;
# it adds one more before each function.
_LINES_BEFORE = (11, 23)
_FUNCTION = re.compile(r"^(?!\s|#).*\b(\w+) *\(.*\) *\{?\s*$")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
# What BCC writes for a member read through a pointer, or for a call of a table.
_REWRITTEN = re.compile(
    r"\(\{ .*? \}\)|bpf_\w+_?\((?:\w+, )?(?:\(void \*\))?bpf_pseudo_fd\([^)]*\),"
    r"(?: CUR_CPU_IDENTIFIER,)?|, BPF_ANY\)"
)


class Source:
    """A learner's program, as far as its C text can be found in it."""

    def __init__(self, program: str) -> None:
        self.lines = program.splitlines()
        self.strings = list(_strings(program))
        self._replaced = _replaced(program)

    @property
    def c_lines(self) -> list[tuple[int, str]]:
        """The lines of C, each with the number of its line of the file."""
        return [line for string in self.strings for line in string]

    def first(self, fragment: str) -> int | None:
        """Return the number of the first line that has a fragment, None if none has."""
        lines = enumerate(self.lines, 1)
        return next((number for number, line in lines if fragment in line), None)

    def only(self, pattern: str, function: str | None = None) -> int | None:
        """Return the line of C that fits a pattern; None unless it is just one."""
        body = self.c_lines if function is None else self.body(function)
        found = {number for number, text in body if re.search(pattern, text)}
        return found.pop() if len(found) == 1 else None

    def body(self, function: str) -> list[tuple[int, str]]:
        """Return the lines of C from the definition of a function to its end."""
        for string in self.strings:
            for at, (_, text) in enumerate(string):
                if function == _defined(text):
                    end = next(
                        (n for n in range(at, len(string)) if string[n][1] == "}"),
                        len(string),
                    )
                    return string[at : end + 1]
        return []

    def definition(self, function: str) -> int | None:
        """Return the line that defines a function of the C text."""
        return next((number for number, _ in self.body(function)), None)

    def tables(self) -> list[str]:
        """Return the names of the tables that the C text defines."""
        found = re.findall(r"^\s*BPF_\w+\(\s*(\w+)", self._text(), re.MULTILINE)
        return list(dict.fromkeys(found))

    def functions(self) -> list[str]:
        """Return the names of the functions that the C text defines."""
        return [name for _, text in self.c_lines if (name := _defined(text))]

    def members(self) -> list[str]:
        """Return the names of the members of the structs that the C text defines."""
        bodies = re.findall(r"struct \w+\s*\{(.*?)\}", self._text(), re.DOTALL)
        return re.findall(r"[\w*]\s+\**(\w+)(?:\[[^]]*\])*\s*;", "\n".join(bodies))

    def _text(self) -> str:
        return "\n".join(text for _, text in self.c_lines)

    def quoted(self, quoted: str, number: int = 0) -> int | None:
        """Return the line that a message of the compiler or verifier quotes.

        ``number`` is theirs, 0 where they give none; it counts lines that BCC adds, too.
        """
        quoted = quoted.strip()
        if not quoted:
            return None
        fits = [
            (number_of_line, at + 1, string)
            for string in self.strings
            for at, (number_of_line, text) in enumerate(string)
            if text.strip() == quoted
        ]
        if len({line for line, _, _ in fits}) == 1:
            return fits[0][0]
        if fits:
            sure = {line for line, at, string in fits if number in _numbers(at, string)}
            return sure.pop() if len(sure) == 1 else None
        return self._like(quoted)

    def _like(self, quoted: str) -> int | None:
        """Return the only line that can have become this one."""
        found = set()
        parts = [part.strip() for part in _REWRITTEN.split(quoted)]
        if len(parts) > 1 and len("".join(parts)) > 7:
            pattern = ".*".join(map(re.escape, parts))
            found |= {
                n for n, text in self.c_lines if re.fullmatch(pattern, text.strip())
            }
        for number, text in self.c_lines:
            open_text = text.strip()
            for old in self._replaced:
                open_text = open_text.replace(old, _FILLED_IN)
            open_text = re.sub(r"%(?:\(\w+\))?[sdr]|\{\w*\}", _FILLED_IN, open_text)
            literal = open_text.split(_FILLED_IN)
            if len(literal) > 1 and len("".join(literal).replace(" ", "")) > 4:
                pattern = ".*".join(map(re.escape, literal))
                if re.fullmatch(pattern, quoted):
                    found.add(number)
        return found.pop() if len(found) == 1 else None

    def position(self, number: int, column: int) -> int | None:
        """Return the line of a position that is given without a quotation."""
        found = set()
        for string in self.strings:
            for at, (line, text) in enumerate(string, 1):
                before, here = text[: column - 1][-1:], text[column - 1 :][:1]
                starts = here.strip() and not (before.isidentifier() and here.isalnum())
                if starts and number in _numbers(at, string)[1:]:
                    found.add(line)
        return found.pop() if len(found) == 1 else None


def _defined(text: str) -> str | None:
    """Return the name of the function whose definition begins on a line of C."""
    probe = re.match(r"TRACEPOINT_PROBE\( *(\w+) *, *(\w+) *\)", text)
    if probe:
        return f"tracepoint__{probe[1]}__{probe[2]}"
    found = _FUNCTION.match(text)
    return found[1] if found and " " in text.partition("(")[0].strip() else None


def _numbers(at: int, string: list[tuple[int, str]]) -> list[int]:
    """Return the numbers that a line has at BCC's compilations, from 1."""
    texts = [text for _, text in string[:at]]
    if any(text.startswith("TRACEPOINT_PROBE") for text in texts):
        return []  # it puts a struct of unknown length before its function
    functions = sum(_defined(text) is not None for text in texts)
    return [at, *(at + before + functions for before in _LINES_BEFORE)]


def _strings(program: str) -> Iterator[list[tuple[int, str]]]:
    """Give the lines of each string of the program that has several, as Python reads it.

    Strings that stand side by side are one.
    """
    joined: list[tuple[int, str]] = []
    begin: tuple[int, int] | None = None
    depth = 0
    rows = program.splitlines(keepends=True)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(program).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        kind = tokenize.tok_name[token.type]
        if kind == "FSTRING_START":
            begin = begin if depth else token.start
            depth += 1
        elif kind == "FSTRING_END":
            depth -= 1
            if not depth and begin is not None:
                joined = _added(joined, begin[0], _between(rows, begin, token.end))
        elif depth or kind in ("NL", "COMMENT"):
            continue
        elif kind == "STRING":
            joined = _added(joined, token.start[0], token.string)
        else:
            if joined:
                yield joined
            joined = []


def _between(rows: list[str], begin: tuple[int, int], end: tuple[int, int]) -> str:
    if begin[0] == end[0]:
        return rows[begin[0] - 1][begin[1] : end[1]]
    first, *middle, last = rows[begin[0] - 1 : end[0]]
    return "".join([first[begin[1] :], *middle, last[: end[1]]])


def _added(
    before: list[tuple[int, str]], row: int, literal: str
) -> list[tuple[int, str]]:
    """Return the lines with those of one more string literal, which begins at a row."""
    parts = re.match(r"([A-Za-z]*)(\"\"\"|'''|\"|')", literal)
    assert parts is not None
    body = literal[parts.end() : -len(parts[2])]
    lines = []
    for number, piece in enumerate(body.split("\n"), row):
        text = piece.rstrip("\r")
        if "r" not in parts[1].lower():
            text = re.sub(
                r"\\(.?)",
                lambda found: _ESCAPES.get(found[1], found[0] if found[1] else ""),
                text,
            )
        if "f" in parts[1].lower():
            text = re.sub(r"\{\{|\}\}|\{[^{}]*\}", _unformatted, text)
        lines += [(number, line) for line in text.split("\n")]
    if before:
        (_, end), (number, start) = before[-1], lines[0]
        return [
            *before[:-1],
            (number if not end else before[-1][0], end + start),
            *lines[1:],
        ]
    return lines


def _unformatted(found: re.Match[str]) -> str:
    return found[0][0] if found[0] in ("{{", "}}") else _FILLED_IN


def _replaced(program: str) -> list[str]:
    """Return what the program replaces in its texts by replace()."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError):
        return []
    return [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "replace"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and node.args[0].value
    ]
