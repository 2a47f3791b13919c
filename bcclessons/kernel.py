"""The running kernel: what it can do, as far as its files tell.

Everything read from a machine goes through a ``System``, which may stand for a
folder of files instead of the machine itself.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# An ordinary user's PATH lacks these on Debian, but depmod and mkfs.* are there.
_ADMIN_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_MOST_LINKS = 40

_CAPABILITIES = re.compile(r"^Cap(Eff|Bnd):\s*([0-9a-f]+)$", re.MULTILINE)
_SYS_ADMIN, _PERFMON, _BPF = 21, 38, 39
# The one map of the first user namespace; a rootless container has another.
_WHOLE_UID_MAP = ["0", "0", "4294967295"]

_TRACEFS_PLACES = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")


def _run(
    argv: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv,
            capture_output=True,
            check=False,
            encoding="utf-8",
            env=dict(environment),
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=2,
        )
    except (OSError, subprocess.SubprocessError):
        return subprocess.CompletedProcess(argv, 127, "", "")


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class System:
    """A machine as files and a few commands; ``root`` may be a folder of fakes.

    Names of files are absolute and are looked up below ``root``, symbolic links
    with absolute targets included. Nothing here raises on what is not there.
    """

    root: Path
    environment: Mapping[str, str]
    euid: int
    release: str
    machine: str
    groups: frozenset[int] = frozenset()
    command: Callable[
        [Sequence[str], Mapping[str, str]], subprocess.CompletedProcess[str]
    ] = _run
    free_bytes: Callable[[Path], int] = _free

    @classmethod
    def here(cls) -> System:
        """Return this machine, as seen by this process."""
        uname = os.uname()
        return cls(
            root=Path("/"),
            environment=dict(os.environ),
            euid=os.geteuid(),
            release=uname.release,
            machine=uname.machine,
            groups=frozenset([os.getegid(), *os.getgroups()]),
        )

    def resolve(self, name: str) -> Path:
        """Return where a file really is, links followed as the machine would."""
        real = self.root
        todo = list(reversed(PurePosixPath(name).parts[1:]))
        links = 0
        while todo:
            part = todo.pop()
            if part == "..":
                real = real if real == self.root else real.parent
                continue
            step = real / part
            if os.path.islink(step) and (links := links + 1) <= _MOST_LINKS:
                try:
                    target = PurePosixPath(os.readlink(step))
                except OSError:
                    return step
                if target.is_absolute():
                    real = self.root
                    target = target.relative_to(target.anchor)
                todo.extend(reversed(target.parts))
            else:
                real = step
        return real

    def read_bytes(self, name: str) -> bytes | None:
        """Return a file's content, or None where it cannot be read."""
        try:
            return self.resolve(name).read_bytes()
        except OSError:
            return None

    def read(self, name: str) -> str | None:
        """Return a file's text, or None where it cannot be read."""
        content = self.read_bytes(name)
        return None if content is None else content.decode(errors="replace")

    def exists(self, name: str) -> bool:
        """Tell whether a file or folder is there (for this user to see)."""
        return os.path.exists(self.resolve(name))

    def is_link(self, name: str) -> bool:
        """Tell whether a name is a symbolic link, be it a dangling one."""
        path = PurePosixPath(name)
        return os.path.islink(self.resolve(str(path.parent)) / path.name)

    def glob(self, pattern: str) -> list[str]:
        """Return the names that fit an absolute pattern, sorted."""
        try:
            found = sorted(self.root.glob(pattern.lstrip("/")))
        except OSError:
            return []
        return [f"/{path.relative_to(self.root)}" for path in found]

    def can_open(self, name: str) -> bool:
        """Tell whether this user can open a device for reading and writing."""
        try:
            os.close(os.open(self.resolve(name), os.O_RDWR | os.O_CLOEXEC))
        except OSError:
            return False
        return True

    def which(self, name: str) -> str | None:
        """Return the program that a command names, as the shell of root finds it."""
        folders = [*self.environment.get("PATH", "").split(":"), *_ADMIN_FOLDERS]
        for folder in folders:
            program = self.resolve(f"{folder}/{name}")
            if (
                folder.startswith("/")
                and os.path.isfile(program)
                and os.access(program, os.X_OK)
            ):
                return f"{folder}/{name}"
        return None

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a short command in English; its status is 127 if that cannot be."""
        return self.command(argv, {**self.environment, "LC_ALL": "C"})


class HeadersState(StrEnum):
    """Whose headers BCC would find."""

    EXACT = "exact"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True)
class Headers:
    """The kernel headers of a machine.

    ``place`` is where they are. ``broken`` is what BCC would follow to a place
    that holds none: a link, or the variable BCC_KERNEL_SOURCE. ``named`` tells
    whether that variable is set: BCC then looks nowhere else.
    """

    state: HeadersState
    place: str | None = None
    broken: str | None = None
    named: bool = False


@dataclass(frozen=True)
class Rights:
    """What root may do here: load BPF programs, and mount file systems."""

    load_bpf: bool
    mount: bool


@dataclass(frozen=True)
class Kernel:
    """The running kernel. ``tracefs`` is where it is mounted, if it is."""

    release: str
    version: tuple[int, int]
    bpf: bool
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


def version_of(release: str) -> tuple[int, int]:
    """Return MAJOR, MINOR of a kernel's release, as integers: 5.10 is after 5.9."""
    match = re.match(r"(\d+)\.(\d+)", release)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def examine_kernel(system: System) -> Kernel:
    """Look at the running kernel."""
    config = _config(system)
    tracefs = _tracefs(system)
    filesystems = (system.read("/proc/filesystems") or "").split()
    return Kernel(
        release=system.release,
        version=version_of(system.release),
        bpf=_bpf(system, config),
        features=_features(system, config, tracefs),
        lockdown=_lockdown(system),
        has_tracefs=tracefs is not None or "tracefs" in filesystems,
        tracefs=tracefs,
        headers=_headers(system, config),
    )


def _config(system: System) -> Mapping[str, str] | None:
    """Return the options the kernel was built with, or None if nothing tells."""
    packed = system.read_bytes("/proc/config.gz")
    text: str | None = None
    if packed is not None:
        try:
            text = gzip.decompress(packed).decode(errors="replace")
        except (OSError, EOFError, zlib.error):
            text = None
    for name in (
        f"/boot/config-{system.release}",
        f"/lib/modules/{system.release}/config",
    ):
        text = system.read(name) if text is None else text
    if text is None:
        return None
    return dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.MULTILINE))


def _bpf(system: System, config: Mapping[str, str] | None) -> bool:
    if config is not None:
        # It implies BPF_SYSCALL; that alone loads programs, but none that trace.
        return "CONFIG_BPF_EVENTS" in config
    return system.exists("/proc/sys/kernel/unprivileged_bpf_disabled")


def _features(
    system: System, config: Mapping[str, str] | None, tracefs: str | None
) -> frozenset[str]:
    """Return which of a lesson's possible needs the kernel meets.

    What the kernel shows goes before its configuration. Where an ordinary user
    can see neither, an event source in /sys is taken for a yes.
    """
    sources = "/sys/bus/event_source/devices"
    if tracefs is not None and system.exists(f"{tracefs}/events"):
        tracepoints = system.exists(f"{tracefs}/events/syscalls")
    elif config is not None:
        tracepoints = "CONFIG_FTRACE_SYSCALLS" in config
    else:
        tracepoints = system.exists(f"{sources}/tracepoint")
    kprobes = (
        system.exists(f"{sources}/kprobe")
        or (tracefs is not None and system.exists(f"{tracefs}/kprobe_events"))
        # The event source is there since 4.17.
        or (
            version_of(system.release) < (4, 17)
            and config is not None
            and "CONFIG_KPROBE_EVENTS" in config
        )
    )
    seen = {
        "tracepoints": tracepoints,
        "kprobes": kprobes,
        "btf": system.exists("/sys/kernel/btf/vmlinux"),
    }
    return frozenset(name for name, there in seen.items() if there)


def _lockdown(system: System) -> str:
    """Return the mode in force: none, integrity or confidentiality."""
    modes = system.read("/sys/kernel/security/lockdown") or ""
    match = re.search(r"\[(\w+)\]", modes)
    return match[1] if match else "none"


def _tracefs(system: System) -> str | None:
    """Return where BCC finds tracefs mounted; it looks in two places only."""
    lines = (system.read("/proc/mounts") or "").splitlines()
    mounts = {tuple(line.split()[1:3]) for line in lines}
    for place in _TRACEFS_PLACES:
        if (place, "tracefs") in mounts:
            return place
    # The kernel mounts tracefs below debugfs at the first look into it.
    return _TRACEFS_PLACES[1] if ("/sys/kernel/debug", "debugfs") in mounts else None


def _headers(system: System, config: Mapping[str, str] | None) -> Headers:
    """Look where BCC looks, in its order."""
    named = system.environment.get("BCC_KERNEL_SOURCE")
    if named:
        if not system.exists(f"{named}/include"):
            return Headers(HeadersState.NONE, broken="BCC_KERNEL_SOURCE", named=True)
        exact = _release_of(system, named) == system.release
        state = HeadersState.EXACT if exact else HeadersState.OTHER
        return Headers(state, named, named=True)
    build = f"/lib/modules/{system.release}/build"
    if system.exists(f"{build}/include"):
        # People point the link at the headers that they have: those are others.
        exact = _release_of(system, build) in (system.release, None)
        return Headers(HeadersState.EXACT if exact else HeadersState.OTHER, build)
    broken = build if system.exists(build) or system.is_link(build) else None
    archive = "/sys/kernel/kheaders.tar.xz"
    module = system.glob(f"/lib/modules/{system.release}/kernel/kernel/kheaders.ko*")
    built_in = config is not None and config.get("CONFIG_IKHEADERS") == "y"
    # BCC loads the module by itself. An empty build folder keeps it from looking.
    if not system.exists(build) and (system.exists(archive) or module or built_in):
        return Headers(HeadersState.EXACT, archive)
    for pattern in (
        "/usr/src/linux-headers-*",
        "/usr/src/kernels/*",
        "/lib/modules/*/build",
    ):
        for folder in system.glob(pattern):
            if system.release not in folder and system.exists(f"{folder}/include"):
                return Headers(HeadersState.OTHER, folder, broken)
    return Headers(HeadersState.NONE, broken=broken)


def _release_of(system: System, folder: str) -> str | None:
    """Return the release that headers are of, or None if they do not say."""
    text = system.read(f"{folder}/include/generated/utsrelease.h") or ""
    match = re.search(r'UTS_RELEASE "([^"]+)"', text)
    return match[1] if match else None
