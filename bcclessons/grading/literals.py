"""The string literals of a Python program, as Python reads them, with their lines."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from bcclessons.grading import syntax

FILLED_IN = "\0"
"""Stands for what Python puts into a text when it runs."""

_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}


def strings(program: str) -> Iterator[list[tuple[int, str]]]:
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
    return found[0][0] if found[0] in ("{{", "}}") else FILLED_IN


def replaced(program: str) -> list[str]:
    """Return what the program replaces in its texts by replace()."""
    tree = syntax.parsed(program)
    if tree is None:
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
