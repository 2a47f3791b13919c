"""What this machine can do, as data: each check has a state, a reason and a fix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.doctor.fixes import Fix, Mender
from bcclessons.doctor.kernel import (
    HeadersState,
    Kernel,
    Rights,
    examine_kernel,
    rights,
)
from bcclessons.machines.headers import FOLDER as STANDIN_FOLDER
from bcclessons.machines.vm.image import BUILD_BYTES, SNAPSHOT_BYTES
from bcclessons.setup.programs import STANDIN_TOOLS, VM_RUN_TOOLS, VM_TOOLS, missing

if TYPE_CHECKING:
    from pathlib import Path

    from bcclessons.machines.debian import Release
    from bcclessons.machines.workspace import Workspace
    from bcclessons.setup.system import System

_OLDEST_KERNEL = (4, 7)  # BPF programs on tracepoints

# What a lesson may need of the kernel: its title, and the options that bring it.
_FEATURES = {
    "bpf": (Text(ja="BPF", en="BPF"), "CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS"),
    "tracepoints": (
        Text(ja="トレースポイント", en="tracepoints"),
        "CONFIG_FTRACE_SYSCALLS",
    ),
    "kprobes": (
        Text(ja="kprobe", en="kprobes"),
        "CONFIG_KPROBES, CONFIG_KPROBE_EVENTS",
    ),
    "btf": (Text(ja="BTF", en="BTF"), "CONFIG_DEBUG_INFO_BTF"),
}

# Debian's and Ubuntu's: 6.1.0-56-amd64, 6.12.43+deb13-amd64, 6.8.0-1021-azure.
# Asking apt takes half a second where its cache is not kept: not for other kernels.
_PACKAGED_RELEASE = re.compile(r"[\d.]+(-\d+|\+\w+)-[a-z][\w-]*")


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


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
    """What a machine can do; its VM is of ``release``.

    ``headers_package`` would bring this kernel's own headers. ``vm_missing`` and
    ``standin_missing`` are the Debian packages still to install for the VM and for
    stand-in headers; ``can_install`` tells whether apt and root are there for it.
    """

    checks: tuple[Check, ...]
    kernel: Kernel
    machine: str
    release: Release
    can_install: bool
    headers_package: str | None
    standin_missing: tuple[str, ...]
    vm_missing: tuple[str, ...]

    def __getitem__(self, name: str) -> Check:
        """Return the check of this name."""
        return {check.name: check for check in self.checks}[name]


def examine(system: System, workspace: Workspace) -> Report:
    """Look at a machine, and at what a VM of the workspace's release still takes."""
    cache, release = workspace.cache, workspace.release
    kernel = examine_kernel(system)
    granted = rights(system)
    mender = Mender.of(system)
    root = _check_root(system, granted, mender)
    package = _headers_package(system, kernel, mender)
    image = _built_image(cache, release)
    vm_missing = missing(system, VM_RUN_TOOLS if image else VM_TOOLS)
    standin = (cache / STANDIN_FOLDER).is_dir()
    return Report(
        checks=(
            root,
            _check_kernel(kernel),
            *(_check_feature(name, kernel) for name in _FEATURES),
            _check_tracefs(kernel, granted, mender),
            _check_lockdown(kernel),
            _check_headers(system, kernel, package, mender),
            _check_bcc(system, mender),
            _check_qemu(system, vm_missing, mender),
            _check_kvm(system, cache, mender),
            _check_disk(system, cache, image),
        ),
        kernel=kernel,
        machine=system.machine,
        release=release,
        can_install=root.state is not State.MISSING and mender.manager == "apt-get",
        headers_package=package,
        standin_missing=() if standin else missing(system, STANDIN_TOOLS),
        vm_missing=vm_missing,
    )


def _same(words: str) -> Text:
    """Return a text that needs no translation."""
    return Text(ja=words, en=words)


def _check_root(system: System, granted: Rights, mender: Mender) -> Check:
    state, fix = State.OK, None
    if system.euid != 0 and not _has_sudo(system):
        state = State.MISSING
        found = Text(
            ja="このユーザは root でなく，sudo も使えない",
            en="this user is not root and cannot use sudo",
        )
        group = "wheel" if mender.manager == "dnf" else "sudo"
        install = f"{mender.manager} install sudo && " if mender.manager else ""
        # The quotes are such that $USER is the one who types it.
        fix = Fix(f'su - -c "{install}usermod -aG {group} $USER"')
    elif not granted.load_bpf:
        state = State.BROKEN
        found = Text(
            ja="このマシンの root には BPF をロードする権限が無い（コンテナに多い）",
            en="this machine's root may not load BPF, as in most containers",
        )
    elif system.euid == 0:
        found = Text(ja="root である", en="this is root")
    else:
        found = Text(ja="sudo を使う", en="by sudo")
    why = Text(
        ja="レッスンは root として BPF プログラムをロードする．グループに加えられた"
        "ユーザは，ログインし直す．root に権限が無ければ，VM で動かす．",
        en="The lessons load BPF programs, as root. A user who was added to a group "
        "has to log in again. Where root lacks the right, the VM is used.",
    )
    return Check("root", Text(ja="root 権限", en="root"), state, found, why, fix)


def _has_sudo(system: System) -> bool:
    """Tell whether this user may use sudo, without asking for a password."""
    return system.which("sudo") is not None and (
        not system.groups.isdisjoint(("sudo", "wheel", "admin"))
        or system.run("sudo", "-n", "true").returncode == 0
    )


def _check_kernel(kernel: Kernel) -> Check:
    return Check(
        "kernel",
        Text(ja="カーネル", en="kernel"),
        State.BROKEN if kernel.version < _OLDEST_KERNEL else State.OK,
        _same(kernel.release),
        Text(
            ja="4.7 より古いと，BPF プログラムをトレースポイントにつなげないので，"
            "VM で動かす．",
            en="Before 4.7 no BPF program attaches to a tracepoint, so the VM is used.",
        ),
    )


def _check_feature(name: str, kernel: Kernel) -> Check:
    title, options = _FEATURES[name]
    state, found = State.OK, Text(ja="ある", en="present")
    if name not in kernel.features:
        state = State.MISSING
        found = Text(
            ja=f"このマシンのカーネルには {title.ja} が無い",
            en=f"this machine's kernel has no {title.en}",
        )
    why = Text(
        ja=f"カーネルの設定 {options} が要る．無ければ，使うレッスンは VM で動かす．",
        en=f"It comes with {options}. Without it, the lessons that use it run in the "
        "VM.",
    )
    return Check(name, title, state, found, why)


def _check_tracefs(kernel: Kernel, granted: Rights, mender: Mender) -> Check:
    """Find tracefs; BROKEN is one that ./lab run cannot mount either."""
    state, fix = State.BROKEN, None
    if kernel.tracefs is not None:
        state, found = State.OK, _same(kernel.tracefs)
    elif not kernel.has_tracefs:
        found = Text(
            ja="このマシンのカーネルには tracefs が無い",
            en="this machine's kernel has no tracefs",
        )
    elif not granted.mount:
        found = Text(
            ja="このマシンでは tracefs をマウントできない",
            en="tracefs cannot be mounted on this machine",
        )
    else:
        state = State.MISSING
        found = Text(ja="マウントされていない", en="not mounted")
        fix = mender.command("mount -t tracefs tracefs /sys/kernel/tracing")
    why = Text(
        ja="BCC はここでトレースポイントの番号と trace_pipe を読む．マウントされて"
        "いなければ，./lab run が専用のマウント名前空間の中で，レッスンのためだけに"
        "マウントする．それもできなければ VM で動かす．",
        en="BCC reads tracepoint numbers and trace_pipe here. Where it is not "
        "mounted, ./lab run mounts it for the lesson alone, in a mount namespace of "
        "its own. Where that is not possible, the VM is used.",
    )
    return Check("tracefs", _same("tracefs"), state, found, why, fix)


def _check_lockdown(kernel: Kernel) -> Check:
    state, found = State.OK, _same(kernel.lockdown)
    if kernel.lockdown == "confidentiality":
        state = State.BROKEN
        found = Text(
            ja="このマシンの lockdown は confidentiality である",
            en="lockdown is confidentiality on this machine",
        )
    why = Text(
        ja="confidentiality は，BPF によるカーネルの読み出し，kprobe，tracefs を"
        "禁じる（integrity は禁じない）．動作中は緩められない．起動パラメータの "
        "lockdown= を外して再起動するか，VM で動かす．",
        en="confidentiality forbids BPF reads of the kernel, kprobes and tracefs "
        "(integrity does not). It cannot be lowered while running: take lockdown= "
        "out of the boot parameters and restart, or use the VM.",
    )
    return Check("lockdown", _same("lockdown"), state, found, why)


def _headers_package(system: System, kernel: Kernel, mender: Mender) -> str | None:
    """Return the package of this kernel's headers, if there is one to install."""
    if kernel.headers.state is HeadersState.EXACT or mender.manager != "apt-get":
        return None
    if not _PACKAGED_RELEASE.fullmatch(kernel.release):
        return None
    package = f"linux-headers-{kernel.release}"
    policy = system.run("apt-cache", "policy", package).stdout
    candidate = re.search(r"^ *Candidate: *(\S+)", policy, re.MULTILINE)
    return package if candidate and candidate[1] != "(none)" else None


def _check_headers(
    system: System, kernel: Kernel, package: str | None, mender: Mender
) -> Check:
    headers = kernel.headers
    state, fix = State.MISSING, None
    if headers.state is HeadersState.EXACT:
        state, found = State.OK, _same(headers.place)
    elif headers.broken:
        state = State.BROKEN
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
    if state is not State.OK:
        if system.environment.get("BCC_KERNEL_SOURCE"):
            fix = Fix("unset BCC_KERNEL_SOURCE")
        elif package is not None:
            fix = mender.install(package)
        elif mender.manager == "dnf":
            fix = mender.command(f"dnf install kernel-devel-{kernel.release}")
        elif mender.manager == "apt-get" and mender.stale:
            fix = mender.command("apt-get update")
    why = Text(
        ja="BCC は，レッスンを始めるたびに，その C の部分をカーネルのヘッダで"
        "コンパイルする．カーネルを更新したばかりなら，再起動すれば揃うことがある．"
        "このカーネルのヘッダが手に入らない x86_64 のマシンでは，カーネルの構造体を"
        "読まないレッスンは代わりのヘッダで，ほかは VM で動かす．",
        en="BCC compiles a lesson's C part against kernel headers at every start. If "
        "the kernel has just been updated, a restart may help. On x86_64, where this "
        "kernel's headers are not to be had, lessons that read no kernel struct run "
        "with stand-in headers, the others in the VM.",
    )
    title = Text(ja="カーネルヘッダ", en="kernel headers")
    return Check("headers", title, state, found, why, fix)


def _check_bcc(system: System, mender: Mender) -> Check:
    """Find the bcc that /usr/bin/python3 would import, without importing it."""
    folders = _bcc_folders(system)
    state, fix = State.OK, None
    if not folders:
        state, fix = State.MISSING, mender.install("python3-bpfcc")
        found = Text(
            ja="/usr/bin/python3 に bcc が無い", en="/usr/bin/python3 has no bcc"
        )
    elif not system.exists(f"{folders[0]}/libbcc.py"):
        state, fix = State.BROKEN, _replace_pips(system, mender)
        found = Text(
            ja=f"{folders[0]} は pip の bcc で，名前が同じだけの別物である",
            en=f"{folders[0]} is pip's bcc, unrelated but for its name",
        )
    else:
        text = system.read(f"{folders[0]}/version.py") or ""
        version = re.search(r"""["']v?(\d[\w.]*)""", text)
        name = f"bcc {version[1]}" if version else "bcc"
        found = Text(
            ja=f"/usr/bin/python3 に {name} がある", en=f"{name} for /usr/bin/python3"
        )
    why = Text(
        ja="レッスンは /usr/bin/python3 で動く．それが使う BCC は，pip ではなく"
        "ディストリビューションのパッケージで入れる（Debian と Ubuntu では "
        "python3-bpfcc，Fedora と RHEL では python3-bcc）．venv，conda，pyenv の "
        "Python は使わない．",
        en="The lessons run with /usr/bin/python3. Its BCC comes from the "
        "distribution's package, not from pip (python3-bpfcc on Debian and Ubuntu, "
        "python3-bcc on Fedora and RHEL). A Python of venv, conda or pyenv is not "
        "used.",
    )
    return Check("bcc", _same("BCC"), state, found, why, fix)


def _bcc_folders(system: System) -> list[str]:
    """Return the folders named bcc on the path of /usr/bin/python3, in its order."""
    # Another version's packages do not count.
    version = system.path("/usr/bin/python3").resolve().name
    places = [
        f"/usr/local/lib/{version}/dist-packages",
        f"/usr/local/lib*/{version}/site-packages",
        "/usr/lib/python3/dist-packages",
        f"/usr/lib*/{version}/site-packages",
    ]
    # The lessons run as root, whose own packages come first.
    if system.euid == 0 and (home := system.environment.get("HOME")):
        places.insert(0, f"{home}/.local/lib/{version}/site-packages")
    return [
        found.removesuffix("/__init__.py")
        for place in places
        for found in system.glob(f"{place}/bcc/__init__.py")
    ]


def _replace_pips(system: System, mender: Mender) -> Fix:
    """Return what takes pip's bcc away and installs the real one."""
    # Only a pip that knows of this mark knows, and wants, the option.
    marked = system.glob("/usr/lib/python3*/EXTERNALLY-MANAGED")
    option = "--break-system-packages " if marked else ""
    remove = mender.command(f"/usr/bin/python3 -m pip uninstall --yes {option}bcc")
    install = mender.install("python3-bpfcc")
    commands = filter(None, (remove.command, install.command))
    return Fix(" && ".join(commands), install.packages)


def _check_qemu(system: System, lacking: tuple[str, ...], mender: Mender) -> Check:
    state, fix = State.MISSING, None
    if system.machine != "x86_64":
        found = Text(
            ja=f"代わりのヘッダと VM は x86_64 用で，このマシンは {system.machine} である",
            en="stand-in headers and the VM are for x86_64, and this machine is "
            f"{system.machine}",
        )
    elif lacking:
        names = ", ".join(lacking)
        found = Text(ja=f"{names} が無い", en=f"without {names}")
        fix = mender.install(*lacking)
    else:
        state, found = State.OK, Text(ja="揃っている", en="all present")
    why = Text(
        ja="このマシンのカーネルで動かないレッスンは，VM（QEMU の中の Debian）で動かす．",
        en="What this machine's kernel cannot run, runs in a VM: Debian in QEMU.",
    )
    title = Text(ja="QEMU と VM の道具", en="QEMU and tools for the VM")
    return Check("qemu", title, state, found, why, fix)


def _check_kvm(system: System, cache: Path, mender: Mender) -> Check:
    state, fix = State.MISSING, None
    if not system.exists("/dev/kvm"):
        found = Text(ja="/dev/kvm が無い", en="there is no /dev/kvm")
    elif not system.can_open("/dev/kvm"):
        found = Text(ja="/dev/kvm を開けない", en="/dev/kvm does not open")
        fix = mender.command("usermod -aG kvm $USER")
    elif (broken := cache / "kvm-broken").is_file():
        # The VM leaves this file: a KVM that opens may still kill its guests.
        reason = broken.read_text().partition("\n")[0]
        state = State.BROKEN
        found = Text(
            ja=f"/dev/kvm を開けるが，VM が動かない（{reason}）",
            en=f"/dev/kvm opens, but a VM does not run with it ({reason})",
        )
    else:
        state, found = State.OK, Text(ja="/dev/kvm を開ける", en="/dev/kvm opens")
    why = Text(
        ja="VM が速くなる．無くても動く（QEMU が CPU をまねるので，遅い）．グループに"
        "加えられたユーザは，ログインし直す．",
        en="It makes the VM fast. Without it QEMU emulates the CPU, which is slower. "
        "A user who was added to a group has to log in again.",
    )
    return Check("kvm", _same("KVM"), state, found, why, fix)


def _built_image(cache: Path, release: Release) -> Path | None:
    """Return the image of a release, if it is built: a manifest is written last."""
    manifests = cache.glob(f"images/{release.name}-*/manifest.json")
    folders = [manifest.parent for manifest in manifests]
    return next((path for path in folders if ".snapshot-" not in path.name), None)


def _check_disk(system: System, cache: Path, image: Path | None) -> Check:
    needed = BUILD_BYTES
    if image is not None:
        saved = any(cache.glob(f"images/{image.name}.snapshot-*/manifest.json"))
        needed = 0 if saved else SNAPSHOT_BYTES
    free = system.free_bytes(cache)
    sizes = f"{needed / 1e9:.1f} GB", f"{free / 1e9:.1f} GB"
    return Check(
        "disk",
        Text(ja="ディスクの空き", en="disk"),
        State.OK if free >= needed else State.MISSING,
        Text(
            ja=f"{cache} の空きは {sizes[1]}．"
            + (f"VM はあと {sizes[0]} を使う" if needed else "VM はもうできている"),
            en=f"{sizes[1]} free at {cache}; "
            + (f"the VM takes {sizes[0]}" if needed else "the VM is there"),
        ),
        Text(
            ja="VM のイメージとスナップショットをここに作る．足りなければ，空きを"
            "作るか，別の場所を環境変数 XDG_CACHE_HOME で指定する．",
            en="The VM's image and snapshot are made here. If there is too little, "
            "free some or name another place in the variable XDG_CACHE_HOME.",
        ),
    )
