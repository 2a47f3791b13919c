"""A macro of BCC that is misspelt: clang takes it for something else."""

from __future__ import annotations

import difflib
import re

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source

# Those that a learner may have meant. One that is right is in no feedback: it expands.
_KNOWN = (
    "BPF_ARRAY",
    "BPF_HASH",
    "BPF_HISTOGRAM",
    "BPF_LICENSE",
    "BPF_LRU_HASH",
    "BPF_PERCPU_ARRAY",
    "BPF_PERCPU_HASH",
    "BPF_PERF_OUTPUT",
    "BPF_RINGBUF_OUTPUT",
    "BPF_STACK_TRACE",
    "BPF_TABLE",
    "RAW_TRACEPOINT_PROBE",
    "TRACEPOINT_PROBE",
)
_USED = re.compile(r"^([A-Z][A-Z_]*)\(")


def misspelt(source: Source, line: int | None) -> Feedback | None:
    """Return feedback on the macro at the start of a line, if BCC has none like it."""
    used = line and _USED.match(source.lines[line - 1])
    if not used or used[1] in _KNOWN or source.first(f"#define {used[1]}("):
        return None
    near = difflib.get_close_matches(used[1], _KNOWN, n=1, cutoff=0.7)
    if not near:
        return None
    return Feedback(
        Text(
            ja=f"BCC に {used[1]}() というマクロは無い．{near[0]}() ではないか．",
            en=f"BCC has no macro {used[1]}(). Did you mean {near[0]}()?",
        ),
        line=line,
    )
