#!/usr/bin/python3
"""Call execve in many processes at once, for a file that is not there.

./calls_at_once.py 8 2000 has 8 processes make 2000 calls each, the CPUs in turn, and
prints how many there were.
"""

import ctypes
import os
import sys

processes, times = int(sys.argv[1]), int(sys.argv[2])
libc = ctypes.CDLL(None)
argv = (ctypes.c_char_p * 2)(b"nothing", None)
cpus = sorted(os.sched_getaffinity(0))
for number in range(processes):
    if not os.fork():
        os.sched_setaffinity(0, {cpus[number % len(cpus)]})
        for _ in range(times):
            libc.execve(b"/nonexistent", argv, None)
        os._exit(0)
for _ in range(processes):
    os.wait()
print(processes * times, "calls")
