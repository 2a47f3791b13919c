"""The checks of what BCC needs: root, the kernel's headers, the BCC package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.doctor.check import LOG_IN, Check, State, same
from bcclessons.doctor.fixes import Fix, PackageManager, as_root
from bcclessons.doctor.kernel import HeadersState

if TYPE_CHECKING:
    from bcclessons.doctor.kernel import Kernel, Rights
    from bcclessons.setup.system import System

# Debian's and Ubuntu's: 6.1.0-56-amd64, 6.12.43+deb13-amd64, 6.8.0-1021-azure.
# Asking apt takes half a second where its cache is not kept: not for other kernels.
_PACKAGED_RELEASE = re.compile(r"[\d.]+(-\d+|\+\w+)-[a-z][\w-]*")


def check_root(system: System, granted: Rights) -> Check:
    """Check that this user can be root, and that root may load BPF programs."""
    state, fix = State.OK, None
    if system.euid != 0 and not _has_sudo(system):
        state = State.MISSING
        found = Text(
            ja="このユーザは root でなく，sudo も使えない",
            en="this user is not root and cannot use sudo",
        )
        install = "apt-get install sudo && " if PackageManager(system).present else ""
        # The quotes are such that $USER is the one who types it.
        fix = Fix(f'su - -c "{install}usermod -aG sudo $USER"')
    elif not granted.load_bpf:
        state = State.BROKEN
        found = Text(
            ja="このマシンの root には BPF プログラムを読み込む権限が無い（コンテナに多い）",
            en="this machine's root may not load BPF, as in most containers",
        )
    elif system.euid == 0:
        found = Text(ja="root である", en="this is root")
    else:
        found = Text(ja="sudo を使う", en="through sudo")
    why = Text(
        ja="レッスンは root として BPF プログラムを読み込む．root に権限が無ければ，"
        "VM で動かす．" + (LOG_IN.ja if fix else ""),
        en="The lessons load BPF programs, as root. Where root may not do so, the VM "
        "is used." + (f" {LOG_IN.en}" if fix else ""),
    )
    return Check("root", Text(ja="root 権限", en="root"), state, found, why, fix)


def _has_sudo(system: System) -> bool:
    """Tell whether this user may use sudo, without asking for a password."""
    return system.which("sudo") is not None and (
        "sudo" in system.groups or system.run("sudo", "-n", "true").returncode == 0
    )


def headers_package(system: System, kernel: Kernel) -> str | None:
    """Return the package of this kernel's headers, if there is one to install."""
    if kernel.headers.state is HeadersState.EXACT:
        return None
    if not PackageManager(system).present or not _PACKAGED_RELEASE.fullmatch(
        kernel.release
    ):
        return None
    package = f"linux-headers-{kernel.release}"
    policy = system.run("apt-cache", "policy", package).stdout
    candidate = re.search(r"^ *Candidate: *(\S+)", policy, re.MULTILINE)
    return package if candidate and candidate[1] != "(none)" else None


def check_headers(system: System, kernel: Kernel, package: str | None) -> Check:
    """Check for headers; ``package`` would install this kernel's own."""
    headers, apt = kernel.headers, PackageManager(system)
    state, fix = State.MISSING, None
    if headers.state is HeadersState.EXACT:
        state, found = State.OK, same(headers.place)
    elif headers.broken:
        state = State.BROKEN
        found = Text(
            ja=f"{headers.broken} の先にヘッダが無い",
            en=f"there are no headers where {headers.broken} points",
        )
    elif headers.place:
        found = Text(
            ja=f"別のカーネルのものだけがある（{headers.place}）",
            en=f"only another kernel's ({headers.place})",
        )
    else:
        found = Text(ja="無い", en="none")
    if state is not State.OK:
        if system.environment.get("BCC_KERNEL_SOURCE"):
            fix = Fix("unset BCC_KERNEL_SOURCE")
        elif package is not None:
            fix = apt.install(package)
        elif apt.present and not apt.updated:
            fix = as_root(system, "apt-get update")
    why = Text(
        ja="BCC は，レッスンを始めるたびに，その C の部分をカーネルのヘッダで"
        "コンパイルする．カーネルを更新したばかりなら，再起動すれば揃うことがある．"
        "このカーネルのヘッダが手に入らない x86_64 のマシンでは，カーネルの構造体を"
        "読まないレッスンは代わりのヘッダで，ほかは VM で動かす．",
        en="BCC compiles a lesson's C part against kernel headers at every start. If "
        "the kernel has just been updated, a restart may help. On x86_64, where this "
        "kernel's headers are unavailable, lessons that read no kernel struct run "
        "with stand-in headers, the others in the VM.",
    )
    title = Text(ja="カーネルヘッダ", en="kernel headers")
    return Check("headers", title, state, found, why, fix)


def check_bcc(system: System) -> Check:
    """Check the bcc that /usr/bin/python3 would import, without importing it."""
    folders = _bcc_folders(system)
    state, fix = State.OK, None
    if not folders:
        state, fix = State.MISSING, PackageManager(system).install("python3-bpfcc")
        found = Text(
            ja="/usr/bin/python3 に bcc が無い", en="/usr/bin/python3 has no bcc"
        )
    elif not system.exists(f"{folders[0]}/libbcc.py"):
        state, fix = State.BROKEN, _replace_pips(system)
        found = Text(
            ja=f"{folders[0]} は pip の bcc で，名前が同じだけの別物である",
            en=f"{folders[0]} is pip's bcc, an unrelated package of the same name",
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
        "python3-bpfcc）．venv，conda，pyenv の Python は使わない．",
        en="The lessons run with /usr/bin/python3. Its BCC comes from the "
        "distribution's package, not from pip (python3-bpfcc on Debian and Ubuntu). "
        "A Python of venv, conda or pyenv is not used.",
    )
    return Check("bcc", same("BCC"), state, found, why, fix)


def _bcc_folders(system: System) -> list[str]:
    """Return the folders named bcc on the path of /usr/bin/python3, in its order."""
    # Another version's packages do not count.
    version = system.path("/usr/bin/python3").resolve().name
    places = [
        f"/usr/local/lib/{version}/dist-packages",
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


def _replace_pips(system: System) -> Fix:
    """Return what removes pip's bcc and installs the real one."""
    # Only a pip that knows of this mark knows, and wants, the option.
    marked = system.glob("/usr/lib/python3*/EXTERNALLY-MANAGED")
    option = "--break-system-packages " if marked else ""
    remove = as_root(system, f"/usr/bin/python3 -m pip uninstall --yes {option}bcc")
    install = PackageManager(system).install("python3-bpfcc")
    commands = filter(None, (remove.command, install.command))
    return Fix(" && ".join(commands), install.packages)
