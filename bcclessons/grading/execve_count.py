"""How often others call execve on a machine. For machines: Python 3.9."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from pathlib import Path

from bcclessons.grading.processes import libc

# Not the entry: a BPF program there that returns 0 keeps its calls from being counted.
_TRACEPOINT = Path("/sys/kernel/tracing/events/syscalls/sys_exit_execve/id")
_PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
_PERF_TYPE_TRACEPOINT = 2
_INHERIT = 1 << 1
_PERF_FLAG_FD_CLOEXEC = 8


class ExecveCount:
    """Counts the calls of execve that neither this process nor its descendants make.

    It counts from when it is made, until it is left. Where the kernel lets nobody
    count them, the count stays 0.
    """

    def __init__(self) -> None:
        self._all: list[int] = []
        self._ours: list[int] = []
        with contextlib.suppress(OSError, KeyError):
            self._ours.append(_counter(0, -1))
            for cpu in range(os.sysconf("SC_NPROCESSORS_CONF")):
                with contextlib.suppress(OSError):  # it is offline
                    self._all.append(_counter(-1, cpu))

    def __enter__(self) -> ExecveCount:
        return self

    def __exit__(self, *exception: object) -> None:
        for descriptor in self._all + self._ours:
            os.close(descriptor)

    @property
    def others(self) -> int:
        """The number of calls so far."""
        return max(0, _sum(self._all) - _sum(self._ours))


def _counter(pid: int, cpu: int) -> int:
    """Open a counter of a process (0 is this one) or a CPU. Raise OSError."""
    attributes = struct.pack(
        "IIQQQQQIIQ", _PERF_TYPE_TRACEPOINT, 64, int(_TRACEPOINT.read_text()),
        0, 0, 0, _INHERIT if pid == 0 else 0, 0, 0, 0,
    )  # fmt: skip
    number = _PERF_EVENT_OPEN[os.uname().machine]
    descriptor: int = libc.syscall(
        number, attributes, pid, cpu, -1, _PERF_FLAG_FD_CLOEXEC
    )
    if descriptor < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return descriptor


def _sum(counters: list[int]) -> int:
    return sum(struct.unpack("Q", os.read(each, 8))[0] for each in counters)
