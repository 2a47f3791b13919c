"""Machines made of files, and a lesson, for the doctor's tests."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Text
from bcclessons.course.lesson import Demo, Lesson, Needs
from bcclessons.course.output import Output
from bcclessons.doctor.check import Check
from bcclessons.doctor.report import Report, examine
from bcclessons.machines import debian
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.programs import VM_TOOLS
from bcclessons.setup.system import System

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcclessons.machines.debian import Release

ALL_CAPABILITIES = (1 << 41) - 1
SYS_ADMIN, PERFMON, BPF = 1 << 21, 1 << 38, 1 << 39
DEBIAN = "6.1.0-56-amd64"
WSL = "5.15.153.1-microsoft-standard-WSL2"
CONFIG = "CONFIG_BPF_SYSCALL=y\nCONFIG_BPF_EVENTS=y\nCONFIG_FTRACE_SYSCALLS=y\n"
VM_PACKAGES = (
    "qemu-system-x86",
    "openssh-client",
    "mmdebstrap",
    "debian-archive-keyring",
    "erofs-utils",
    "kmod",
    "cpio",
)


def lesson(
    headers: str = "any",
    kernel: str = "4.7",
    features: Sequence[str] = ("tracepoints",),
) -> Lesson:
    text = Text(ja="例", en="example")
    needs = {"kernel": kernel, "features": features, "headers": headers}
    return Lesson(
        number=2,
        program="sample",
        title=text,
        goal=text,
        needs=msgspec.convert(needs, Needs),
        output=Output(ready="", line=""),
        demo=Demo(steps=[]),
    )


def command(check: Check) -> str:
    assert check.fix is not None
    return check.fix.command


def packages(check: Check) -> tuple[str, ...]:
    assert check.fix is not None
    return check.fix.packages


@dataclass
class Machine:
    """A machine made of files; tests take away or add what they are about."""

    root: Path
    cache: Path
    release: str = DEBIAN
    machine: str = "x86_64"
    euid: int = 0
    groups: frozenset[str] = frozenset()
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/bin"})
    candidates: dict[str, str] = field(default_factory=dict)
    sudo_asks: bool = True
    free: int = 50_000_000_000
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def path(self, name: str) -> Path:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, content: str | bytes = "") -> None:
        data = content.encode() if isinstance(content, str) else content
        self.path(name).write_bytes(data)

    def program(self, name: str) -> None:
        self.write(name)
        self.path(name).chmod(0o755)

    def link(self, name: str, target: str) -> None:
        self.path(name).symlink_to(self.root / target.lstrip("/"))

    def remove(self, name: str) -> None:
        path = self.path(name)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    def capabilities(self, effective: int, bounding: int | None = None) -> None:
        bounding = effective if bounding is None else bounding
        status = f"Name:\tlab\nCapEff:\t{effective:016x}\nCapBnd:\t{bounding:016x}\n"
        self.write("/proc/self/status", status)

    def add_headers(self) -> None:
        headers = f"/usr/src/linux-headers-{self.release}"
        self.write(f"{headers}/include/generated/autoconf.h")
        self.link(f"/lib/modules/{self.release}/build", headers)

    def add_bcc(self, folder: str = "/usr/lib/python3/dist-packages") -> None:
        self.write(f"{folder}/bcc/__init__.py")
        self.write(f"{folder}/bcc/libbcc.py")
        self.write(f"{folder}/bcc/version.py", "__version__ = '0.26.0'\n")

    def add_vm_tools(self) -> None:
        for tool in VM_TOOLS:
            self.program(tool if tool.startswith("/") else f"/usr/sbin/{tool}")

    def add_apt(self) -> None:
        self.program("/usr/bin/apt-get")
        self.write("/var/lib/apt/lists/example_main_binary-amd64_Packages.lz4")

    @property
    def system(self) -> System:
        return FakeSystem(
            root=self.root,
            environment=self.environment,
            euid=self.euid,
            release=self.release,
            machine=self.machine,
            groups=self.groups,
            fake=self,
        )

    def report(self, release: Release = debian.RELEASES[0]) -> Report:
        console = Console(Language.EN)
        return examine(self.system, Workspace(self.root, self.cache, console, release))


@dataclass(frozen=True, kw_only=True)
class FakeSystem(System):
    """A machine's files, and its answers to commands."""

    fake: Machine

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        self.fake.ran.append(argv)
        if argv[0] == "sudo":
            return subprocess.CompletedProcess(argv, int(self.fake.sudo_asks), "", "")
        candidate = self.fake.candidates.get(argv[-1])
        out = f"{argv[-1]}:\n  Installed: (none)\n  Candidate: {candidate}\n"
        return subprocess.CompletedProcess(argv, 0, out if candidate else "", "")

    def free_bytes(self, folder: Path) -> int:
        assert folder.is_dir(), "free space is asked of what is there"
        return self.fake.free
