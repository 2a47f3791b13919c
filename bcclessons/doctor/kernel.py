"""The running kernel: what it can do, and what root may, as far as files tell."""

from __future__ import annotations

import gzip
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bcclessons.setup.system import version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcclessons.setup.system import System

_CAPABILITIES = re.compile(r"^Cap(Eff|Bnd):\s*([0-9a-f]+)$", re.MULTILINE)
_SYS_ADMIN, _PERFMON, _BPF = 21, 38, 39
# The one map of the first user namespace; a rootless container has another.
_WHOLE_UID_MAP = ["0", "0", "4294967295"]

_TRACEFS = "/sys/kernel/tracing"
_TRACEFS_IN_DEBUGFS = "/sys/kernel/debug/tracing"


class HeadersState(StrEnum):
    """Whose headers BCC would find."""

    EXACT = "exact"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True)
class Headers:
    """The kernel headers of a machine.

    ``place`` is where they are. ``broken`` is what BCC would follow to a place
    that holds none: a link, or the variable BCC_KERNEL_SOURCE.
    """

    state: HeadersState
    place: str = ""
    broken: str = ""


@dataclass(frozen=True)
class Rights:
    """What root may do here: load BPF programs, and mount file systems."""

    load_bpf: bool
    mount: bool


@dataclass(frozen=True)
class Kernel:
    """The running kernel. ``tracefs`` is where that is mounted, if it is."""

    release: str
    version: tuple[int, int]
    features: frozenset[str]
    lockdown: str
    has_tracefs: bool
    tracefs: str | None
    headers: Headers


def rights(system: System) -> Rights:
    """Return what root, or this user after sudo, may do.

    sudo cannot give more than the process's bounding set, and capabilities in
    another user namespace (a rootless container) are none towards the kernel.
    """
    uid_map = system.read("/proc/self/uid_map")
    if uid_map is not None and uid_map.split() != _WHOLE_UID_MAP:
        return Rights(load_bpf=False, mount=False)
    sets = dict(_CAPABILITIES.findall(system.read("/proc/self/status") or ""))
    held = int(sets.get("Eff" if system.euid == 0 else "Bnd", "0"), 16)
    admin = bool(held >> _SYS_ADMIN & 1)
    traces = bool(held >> _BPF & 1 and held >> _PERFMON & 1)
    return Rights(load_bpf=admin or traces, mount=admin)


def examine_kernel(system: System) -> Kernel:
    """Look at the running kernel."""
    tracefs = _tracefs(system)
    modes = system.read("/sys/kernel/security/lockdown") or ""
    mode = re.search(r"\[(\w+)\]", modes)
    filesystems = (system.read("/proc/filesystems") or "").split()
    return Kernel(
        release=system.release,
        version=version_of(system.release),
        features=_features(system, tracefs),
        lockdown=mode[1] if mode else "none",
        has_tracefs=tracefs is not None or "tracefs" in filesystems,
        tracefs=tracefs,
        headers=_headers(system),
    )


def _tracefs(system: System) -> str | None:
    """Return where BCC finds tracefs mounted; it looks in two places only."""
    lines = (system.read("/proc/mounts") or "").splitlines()
    mounts = {tuple(line.split()[1:3]) for line in lines}
    if (_TRACEFS, "tracefs") in mounts:
        return _TRACEFS
    # The kernel mounts tracefs below debugfs at the first look into it.
    below = {(_TRACEFS_IN_DEBUGFS, "tracefs"), ("/sys/kernel/debug", "debugfs")}
    return _TRACEFS_IN_DEBUGFS if below & mounts else None


def _config(system: System) -> Mapping[str, str] | None:
    """Return the options the kernel was built with, or None if nothing tells."""
    packed = system.read_bytes("/proc/config.gz")
    if packed is not None:
        text = gzip.decompress(packed).decode(errors="replace")
    else:
        text = (
            system.read(f"/boot/config-{system.release}")
            or system.read(f"/lib/modules/{system.release}/config")
            or ""
        )
    return dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.MULTILINE)) or None


def _features(system: System, tracefs: str | None) -> frozenset[str]:
    """Return what the kernel has of BPF and of a lesson's possible needs.

    What the kernel shows goes before its configuration. Where an ordinary user
    can see neither, a sign that all may read is taken for a yes.
    """
    config = _config(system)
    sources = "/sys/bus/event_source/devices"
    if config is not None:
        # It implies BPF_SYSCALL; that alone loads programs, but none that trace.
        bpf = "CONFIG_BPF_EVENTS" in config
    else:
        bpf = system.exists("/proc/sys/kernel/unprivileged_bpf_disabled")
    if tracefs is not None and system.exists(f"{tracefs}/events"):
        tracepoints = system.exists(f"{tracefs}/events/syscalls")
    elif config is not None:
        tracepoints = "CONFIG_FTRACE_SYSCALLS" in config
    else:
        tracepoints = system.exists(f"{sources}/tracepoint")
    seen = {
        "bpf": bpf,
        "tracepoints": tracepoints,
        "kprobes": system.exists(f"{sources}/kprobe"),
        "btf": system.exists("/sys/kernel/btf/vmlinux"),
    }
    return frozenset(name for name, there in seen.items() if there)


def _headers(system: System) -> Headers:
    """Look where BCC looks, in its order."""
    named = system.environment.get("BCC_KERNEL_SOURCE")
    build = named or f"/lib/modules/{system.release}/build"
    if system.exists(f"{build}/include"):
        # People point the link at the headers that they have: those are others.
        own = {system.release} if named else {system.release, None}
        exact = _release_of(system, build) in own
        return Headers(HeadersState.EXACT if exact else HeadersState.OTHER, build)
    if named:
        return Headers(HeadersState.NONE, broken="BCC_KERNEL_SOURCE")
    if os.path.lexists(system.path(build)):
        broken = build
    else:
        broken = ""
        archive = "/sys/kernel/kheaders.tar.xz"
        # BCC loads the module by itself.
        module = f"/lib/modules/{system.release}/kernel/kernel/kheaders.ko*"
        if system.exists(archive) or system.glob(module):
            return Headers(HeadersState.EXACT, archive)
    for folder in system.glob("/usr/src/linux-headers-*/include"):
        if system.release not in folder:
            place = folder.removesuffix("/include")
            return Headers(HeadersState.OTHER, place, broken)
    return Headers(HeadersState.NONE, broken=broken)


def _release_of(system: System, folder: str) -> str | None:
    """Return the release that headers are of, or None if they do not say."""
    text = system.read(f"{folder}/include/generated/utsrelease.h") or ""
    match = re.search(r'UTS_RELEASE "([^"]+)"', text)
    return match[1] if match else None
