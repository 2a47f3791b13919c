"""Why the kernel's verifier refused a BPF program, by the log of the verifier."""

from __future__ import annotations

import re

from bcclessons.console.text import Text
from bcclessons.grading import compiler
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.messages import VERIFIER
from bcclessons.grading.source import Source

# Before an instruction the log quotes its line; since 6.8, with a number.
_QUOTED = re.compile(r"^; (.+?)(?: @ \S+:(\d+))?$", re.MULTILINE)
_REFUSED = re.compile(r"^bpf: (?:Failed to load program|.*Program +too large).*", re.M)
_ON_STACK = re.compile(r"stack .*off=-(\d+).* (?:access_)?size=(\d+)")
_FUNCTION = re.compile(r"Failed to load BPF program b?'(\w+)'")


def refusal(stderr: str, source: Source) -> Feedback | None:
    """Return why the program was refused; None where it was not."""
    begin = _REFUSED.search(stderr)
    if begin is None:
        return None
    missing = compiler.undeclared(stderr, source)
    if missing is not None:
        return missing
    log = stderr[begin.start() :].split("Traceback (most recent")[0]
    log = log.split("\nHINT:")[0].split("\nprocessed ")[0].rstrip()
    reason = _reason(log)
    if "unknown opcode" in log and (warned := compiler.warning(stderr, source)):
        return warned
    area = _ON_STACK.search(reason)
    if area is not None and int(area[2]) > int(area[1]):
        log += f"\ntoo large for the stack: {area[2]}"
    positions = _QUOTED.findall(log)
    line = None
    if positions:
        line = source.quoted(positions[-1][0], int(positions[-1][1] or 0))
    name = _FUNCTION.search(stderr)
    function = name[1] if name else None
    refused = Text(
        ja="カーネルの検証器が，BPF プログラムを拒んだ．",
        en="The kernel's verifier refused the BPF program.",
    )
    for meaning in VERIFIER:
        explained = meaning.explain(log)
        if explained is None:
            continue
        called = re.search(r"(?:helper|func) (\w+)#", reason)
        where = rf"\b{called[1]}\(" if called else meaning.where
        if line is None and where:
            line = source.only(where, function) or source.only(where)
        text = Text(ja=refused.ja + explained.ja, en=f"{refused.en} {explained.en}")
        return Feedback(text, reason or None, line)
    return Feedback(refused, reason or None, line)


def _reason(log: str) -> str:
    """Return the line of the log that says why."""
    words = [
        line
        for line in log.splitlines()
        if re.match(r"[A-Za-z]", line)
        and not line.startswith(
            ("cur state:", "old state:", "regs=", "last_idx", "parent ")
        )
    ]
    return words[-1] if words else ""
