"""Why the C part of a program does not compile, by what clang and LLVM wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bcclessons.console.text import Text
from bcclessons.grading import attaching, kernel_names, macros
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.messages import (
    BACKEND,
    CLANG,
    NO_RETURN,
    UNDECLARED,
    WARNINGS,
    Meaning,
)
from bcclessons.grading.source import Source

# Newer versions of clang put a number and a bar before the line that they quote.
_MESSAGE = re.compile(
    r"^(\S+):(\d+):(\d+): ((?:fatal )?error|warning): (.+)(?:(?=\n(?: *\d+ \| )?(.*)))?",
    re.MULTILINE,
)
_MAIN = "/virtual/main.c"
_BACKEND = re.compile(
    r"^error: (\S+?):(\d+):(\d+): in function (\w+) .*?: (.+)$", re.MULTILINE
)
_ASSEMBLER = re.compile(r"^error: .*inline asm.*$", re.MULTILINE)
_UNMADE = re.compile(r"^could not open bpf map: (\w+), error: (.+)$", re.MULTILINE)
_LLVM = re.compile(r"^(?:Error at line|LLVM ERROR).*", re.MULTILINE)


@dataclass(frozen=True)
class Message:
    """A message of clang: where in the C text, what, and the line of C that it quotes."""

    file: str
    number: int
    is_error: bool
    text: str
    quoted: str

    def line(self, source: Source) -> int | None:
        """Return the line of the learner's file."""
        return source.quoted(self.quoted, self.number) if self.file == _MAIN else None


def messages(stderr: str) -> list[Message]:
    """Return what clang wrote, in its order."""
    found = []
    quotes: dict[tuple[str, str], str] = {}
    for file, number, _, kind, text, quoted in _MESSAGE.findall(stderr):
        # Where it says two things of one place, it quotes the line only once.
        is_quoted = quoted and not re.match(r"\S+:\d+:\d+: |\d+ (?:warn|err)", quoted)
        line = quotes.setdefault((file, number), quoted if is_quoted else "")
        found.append(Message(file, int(number), "error" in kind, text, line))
    return found


def warning(stderr: str, source: Source) -> Feedback | None:
    """Return the first warning of clang that tells of a mistake, if there is one."""
    return _explained(messages(stderr), (UNDECLARED, *WARNINGS), source)


def undeclared(stderr: str, source: Source) -> Feedback | None:
    """Return feedback on a call of a function that is not there."""
    return _explained(messages(stderr), (UNDECLARED,), source)


def no_return(stderr: str, source: Source) -> Feedback | None:
    """Return feedback on a function that returns what happens to be in a register."""
    return _explained(messages(stderr), (NO_RETURN,), source)


def failure(stderr: str, source: Source) -> Feedback | None:
    """Return why the C part does not compile; None where it does."""
    found = messages(stderr)
    errors = [message for message in found if message.is_error]
    if errors:
        first = errors[0]
        near = [m for m in found if m.is_error or m.number == first.number]
        return (
            attaching.no_tracepoint_struct(first.text, source)
            or macros.misspelt(source, first.line(source))
            or _explained(near, CLANG, source)
            or _error(first, source)
        )
    unmade = _UNMADE.search(stderr)
    if unmade is not None:
        return Feedback(
            Text(
                ja=f"マップ {unmade[1]} を作れない（{unmade[2]}）．BPF_RINGBUF_OUTPUT の"
                "ページ数は 2 の累乗で，カーネル 5.8 から使える．",
                en=f"The map {unmade[1]} cannot be made ({unmade[2]}). For "
                "BPF_RINGBUF_OUTPUT, the number of pages must be a power of two, and the "
                "kernel at least 5.8.",
            ),
            line=source.only(rf"^BPF_\w+\( *{unmade[1]}\b"),
        )
    backend = _BACKEND.search(stderr)
    in_header = backend is not None and not backend[1].endswith("main.c")
    if (in_header or _ASSEMBLER.search(stderr)) and (used := kernel_names.used(source)):
        return used
    if backend is None:
        crash = _LLVM.search(stderr) or _ASSEMBLER.search(stderr)
        if crash is None:
            return None
        return undeclared(stderr, source) or _backend("", crash[0], None, source)
    _, number, column, function, text = backend.groups()
    line = None if in_header else source.position(int(number), int(column))
    missing = undeclared(stderr, source)
    return missing or _backend(function, text, line, source)


def _explained(
    found: list[Message], table: tuple[Meaning, ...], source: Source
) -> Feedback | None:
    for message in found:
        for meaning in table:
            text = meaning.explain(message.text)
            if text is not None:
                line = message.line(source) or _in_probe(message, source)
                quoted = None if line else message.quoted.strip() or None
                return Feedback(text, quoted, line)
    return None


def _in_probe(message: Message, source: Source) -> int | None:
    """Return the line that uses ctx in a TRACEPOINT_PROBE(), where there is one."""
    if "'ctx'" not in message.text:
        return None
    probes = [name for name in source.functions() if name.startswith("tracepoint__")]
    lines = {source.only(r"\bctx\b", name) for name in probes} - {None}
    return lines.pop() if len(lines) == 1 else None


def _error(message: Message, source: Source) -> Feedback:
    where = "" if message.file == _MAIN else f" ({message.file})"
    line = message.line(source)
    return Feedback(
        Text(
            ja=f"C の部分がコンパイルできない: {message.text}{where}",
            en=f"The C part does not compile: {message.text}{where}",
        ),
        None if line else message.quoted.strip() or None,
        line,
    )


def _backend(function: str, text: str, line: int | None, source: Source) -> Feedback:
    made = re.search(r"built-in function '(mem\w+)'", text)
    if made and not any(made[1] in code for _, code in source.c_lines):
        text = "BPF stack limit"  # clang has it called to fill a large variable
    for meaning in BACKEND:
        explained = meaning.explain(text)
        if explained is not None:
            fits = (
                meaning.where
                and line
                and re.search(meaning.where, source.lines[line - 1])
            )
            found = (
                line
                if fits
                else (
                    source.only(meaning.where, function or None)
                    or source.only(meaning.where)
                )
            )
            return Feedback(explained, None, found or source.definition(function))
    return Feedback(
        Text(
            ja=f"C の部分がコンパイルできない: {text}",
            en=f"The C part does not compile: {text}",
        ),
        None,
        line,
    )
