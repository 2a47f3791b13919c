"""What this machine can do, as data: each check has a state, a reason and a fix."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bcclessons.kernel import (
    Headers,
    HeadersState,
    Kernel,
    Rights,
    System,
    examine_kernel,
    rights,
    version_of,
)
from bcclessons.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bcclessons.lesson import Lesson

__all__ = [
    "DEBIAN_KEYRING",
    "IMAGE_BYTES",
    "STANDIN_MACHINES",
    "STANDIN_TOOLS",
    "VM_RUN_TOOLS",
    "VM_TOOLS",
    "Check",
    "Fix",
    "HeadersState",
    "Place",
    "Report",
    "State",
    "System",
    "Verdict",
    "examine",
    "missing",
    "verdict",
]

DEBIAN_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"

VM_RUN_TOOLS: Final[Mapping[str, str]] = MappingProxyType(
    {"qemu-system-x86_64": "qemu-system-x86", "ssh": "openssh-client"}
)
"""What running the VM takes once its image is built: program → Debian package."""

VM_TOOLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **VM_RUN_TOOLS,
        "mmdebstrap": "mmdebstrap",
        "mkfs.erofs": "erofs-utils",
        "depmod": "kmod",
        "cpio": "cpio",
        DEBIAN_KEYRING: "debian-archive-keyring",
    }
)
"""What building the image and running the VM take: program or file → package."""

STANDIN_TOOLS: Final[Mapping[str, str]] = MappingProxyType(
    {"mmdebstrap": "mmdebstrap", DEBIAN_KEYRING: "debian-archive-keyring"}
)
"""What fetching stand-in headers takes: program or file → package."""

STANDIN_MACHINES: Final[Mapping[str, str]] = MappingProxyType(
    {"x86_64": "amd64", "aarch64": "arm64"}
)
"""The machines Debian has headers for: uname -m → Debian's name."""

IMAGE_BYTES: Final = 2_000_000_000
"""Free space that building an image and its snapshot wants."""

_SNAPSHOT_BYTES: Final = 500_000_000
_OLDEST_KERNEL: Final = (4, 7)  # BPF programs on tracepoints

_FEDORA_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "python3-bpfcc": "python3-bcc",
        "qemu-system-x86": "qemu-system-x86-core",
        "openssh-client": "openssh-clients",
        "debian-archive-keyring": "debian-keyring",
    }
)

# Flavours of the kernels that Debian, Ubuntu and Raspberry Pi OS package. Asking
# apt takes half a second where its cache is not kept: not for other kernels.
_PACKAGED_RELEASE: Final = re.compile(
    r"-(amd64|arm64|arm64-16k|armmp|armmp-lpae|686|686-pae|generic|generic-64k"
    r"|generic-hwe|aws|azure|gcp|oracle|kvm|lowlatency|oem|raspi|rpi-v[678]|rpi-2712)$"
)


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True)
class Fix:
    """What mends a check: a command to paste, and the Debian packages it adds.

    ``command`` is empty where only packages help and this machine has no package
    manager that we know.
    """

    command: str
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``found`` also reads as the reason not to go on."""

    name: str
    title: Text
    state: State
    found: Text
    why: Text
    fix: Fix | None = None


@dataclass(frozen=True)
class Report:
    """What a machine can do: the checks for people, the rest for ``verdict``.

    ``headers_package`` would bring this kernel's own headers. ``vm_missing`` and
    ``standin_missing`` are Debian packages. ``image`` tells whether a VM image is
    built already, ``room`` whether there is space for what is not built yet.
    """

    checks: tuple[Check, ...]
    kernel: Kernel
    machine: str
    can_be_root: bool
    can_load_bpf: bool
    can_use_tracefs: bool
    can_install: bool
    bcc: State
    headers_package: str | None
    standin_missing: tuple[str, ...]
    vm_missing: tuple[str, ...]
    kvm: bool
    image: bool
    room: bool

    def __getitem__(self, name: str) -> Check:
        """Return the check of this name; raise KeyError if there is none."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    @property
    def headers(self) -> HeadersState:
        """Whose kernel headers there are."""
        return self.kernel.headers.state

    @property
    def features(self) -> frozenset[str]:
        """What the kernel has of the features that a lesson may need."""
        return self.kernel.features

    @property
    def vm_capable(self) -> bool:
        """Whether the VM can run here once ``vm_missing`` is installed."""
        return self.machine == "x86_64" and self.room


class Place(StrEnum):
    """Where a lesson runs."""

    HOST = "host"
    STANDIN = "stand-in"
    VM = "vm"
    NOWHERE = "nowhere"


@dataclass(frozen=True)
class Verdict:
    """Where a lesson runs, why there, and what has to be installed first.

    For NOWHERE, ``packages`` are those that would help if they could be had.
    """

    place: Place
    why: Text
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Mender:
    """Writes the commands that mend this machine."""

    manager: str | None
    sudo: str
    stale: bool

    @classmethod
    def of(cls, system: System) -> _Mender:
        found = [name for name in ("apt-get", "dnf") if system.which(name)]
        return cls(
            manager=found[0] if found else None,
            sudo="" if system.euid == 0 else "sudo ",
            stale=not system.glob("/var/lib/apt/lists/*_Packages*"),
        )

    def command(self, line: str) -> str:
        return self.sudo + line

    def update(self) -> str:
        return self.command("apt-get update")

    def install(self, *packages: str) -> Fix:
        if self.manager is None:
            return Fix("", packages)
        if self.manager == "dnf":
            names = [_FEDORA_NAMES.get(name, name) for name in packages]
            return Fix(self.command(f"dnf install {' '.join(names)}"), packages)
        install = self.command(f"apt-get install {' '.join(packages)}")
        # A new container has no package lists: apt-get would find nothing.
        return Fix(f"{self.update()} && {install}" if self.stale else install, packages)


def examine(system: System, cache: Path) -> Report:
    """Look at a machine; ``cache`` is the folder in which images are kept."""
    kernel = examine_kernel(system)
    granted = rights(system)
    mender = _Mender.of(system)
    root = _check_root(system, granted, mender)
    can_be_root = root.state is not State.MISSING
    can_install = can_be_root and mender.manager == "apt-get"
    package = _headers_package(system, kernel.headers, mender)
    bcc = _check_bcc(system, mender)
    image = _has_image(cache)
    vm_missing = missing(system, VM_RUN_TOOLS if image else VM_TOOLS)
    kvm = _check_kvm(system, cache, mender)
    disk = _check_disk(system, cache, image=image)
    return Report(
        checks=(
            root,
            *_check_kernel(kernel),
            _check_tracefs(kernel, mender),
            _check_lockdown(kernel),
            _check_headers(kernel, package, mender),
            bcc,
            _check_qemu(system, vm_missing, mender),
            kvm,
            disk,
        ),
        kernel=kernel,
        machine=system.machine,
        can_be_root=can_be_root,
        can_load_bpf=root.state is State.OK
        and kernel.bpf
        and kernel.lockdown != "confidentiality",
        can_use_tracefs=kernel.tracefs is not None
        or (kernel.has_tracefs and granted.mount),
        can_install=can_install,
        bcc=bcc.state,
        headers_package=package,
        standin_missing=missing(system, STANDIN_TOOLS),
        vm_missing=vm_missing,
        kvm=kvm.state is State.OK,
        image=image,
        room=disk.state is State.OK,
    )


def missing(system: System, tools: Mapping[str, str]) -> tuple[str, ...]:
    """Return the packages of those programs and files that are not there."""
    return tuple(
        package
        for tool, package in tools.items()
        if not (system.exists(tool) if tool.startswith("/") else system.which(tool))
    )


def verdict(report: Report, lesson: Lesson, *, only: Place | None = None) -> Verdict:
    """Say where a lesson runs: this host if it can, else the VM.

    ``only`` leaves no choice: HOST is the host with any headers that do, VM the VM.
    """
    host = _host_obstacle(report, lesson)
    plans = (
        _host_plan(report, host),
        _standin_plan(report, lesson, host),
        _vm_plan(report),
    )
    refusals = [plan.refusal(report) for plan in plans]
    allowed = {
        None: (Place.HOST, Place.STANDIN, Place.VM),
        Place.HOST: (Place.HOST, Place.STANDIN),
    }.get(only, (only,))
    considered = [number for number, plan in enumerate(plans) if plan.place in allowed]
    for number in considered:
        if refusals[number] is None:
            plan = plans[number]
            return Verdict(plan.place, _why(plan, refusals[:number]), plan.packages)
    helpful = [plans[n].packages for n in considered if plans[n].obstacle is None]
    return Verdict(
        Place.NOWHERE,
        _join(refusals[number] for number in considered),
        helpful[0] if helpful else (),
    )


@dataclass(frozen=True)
class _Plan:
    """A place, what rules it out, and what has to be installed for it."""

    place: Place
    obstacle: Text | None
    packages: tuple[str, ...] = ()

    def refusal(self, report: Report) -> Text | None:
        """Return why it is not to be had, or None if it is."""
        if self.obstacle is not None or report.can_install or not self.packages:
            return self.obstacle
        ja, en = ("VM ", "VM") if self.place is Place.VM else ("ホスト", "host")
        names = ", ".join(self.packages)
        return Text(
            ja=f"{ja}に要る {names} が無く，apt でも入れられない",
            en=f"the {en} lacks {names}, and apt cannot install them here",
        )


def _host_obstacle(report: Report, lesson: Lesson) -> Text | None:
    """Return the first thing that keeps a lesson from this kernel, if any does."""
    needed = version_of(lesson.needs.kernel)
    if report.kernel.version < needed:
        return Text(
            ja=f"カーネル {report.kernel.release} は {lesson.needs.kernel} より古い",
            en=f"kernel {report.kernel.release} is older than {lesson.needs.kernel}",
        )
    for name in ("root", "bpf", "lockdown", *lesson.needs.features):
        if report[name].state is not State.OK:
            return _clause(report[name])
    if not report.can_use_tracefs:
        return _clause(report["tracefs"])
    return _clause(report["bcc"]) if report.bcc is State.BROKEN else None


def _host_plan(report: Report, obstacle: Text | None) -> _Plan:
    packages = () if report.bcc is State.OK else ("python3-bpfcc",)
    if report.headers is not HeadersState.EXACT:
        if report.headers_package is None:
            obstacle = obstacle or Text(
                ja=f"カーネル {report.kernel.release} のヘッダが無い",
                en=f"there are no headers for kernel {report.kernel.release}",
            )
        else:
            packages = (report.headers_package, *packages)
    return _Plan(Place.HOST, obstacle, packages)


def _standin_plan(report: Report, lesson: Lesson, obstacle: Text | None) -> _Plan:
    if obstacle is None and lesson.needs.headers == "exact":
        obstacle = Text(
            ja="このレッスンはカーネルの構造体を読むので，代用のヘッダでは値が誤る",
            en="this lesson reads kernel structs, which stand-in headers get wrong",
        )
    if obstacle is None and report.machine not in STANDIN_MACHINES:
        obstacle = Text(
            ja=f"{report.machine} には代用できるヘッダが無い",
            en=f"there are no stand-in headers for {report.machine}",
        )
    packages = () if report.bcc is State.OK else ("python3-bpfcc",)
    return _Plan(Place.STANDIN, obstacle, (*packages, *report.standin_missing))


def _vm_plan(report: Report) -> _Plan:
    obstacle = None
    if report.machine != "x86_64":
        obstacle = _clause(report["qemu"])
    elif not report.room:
        obstacle = _clause(report["disk"])
    return _Plan(Place.VM, obstacle, report.vm_missing)


def _why(plan: _Plan, before: Iterable[Text | None]) -> Text:
    """Say why a place was taken and, from ``before``, why none before it was."""
    before = list(before)
    if plan.place is Place.HOST and plan.packages:
        return Text(
            ja=f"{', '.join(plan.packages)} を入れれば，このカーネルで動く",
            en=f"with {', '.join(plan.packages)} installed, this kernel can run it",
        )
    if plan.place is Place.HOST:
        return Text(
            ja="このカーネルのヘッダと BCC が揃っている",
            en="BCC and this kernel's own headers are here",
        )
    if None in before:
        return Text(ja="そう指定された", en="it was asked for")
    reasons = _join(before)
    if plan.place is Place.VM:
        return Text(
            ja=f"このマシン自体では動かせない（{reasons.ja}）",
            en=f"this machine itself cannot run it ({reasons.en})",
        )
    return Text(
        ja=f"{reasons.ja}が，このレッスンはカーネルの構造体を読まないので，"
        "代用のヘッダで足りる",
        en=f"{reasons.en}, but this lesson reads no kernel struct: "
        "stand-in headers will do",
    )


def _clause(check: Check) -> Text:
    return Text(
        ja=f"{check.title.ja}: {check.found.ja}",
        en=f"{check.title.en}: {check.found.en}",
    )


def _join(texts: Iterable[Text | None]) -> Text:
    """Join reasons, one that two places share given once."""
    several = [text for text in dict.fromkeys(texts) if text is not None]
    if not several:
        return Text(ja="動かす場所が選ばれていない", en="no place was chosen")
    return Text(
        ja="，".join(text.ja for text in several),
        en="; ".join(text.en for text in several),
    )


def _check_root(system: System, granted: Rights, mender: _Mender) -> Check:
    title = Text(ja="root 権限", en="root")
    why = Text(
        ja="BPF プログラムのロードは root にだけ許される．権限の無い root は"
        "コンテナに多く，そこでは VM で動かす．",
        en="only root may load BPF programs; a root without that right is mostly "
        "a container's, and there the VM is used.",
    )
    if system.euid != 0 and not _has_sudo(system):
        group = "wheel" if mender.manager == "dnf" else "sudo"
        install = {"apt-get": "apt-get install sudo && ", "dnf": "dnf install sudo && "}
        # The quotes are such that $USER is the one who types it.
        command = f'usermod -aG {group} $USER"'
        return Check(
            "root",
            title,
            State.MISSING,
            Text(ja="root でなく，sudo も使えない", en="not root, and no sudo"),
            Text(
                ja=why.ja + "直したあと，ログインし直す．",
                en=why.en + " Log in again after mending it.",
            ),
            Fix(f'su - -c "{install.get(mender.manager or "", "")}{command}'),
        )
    if not granted.load_bpf:
        return Check(
            "root",
            title,
            State.BROKEN,
            Text(
                ja="root に BPF をロードする権限が無い（コンテナか）",
                en="root without the right to load BPF: a container?",
            ),
            why,
        )
    found = Text(ja="root である", en="root")
    if system.euid != 0:
        found = Text(ja="sudo が使える", en="sudo")
    return Check("root", title, State.OK, found, why)


def _has_sudo(system: System) -> bool:
    """Tell whether this user may use sudo, without asking for a password."""
    if system.which("sudo") is None:
        return False
    for line in (system.read("/etc/group") or "").splitlines():
        name, _, number, *_ = [*line.split(":"), "", "", ""]
        # sudo goes by the groups of the process, not by those of the file.
        member = number.isdecimal() and int(number) in system.groups
        if member and name in ("sudo", "wheel", "admin"):
            return True
    return system.run("sudo", "-n", "true").returncode == 0


def _check_kernel(kernel: Kernel) -> tuple[Check, ...]:
    """Check the kernel's version, and what it was built with."""
    unknown = kernel.release or "?"
    old = kernel.version < _OLDEST_KERNEL
    version = Check(
        "kernel",
        Text(ja="カーネル", en="kernel"),
        State.BROKEN if old else State.OK,
        Text(ja=unknown, en=unknown),
        Text(
            ja="4.7 より古いと，BPF プログラムをトレースポイントにつなげない．"
            "古ければ VM で動かす．",
            en="before 4.7 no BPF program attaches to a tracepoint; on older ones "
            "the VM is used.",
        ),
    )
    reasons = {
        "bpf": (
            Text(ja="BPF", en="BPF"),
            kernel.bpf,
            Text(
                ja="CONFIG_BPF_SYSCALL と CONFIG_BPF_EVENTS が無いカーネルでは，"
                "どのレッスンも VM で動かす．",
                en="without CONFIG_BPF_SYSCALL and CONFIG_BPF_EVENTS every lesson "
                "runs in the VM.",
            ),
        ),
        "tracepoints": (
            Text(ja="トレースポイント", en="tracepoints"),
            "tracepoints" in kernel.features,
            Text(
                ja="システムコールのトレースポイントには CONFIG_FTRACE_SYSCALLS が"
                "要る．無ければ VM で動かす．",
                en="tracepoints on system calls need CONFIG_FTRACE_SYSCALLS; without "
                "it the VM is used.",
            ),
        ),
        "kprobes": (
            Text(ja="kprobe", en="kprobes"),
            "kprobes" in kernel.features,
            Text(
                ja="カーネルの関数につなぐには CONFIG_KPROBES と CONFIG_KPROBE_EVENTS "
                "が要る．それを使うレッスンは，無ければ VM で動かす．",
                en="attaching to a kernel function needs CONFIG_KPROBES and "
                "CONFIG_KPROBE_EVENTS; a lesson that does so else runs in the VM.",
            ),
        ),
        "btf": (
            Text(ja="BTF", en="BTF"),
            "btf" in kernel.features,
            Text(
                ja="BTF はカーネル自身の型情報（/sys/kernel/btf/vmlinux）．"
                "それを使うレッスンは，無ければ VM で動かす．",
                en="BTF is the kernel's own type information "
                "(/sys/kernel/btf/vmlinux); a lesson that uses it else runs in the VM.",
            ),
        ),
    }
    there = Text(ja="ある", en="present")
    absent = Text(ja="このカーネルには無い", en="not in this kernel")
    return (
        version,
        *(
            Check(
                name,
                title,
                State.OK if has else State.MISSING,
                there if has else absent,
                why,
            )
            for name, (title, has, why) in reasons.items()
        ),
    )


def _check_tracefs(kernel: Kernel, mender: _Mender) -> Check:
    title = Text(ja="tracefs", en="tracefs")
    why = Text(
        ja="BCC はトレースポイントの番号と trace_pipe をここで読む．マウントされて"
        "いなければ，./lab run がそのレッスンだけのために，専用のマウント名前空間で"
        "マウントする．カーネルに無ければ VM で動かす．",
        en="BCC reads tracepoint numbers and trace_pipe here. Where it is not "
        "mounted, ./lab run mounts it for the lesson alone, in a mount namespace of "
        "its own; where the kernel lacks it, the VM is used.",
    )
    if kernel.tracefs is not None:
        found = Text(ja=kernel.tracefs, en=kernel.tracefs)
        return Check("tracefs", title, State.OK, found, why)
    if kernel.has_tracefs:
        return Check(
            "tracefs",
            title,
            State.MISSING,
            Text(ja="マウントされていない", en="not mounted"),
            why,
            Fix(mender.command("mount -t tracefs tracefs /sys/kernel/tracing")),
        )
    return Check(
        "tracefs",
        title,
        State.MISSING,
        Text(ja="このカーネルには無い", en="not in this kernel"),
        why,
    )


def _check_lockdown(kernel: Kernel) -> Check:
    locked = kernel.lockdown == "confidentiality"
    return Check(
        "lockdown",
        Text(ja="lockdown", en="lockdown"),
        State.BROKEN if locked else State.OK,
        Text(ja=kernel.lockdown, en=kernel.lockdown),
        Text(
            ja="confidentiality は，BPF によるカーネルの読み出し，kprobe，tracefs を"
            "禁じる（integrity は禁じない）．動作中は緩められない．起動パラメータの "
            "lockdown= を外して再起動するか，VM で動かす．",
            en="confidentiality forbids BPF reads of the kernel, kprobes and tracefs "
            "(integrity does not). It cannot be lowered while running: take lockdown= "
            "out of the boot parameters and restart, or use the VM.",
        ),
    )


def _headers_package(system: System, headers: Headers, mender: _Mender) -> str | None:
    """Return the package of this kernel's headers, if there is one to install."""
    if headers.state is HeadersState.EXACT or mender.manager != "apt-get":
        return None
    image = f"/var/lib/dpkg/info/linux-image-{system.release}.list"
    if not (_PACKAGED_RELEASE.search(system.release) or system.exists(image)):
        return None
    package = f"linux-headers-{system.release}"
    policy = system.run("apt-cache", "policy", package).stdout
    candidate = re.search(r"^ *Candidate: *(\S+)", policy, re.MULTILINE)
    return package if candidate and candidate[1] != "(none)" else None


def _check_headers(kernel: Kernel, package: str | None, mender: _Mender) -> Check:
    headers = kernel.headers
    title = Text(ja="カーネルヘッダ", en="kernel headers")
    why = Text(
        ja="BCC は C の部分を，カーネルのヘッダで毎回コンパイルする．",
        en="BCC compiles the C part against kernel headers at every start.",
    )
    if headers.state is HeadersState.EXACT:
        found = Text(ja=headers.place or "ある", en=headers.place or "present")
        return Check("headers", title, State.OK, found, why)
    state = State.BROKEN if headers.broken else State.MISSING
    if headers.broken:
        found = Text(
            ja=f"{headers.broken} の先にヘッダが無い",
            en=f"{headers.broken} leads to no headers",
        )
    elif headers.place:
        found = Text(
            ja=f"別のカーネルのものだけがある（{headers.place}）",
            en=f"only those of another kernel ({headers.place})",
        )
    else:
        found = Text(ja="無い", en="none")
    fix = None
    if headers.named:
        fix = Fix("unset BCC_KERNEL_SOURCE")
    elif package is not None:
        fix = mender.install(package)
    elif mender.manager == "dnf":
        fix = Fix(mender.command(f"dnf install kernel-devel-{kernel.release}"))
    elif mender.manager == "apt-get" and mender.stale:
        fix = Fix(mender.update())
    if fix is None:
        why = Text(
            ja=why.ja + "このカーネルのヘッダのパッケージは無い．カーネルを更新した"
            "あとなら，再起動すれば揃うことがある．カーネルの構造体を読まないレッスンは"
            "代用のヘッダ（mmdebstrap で取る）で，ほかは VM で動かす．",
            en=why.en + " No package has them for this kernel; if the kernel has just "
            "been updated, a restart may help. Lessons that read no kernel struct run "
            "with stand-in headers (fetched by mmdebstrap), the others in the VM.",
        )
    return Check("headers", title, state, found, why, fix)


def _check_bcc(system: System, mender: _Mender) -> Check:
    """Find the bcc that /usr/bin/python3 would import, without importing it."""
    folders = _bcc_folders(system)
    real = [folder for folder in folders if system.exists(f"{folder}/libbcc.py")]
    install = mender.install("python3-bpfcc")
    state, fix = State.OK, None
    if not folders:
        state, fix = State.MISSING, install
        found = Text(
            ja="/usr/bin/python3 に bcc が無い", en="/usr/bin/python3 has no bcc"
        )
    elif folders[0] not in real:
        state, fix = State.BROKEN, _replace_pips(system, mender, install, real)
        found = Text(
            ja=f"{folders[0]} は名前が同じだけの別物（pip の bcc）",
            en=f"{folders[0]} is pip's bcc, unrelated but for its name",
        )
    elif not _has_libbcc(system):
        state = State.BROKEN
        again = install.command.replace(" install ", " install --reinstall libbpfcc ")
        if mender.manager == "dnf":
            again = mender.command("dnf reinstall bcc python3-bcc")
        fix = Fix(again, ("libbpfcc", *install.packages))
        found = Text(
            ja=f"{folders[0]} はあるが，libbcc.so.0 が無い",
            en=f"{folders[0]} is there, libbcc.so.0 is not",
        )
    else:
        version = system.read(f"{folders[0]}/version.py") or ""
        match = re.search(r"""["']v?(\d[\w.]*)""", version)
        name = f"bcc {match[1]}" if match else "bcc"
        found = Text(
            ja=f"/usr/bin/python3 に {name} がある", en=f"{name} for /usr/bin/python3"
        )
        other = system.which("python3")
        if other and _lacks_bcc(system, other):
            found = Text(
                ja=f"{found.ja}（PATH の先頭の {other} には無い）",
                en=f"{found.en} ({other}, first on the PATH, has none)",
            )
    why = Text(
        ja="レッスンは /usr/bin/python3 で動き，本物の bcc はディストリビューションの"
        "パッケージだけが入れる（Debian と Ubuntu では python3-bpfcc，Fedora と RHEL "
        "では python3-bcc）．venv や conda や pyenv の Python からは見えない．",
        en="the lessons run with /usr/bin/python3, and only the distribution's "
        "package brings the real bcc (python3-bpfcc on Debian and Ubuntu, "
        "python3-bcc on Fedora and RHEL); a Python of venv, conda or pyenv does not "
        "see it.",
    )
    return Check("bcc", Text(ja="BCC", en="BCC"), state, found, why, fix)


def _bcc_folders(system: System) -> list[str]:
    """Return the folders named bcc on the path of /usr/bin/python3, in its order."""
    name = system.resolve("/usr/bin/python3").name
    # Another version's packages do not count; if we cannot tell, any do.
    version = name if re.fullmatch(r"python3\.\d+", name) else "python3*"
    places = [
        f"/usr/local/lib/{version}/dist-packages",
        f"/usr/local/lib/{version}/site-packages",
        f"/usr/local/lib64/{version}/site-packages",
        "/usr/lib/python3/dist-packages",
        f"/usr/lib/{version}/site-packages",
        f"/usr/lib64/{version}/site-packages",
    ]
    # The lessons run as root, whose own packages come first.
    if system.euid == 0 and (home := system.environment.get("HOME")):
        places.insert(0, f"{home}/.local/lib/{version}/site-packages")
    return [
        found.removesuffix("/__init__.py")
        for place in places
        for found in system.glob(f"{place}/bcc/__init__.py")
    ]


def _has_libbcc(system: System) -> bool:
    places = ("/usr/lib", "/usr/lib64", "/usr/lib/*", "/usr/local/lib*", "/lib/*")
    return any(system.glob(f"{place}/libbcc.so.0") for place in places)


def _replace_pips(
    system: System, mender: _Mender, install: Fix, real: list[str]
) -> Fix:
    """Return what takes pip's bcc away and, if need be, installs the real one."""
    # Only a pip that knows of this mark knows, and wants, the option.
    marked = system.glob("/usr/lib/python3*/EXTERNALLY-MANAGED")
    option = "--break-system-packages " if marked else ""
    remove = mender.command(f"/usr/bin/python3 -m pip uninstall --yes {option}bcc")
    if real or not install.command:
        return Fix(remove, () if real else install.packages)
    return Fix(f"{remove} && {install.command}", install.packages)


def _lacks_bcc(system: System, python: str) -> bool:
    """Tell whether a Python is another one than /usr/bin's, and has no bcc."""
    # A venv's python3 is a link to /usr/bin: its folder is what makes it another.
    folder = system.resolve(os.path.dirname(python))
    if folder == system.resolve("/usr/bin"):
        return False
    prefix = os.path.dirname(os.path.dirname(python))
    settings = system.read(f"{prefix}/pyvenv.cfg") or ""
    if re.search(r"(?m)^include-system-site-packages *= *true", settings):
        return False
    return not system.glob(f"{prefix}/lib/python3*/site-packages/bcc/libbcc.py")


def _check_qemu(system: System, lacking: tuple[str, ...], mender: _Mender) -> Check:
    title = Text(ja="QEMU と VM の道具", en="QEMU and tools for the VM")
    why = Text(
        ja="このカーネルで動かないレッスンは，VM（QEMU の中の Debian）で動かす．",
        en="what this kernel cannot run, runs in a VM: Debian in QEMU.",
    )
    if system.machine != "x86_64":
        return Check(
            "qemu",
            title,
            State.MISSING,
            Text(
                ja=f"VM は x86_64 用で，このマシンは {system.machine}",
                en=f"the VM is for x86_64, and this machine is {system.machine}",
            ),
            why,
        )
    if lacking:
        names = ", ".join(lacking)
        found = Text(ja=f"{names} が無い", en=f"without {names}")
        fix = mender.install(*lacking)
        return Check("qemu", title, State.MISSING, found, why, fix)
    program = system.which("qemu-system-x86_64") or "qemu-system-x86_64"
    return Check("qemu", title, State.OK, Text(ja=program, en=program), why)


def _check_kvm(system: System, cache: Path, mender: _Mender) -> Check:
    title = Text(ja="KVM", en="KVM")
    why = Text(
        ja="VM が速くなる．無くてもよい（QEMU が CPU をまねるので，遅いが動く）．",
        en="makes the VM fast. Not required: QEMU emulates the CPU without it, slower.",
    )
    device = "/dev/kvm"
    if not system.exists(device):
        found = Text(ja=f"{device} が無い", en=f"there is no {device}")
        return Check("kvm", title, State.MISSING, found, why)
    if not system.can_open(device):
        return Check(
            "kvm",
            title,
            State.MISSING,
            Text(ja=f"{device} を開けない", en=f"{device} does not open"),
            Text(
                ja=why.ja + "直したあと，ログインし直す．",
                en=why.en + " Log in again after mending it.",
            ),
            Fix(mender.command("usermod -aG kvm $USER")),
        )
    # The VM leaves this file: a KVM that opens may still kill its guests.
    try:
        text = (cache / "kvm-broken").read_text(errors="replace").strip()
        reason = text.splitlines()[0] if text else "?"
    except OSError:
        found = Text(ja=f"{device} を開ける", en=f"{device} opens")
        return Check("kvm", title, State.OK, found, why)
    return Check(
        "kvm",
        title,
        State.BROKEN,
        Text(
            ja=f"{device} は開くが，動かない（{reason}）",
            en=f"{device} opens but does not work ({reason})",
        ),
        why,
    )


def _has_image(cache: Path) -> bool:
    """Tell whether a VM image is built, not counting what a build left halfway."""
    try:
        names = os.listdir(cache / "images")
    except OSError:
        return False
    return any(
        not name.startswith(".") and not name.endswith((".partial", ".tmp"))
        for name in names
    )


def _check_disk(system: System, cache: Path, *, image: bool) -> Check:
    wanted = _SNAPSHOT_BYTES if image else IMAGE_BYTES
    folder = cache
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    try:
        free = system.free_bytes(folder)
    except OSError:
        free = 0
    size = f"{free / 1e9:.1f} GB"
    found = Text(ja=f"{folder} に {size} の空き", en=f"{size} free at {folder}")
    if image:
        found = Text(
            ja=f"{found.ja}，イメージは作成済み", en=f"{found.en}, an image is built"
        )
    return Check(
        "disk",
        Text(ja="ディスクの空き", en="disk"),
        State.OK if free >= wanted else State.MISSING,
        found,
        Text(
            ja=f"VM のイメージとスナップショットに {wanted / 1e9:.1f} GB を使う．"
            f"足りなければ，{folder} のあるファイルシステムを空ける．",
            en=f"the VM's image and snapshot take {wanted / 1e9:.1f} GB; if that is "
            f"not there, free it on the file system of {folder}.",
        ),
    )
