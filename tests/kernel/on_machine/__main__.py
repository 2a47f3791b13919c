"""Run one case of a lesson on this machine and print what was observed, as JSON.

    /usr/bin/python3 -m tests.kernel.on_machine CASE PROGRAM LINE [--times N] …

It judges nothing: it makes events whose truth it knows, runs the lesson as a
learner does, and prints one JSON object. The tests compare the two. It is run
as root by the Python of whichever machine is tested, in a VM too, so it needs
nothing but the standard library of Python 3.9.

Bytes are written as the text that latin-1 makes of them: a process name may hold
any byte, and each must come through. Times are nanoseconds of CLOCK_MONOTONIC,
the clock of bpf_ktime_get_ns(); seconds are seconds.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from bcclessons.grading.processes import alone_on_machine
from tests.kernel.on_machine import (
    balance,
    columns,
    counting,
    endings,
    facts,
    trace_pipe,
)
from tests.kernel.on_machine.run import Asked
from tests.kernel.on_machine.system import CaseError, Observation

if TYPE_CHECKING:
    from collections.abc import Callable

# Each case, and how many times it does its thing if --times does not say.
CASES: dict[str, tuple[Callable[[Asked], Observation], int]] = {
    "columns": (columns.columns, 5),
    "storm": (columns.storm, 10),
    "counted": (counting.counted, 3),
    "balance": (balance.balance, 5000),
    "unopened": (balance.unopened, 1),
    "interrupted_in_event": (balance.interrupted_in_event, 1),
    "trace_pipe": (trace_pipe.trace_pipe, 1),
    "ctrl_c_early": (endings.ctrl_c_early, 10),
    "ctrl_c_storm": (endings.ctrl_c_storm, 5),
    "ctrl_c_terminal": (endings.ctrl_c_terminal, 2),
    "ctrl_c_full_pipe": (endings.ctrl_c_full_pipe, 1),
    "closed_pipe": (endings.closed_pipe, 3),
    "closed_pipe_at_once": (endings.closed_pipe_at_once, 1),
    "not_root": (endings.not_root, 1),
    "no_bcc": (endings.no_bcc, 1),
    "unseen": (facts.unseen, 1),
    "skipped": (facts.skipped, 5),
    "in_turn": (columns.in_turn, 10),
}


def _stop(number: int, _frame: object) -> NoReturn:
    raise SystemExit(f"on_machine: ended by {signal.Signals(number).name}")


def main() -> None:
    """Run the case that is named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("program", type=lambda path: Path(path).resolve())
    parser.add_argument("line", type=re.compile, help="output.line of its lesson.toml")
    parser.add_argument("--times", type=int, help="how many times it does its thing")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds a wait")
    parser.add_argument("--limit", type=int, default=280, help="seconds for it all")
    options = parser.parse_args()
    # End through every `finally` when this process is told to end, or hangs.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _stop)
    run, usual = CASES[options.case]
    asked = Asked(
        options.program, options.line, options.times or usual, options.patience
    )
    try:
        with alone_on_machine():
            signal.alarm(options.limit)
            observed = run(asked)
    except CaseError as error:
        raise SystemExit(f"on_machine: {options.case}: {error}") from error
    json.dump(observed, sys.stdout)
    print()


if __name__ == "__main__":
    main()
