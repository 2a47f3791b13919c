#!/usr/bin/python3
"""Call execve many times on each CPU at once, for a file that is not there.

./many_calls.py 10000 makes so many on each CPU, and prints how many there were.
"""

import ctypes
import os
import sys

times = int(sys.argv[1])
libc = ctypes.CDLL(None)
argv = (ctypes.c_char_p * 2)(b"nothing", None)
cpus = sorted(os.sched_getaffinity(0))
for cpu in cpus:
    if not os.fork():
        os.sched_setaffinity(0, {cpu})
        for _ in range(times):
            libc.execve(b"/nonexistent", argv, None)
        os._exit(0)
for _ in cpus:
    os.wait()
print(len(cpus) * times, "calls")
