"""The C library's calls that Python lacks. For machines: Python 3.9."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import os
import signal
from collections.abc import Iterator

libc = ctypes.CDLL(None, use_errno=True)
libc.execve.argtypes = [ctypes.c_void_p] * 3
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
    ctypes.c_long,
]  # fmt: skip
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWPID = 0x20000000


@contextlib.contextmanager
def alone_on_machine() -> Iterator[None]:
    """Wait until no other check runs on this machine, and keep others waiting.

    Its trace pipe has one reader, and lines in it are read once.
    """
    with contextlib.ExitStack() as stack:
        # Where there is no such folder, or no right to it, nobody waits.
        with contextlib.suppress(OSError):
            lock = stack.enter_context(open("/run/bcc-lessons.lock", "w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def processes_made() -> int:
    """Return how many processes and threads were made since this machine started."""
    with open("/proc/stat") as stat:
        return int(
            next(line for line in stat if line.startswith("processes")).split()[1]
        )


def die_with_parent() -> None:
    """Have this process killed when its parent ends, however that ends."""
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def become_subreaper() -> None:
    """Become the parent of those descendants whose parents end."""
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def set_name(name: bytes) -> None:
    """Name this thread."""
    libc.prctl(_PR_SET_NAME, name, 0, 0, 0)


def new_pid_namespace() -> None:
    """Have the next child be the first process of a new PID namespace.

    When that ends, the kernel kills all others in it, and lets none be made. Raise
    OSError where this process may not do that.
    """
    if libc.unshare(_CLONE_NEWPID) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def untouched(data: bytes) -> int:
    """Return the address of data that is in a file and, so far, not in memory."""
    file = os.memfd_create("data")
    os.write(file, data)
    address: int = libc.mmap(None, len(data), mmap.PROT_READ, mmap.MAP_PRIVATE, file, 0)
    return address


def before_gap(data: bytes) -> int:
    """Return the address of data right after which no memory can be read."""
    page = mmap.PAGESIZE
    size = -(-len(data) // page) * page
    kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    access = mmap.PROT_READ | mmap.PROT_WRITE
    start: int = libc.mmap(None, size + page, access, kind, -1, 0)
    libc.mprotect(start + size, page, 0)
    ctypes.memmove(start + size - len(data), data, len(data))
    return start + size - len(data)
