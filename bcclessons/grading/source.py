"""The C text in a learner's Python file, and which line of the file a C line is.

A program may put its C text together in any way: as one string, as many, as an
f-string, with % or replace(), or from another file. A wrong line is worse than none, so
where a line cannot be told for certain, it is None.
"""

from __future__ import annotations

import re

from bcclessons.grading.literals import FILLED_IN, replaced, strings

# Lines that BCC puts before the text, at its last compilation, in one version or other;
# it adds one more before each function.
_LINES_BEFORE = (11, 23)
_LONGEST_LINE = 1000
_FUNCTION = re.compile(r"^(?!\s|#).*\b(\w+) *\(.*\) *\{?\s*$")
# What BCC writes for a member read through a pointer, or for a call of a table.
_REWRITTEN = re.compile(
    r"\(\{ .*? \}\)|bpf_\w+_?\((?:\w+, )?(?:\(void \*\))?bpf_pseudo_fd\([^)]*\),"
    r"(?: CUR_CPU_IDENTIFIER,)?|, BPF_ANY\)"
)


class Source:
    """A learner's program, as far as its C text can be found in it."""

    def __init__(self, program: str) -> None:
        self.lines = program.splitlines()
        # As long a line is no C: a pattern would read it for minutes.
        self.strings = [
            [(number, text[:_LONGEST_LINE]) for number, text in string]
            for string in strings(program)
        ]
        self._replaced = replaced(program)

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

    def _structs(self) -> list[list[tuple[int, str]]]:
        """Return the lines of each struct that the C text defines."""
        found: list[list[tuple[int, str]]] = []
        inside = False
        for line in self.c_lines:
            if re.match(r"struct \w+\s*\{", line[1]):
                found.append([])
                inside = True
            if inside:
                found[-1].append(line)
            inside = inside and not line[1].startswith("}")
        return found

    def members(self) -> list[str]:
        """Return the names of the members of the structs that the C text defines."""
        text = "\n".join(text for lines in self._structs() for _, text in lines)
        return re.findall(r"[\w*]\s+\**(\w+)(?:\[[^]]*\])*\s*;", text)

    def member(self, pattern: str) -> int | None:
        """Return the line of the first member that fits, if but one struct has any."""
        found = [
            [number for number, text in lines if re.search(pattern, text)]
            for lines in self._structs()
        ]
        fits = [numbers[0] for numbers in found if numbers]
        return fits[0] if len(fits) == 1 else None

    def pointer_member(self) -> int | None:
        """Return the line of a member that event() reads as a C string."""
        return self.member(r"(?:^|[;{])\s*(?:char|u8|unsigned char)\s*\*\s*\w+\s*;")

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
                open_text = open_text.replace(old, FILLED_IN)
            open_text = re.sub(r"%(?:\(\w+\))?[sdr]|\{\w*\}", FILLED_IN, open_text)
            literal = open_text.split(FILLED_IN)
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
