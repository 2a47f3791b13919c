"""What the kernel and /proc say."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcclessons.grading.observer import TRACING, empty_trace_pipe
from bcclessons.grading.processes import die_with_parent, libc

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator

__all__ = ["TRACING", "die_with_parent", "empty_trace_pipe", "libc"]

PYTHON = "/usr/bin/python3"

_PR_SET_NAME = 15
_PR_GET_NAME = 16
_BPF_PROG_GET_NEXT_ID = 11
_BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
_ENOENT = 2

Observation = dict[str, Any]


class CaseError(Exception):
    """A case that could not be carried out, so that there is nothing to judge."""


def text(data: bytes | bytearray) -> str:
    """Return bytes as text that keeps each of them."""
    return bytes(data).decode("latin-1")


def waiting(seconds: float, step: float = 0.02) -> Iterator[float]:
    """Yield the seconds gone by, again and again, until they are over."""
    start = time.monotonic()
    yield 0.0
    while (gone := time.monotonic() - start) < seconds:
        time.sleep(step)
        yield gone


def set_name(name: bytes) -> bytes:
    """Name this thread; return the name that the kernel made of it."""
    libc.prctl(_PR_SET_NAME, name, 0, 0, 0)
    return name_of_this_thread()


def name_of_this_thread() -> bytes:
    """Return the name that the kernel has for this thread."""
    kept = ctypes.create_string_buffer(16)
    libc.prctl(_PR_GET_NAME, kept, 0, 0, 0)
    return kept.value


def fields_of(stat: Path) -> list[bytes]:
    """Return the fields of a stat file in /proc that follow the process's name.

    The name, in brackets, may hold brackets and blanks.
    """
    return stat.read_bytes().rpartition(b")")[2].split()


def session_members(session: int) -> list[int]:
    """Return the living processes of a session."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = fields_of(stat)
            if int(fields[3]) == session and fields[0] != b"Z":
                members.append(int(stat.parent.name))
    return members


def signal_is(pid: int, mask: str, number: signal.Signals) -> bool:
    """Tell whether a signal is in a process's SigCgt, SigIgn or SigBlk mask."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{mask}:\s*(\w+)", status, re.M)
    return bool(found and int(found[1], 16) >> (number - 1) & 1)


def loaded_programs() -> set[int]:
    """Return the identities of the BPF programs in the kernel."""
    attributes = (ctypes.c_uint32 * 32)()
    found = set()
    while (
        libc.syscall(
            ctypes.c_long(_BPF_SYSCALL),
            ctypes.c_long(_BPF_PROG_GET_NEXT_ID),
            ctypes.byref(attributes),
            ctypes.c_long(ctypes.sizeof(attributes)),
        )
        == 0
    ):
        found.add(attributes[1])
        attributes[0], attributes[1] = attributes[1], 0
    error = ctypes.get_errno()
    if error != _ENOENT:  # there is a next one
        raise OSError(error, os.strerror(error))
    return found


def held_programs(pid: int | None = None) -> dict[int, int]:
    """Return the BPF programs that a process, or any, holds, by their identities.

    With each is how often the kernel has skipped it: for one that it can preempt,
    whenever it would run on a CPU where it runs already. Before 5.12 it is not told.
    """
    held = {}
    for info in Path("/proc").glob(f"{pid or '[0-9]*'}/fdinfo/*"):
        with contextlib.suppress(OSError):
            said = dict(re.findall(r"^(\w+):\s*(\d+)$", info.read_text(), re.M))
            if "prog_id" in said:
                held[int(said["prog_id"])] = int(said.get("recursion_misses", 0))
    return held


def overwritten() -> int:
    """Return how many lines of the trace pipe were overwritten before they were read."""
    return sum(
        int(found[1])
        for stats in TRACING.glob("per_cpu/cpu*/stats")
        for found in re.finditer(r"^overrun: (\d+)", stats.read_text(), re.M)
    )


def said_by_bcc() -> bytes:
    """Return what bcc itself writes on stderr here, whenever it compiles.

    bcc 0.18 on Debian 11 defines three macros that the headers of its kernel 5.10
    define again, and clang says so, whatever the lesson. It is in debian-11.stderr.
    """
    settings = Path("/etc/os-release").read_text().replace('"', "").splitlines()
    named = dict(line.split("=", 1) for line in settings if "=" in line)
    system = f"{named['ID']}-{named.get('VERSION_ID', '')}"
    path = Path(__file__).parents[1] / f"{system}.stderr"
    return path.read_bytes() if path.exists() else b""
