"""How long a lesson takes to start, against what it would with kernel headers."""

from __future__ import annotations

import statistics
import subprocess
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem, Text

if TYPE_CHECKING:
    from bcclessons.course.lesson import Lesson
    from bcclessons.machines import Machine

# Runs on the machine under its own Python: starts each program in turn, reads its
# first line, ends it; prints one pair of seconds a line. The second program is the
# lesson with the include that bcc's own examples begin with.
_TIMER = """
import subprocess, sys, time
def start(text):
    begin = time.monotonic()
    process = subprocess.Popen(["/usr/bin/python3", "-c", text], stdout=subprocess.PIPE)
    line = process.stdout.readline()
    seconds = time.monotonic() - begin
    process.kill(); process.wait()
    if line.decode().rstrip() != sys.argv[2]:
        sys.exit("not ready: " + repr(line))
    return seconds
lean = open(sys.argv[1]).read()
opening = 'bpf_text = \\"\\"\\"\\n'
full = lean.replace(opening, opening + "#include <linux/sched.h>\\n")
assert full != lean
start(lean), start(full)
for _ in range(int(sys.argv[3])):
    print(start(lean), start(full), flush=True)
"""


def start_time(machine: Machine, lesson: Lesson, runs: int) -> Text:
    """Time both programs from their start to the header, in turn; return the figures.

    One uncounted run of each comes first. Seconds; the ratio is the median of the
    pairs' ratios, so that it holds when the machine's speed drifts.
    """
    program = f"lessons/{lesson.folder.name}/{lesson.program}"
    process = subprocess.Popen(
        machine.command(
            ["/usr/bin/python3", "-c", _TIMER, program, lesson.output.ready, str(runs)],
            root=True,
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    pairs: list[tuple[float, float]] = []
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lean, full = map(float, line.split())
            pairs.append((lean, full))
    finally:
        process.terminate()
        process.wait()
    if len(pairs) != runs:
        raise Problem(
            ja=f"レッスン {lesson.label} が始まらない．調べる: ./lab doctor",
            en=f"lesson {lesson.label} does not start; to see why: ./lab doctor",
        )
    lean = statistics.median(pair[0] for pair in pairs)
    full = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    figures = f"{lean:.2f} s / {full:.2f} s = {ratio:.2f} (n = {runs})"
    return Text(
        ja=f"{lesson.label}: 起動から見出しまで（中央値），このまま / sched.h 付き: {figures}",
        en=f"{lesson.label}: start to header (median), as is / with sched.h: {figures}",
    )
