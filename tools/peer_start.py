"""Where the start of a lesson's program goes; prints JSON, seconds a run.

    /usr/bin/python3 -m tools.peer_start PROGRAM RUNS

Run as root by the Python of the machine. libbcc looks one name up in /proc/kallsyms
(check_bpf_probe_read_kernel, b_frontend_action.cc) and reads all of it for that; each
second run has a /proc/kallsyms of its own, which holds little more than that name.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

_PARTS = """
import json, sys, time
begin = float(sys.argv[2])
text = open(sys.argv[1]).read().split('\"\"\"')[1]
python = time.time()
from bcc import BPF
imported = time.time()
b = BPF(text=text)
compiled = time.time()
b.attach_tracepoint(tp="syscalls:sys_enter_execve", fn_name="trace_execve")
b["events"].open_perf_buffer(lambda cpu, data, size: None)
opened = time.time()
marks = [begin, python, imported, compiled, opened]
print(json.dumps([after - before for before, after in zip(marks, marks[1:])]))
"""
_FEW = 'mount --bind "$0" /proc/kallsyms && exec "$@"'


def parts(program: str, few: str | None) -> list[float]:
    """Return the seconds until Python runs, bcc is imported, BPF() returns, all is open.

    With ``few``, that file stands for /proc/kallsyms.
    """
    argv = ["sh", "-c", 'exec "$@" "$(date +%s.%N)"', "sh"]
    argv += [sys.executable, "-c", _PARTS, program]
    if few is not None:
        argv = ["unshare", "--mount", "sh", "-c", _FEW, few, *argv]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


def main(program: str, runs: int) -> None:
    """Measure both in turn, after one uncounted run of each."""
    with tempfile.NamedTemporaryFile("w") as few:
        symbols = Path("/proc/kallsyms").read_text().splitlines(keepends=True)
        few.writelines(line for line in symbols if " bpf_probe_read_" in line)
        few.flush()
        pairs = [
            (parts(program, None), parts(program, few.name)) for _ in range(runs + 1)
        ]
    all_symbols, few_symbols = zip(*pairs[1:], strict=True)
    print(json.dumps({"all_symbols": all_symbols, "few_symbols": few_symbols}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
