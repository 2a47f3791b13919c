"""The machines that the doctor's tests begin with."""

from __future__ import annotations

from gzip import compress
from pathlib import Path

import pytest

from tests.unit.fakes import ALL_CAPABILITIES, CONFIG, WSL, Machine


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """Return a Linux, as root, whose kernel can do all, with nothing installed."""
    machine = Machine(root=tmp_path / "root", cache=tmp_path / "cache")
    machine.cache.mkdir()
    machine.capabilities(ALL_CAPABILITIES)
    machine.write("/proc/self/uid_map", "         0          0 4294967295\n")
    machine.write("/proc/filesystems", "nodev\tproc\nnodev\ttracefs\n\text4\n")
    machine.write(
        "/proc/mounts",
        "proc /proc proc rw 0 0\ntracefs /sys/kernel/tracing tracefs rw 0 0\n",
    )
    machine.write("/sys/kernel/tracing/events/syscalls/enable", "0\n")
    machine.write("/sys/bus/event_source/devices/kprobe/type", "6\n")
    machine.write("/sys/bus/event_source/devices/tracepoint/type", "2\n")
    machine.write("/sys/kernel/btf/vmlinux")
    machine.write("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
    machine.write("/proc/config.gz", compress(CONFIG.encode()))
    machine.program("/usr/bin/python3.11")
    machine.link("/usr/bin/python3", "/usr/bin/python3.11")
    return machine


@pytest.fixture
def stock(bare: Machine) -> Machine:
    """Return a Debian with apt, this kernel's headers and bcc, but no VM tools."""
    bare.add_apt()
    bare.add_headers()
    bare.add_bcc()
    return bare


@pytest.fixture
def wsl(bare: Machine) -> Machine:
    """Return a WSL2: Debian's packages on a kernel that has no headers."""
    bare.release = WSL
    bare.add_apt()
    bare.add_bcc()
    bare.add_vm_tools()
    return bare
