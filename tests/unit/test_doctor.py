"""The doctor on faked machines (trees of files), and on this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field, replace
from gzip import compress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from bcclessons.doctor import (
    DEBIAN_KEYRING,
    VM_TOOLS,
    Check,
    HeadersState,
    Place,
    Report,
    State,
    System,
    examine,
    verdict,
)
from bcclessons.kernel import version_of
from bcclessons.lesson import Demo, Lesson, Needs, Output
from bcclessons.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ALL_CAPABILITIES = (1 << 41) - 1
SYS_ADMIN, PERFMON, BPF = 1 << 21, 1 << 38, 1 << 39
DEBIAN = "6.1.0-56-amd64"
WSL = "5.15.153.1-microsoft-standard-WSL2"
CONFIG = "CONFIG_BPF_SYSCALL=y\nCONFIG_BPF_EVENTS=y\nCONFIG_FTRACE_SYSCALLS=y\n"
VM_PACKAGES = (
    "qemu-system-x86",
    "openssh-client",
    "mmdebstrap",
    "erofs-utils",
    "kmod",
    "cpio",
    "debian-archive-keyring",
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


@dataclass
class Machine:
    """A machine made of files; tests take away or add what they are about."""

    root: Path
    cache: Path
    release: str = DEBIAN
    machine: str = "x86_64"
    euid: int = 0
    groups: frozenset[int] = frozenset()
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/bin"})
    packages: set[str] = field(default_factory=set)
    sudo_asks: bool = True
    free: int = 50_000_000_000
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def write(self, name: str, content: str | bytes = "") -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def program(self, name: str) -> None:
        self.write(name)
        (self.root / name.lstrip("/")).chmod(0o755)

    def link(self, name: str, target: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def remove(self, name: str) -> None:
        path = self.root / name.lstrip("/")
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
        self.write("/usr/lib/x86_64-linux-gnu/libbcc.so.0")

    def add_vm_tools(self) -> None:
        for tool in VM_TOOLS:
            self.program(tool if tool.startswith("/") else f"/usr/sbin/{tool}")

    def add_apt(self) -> None:
        self.program("/usr/bin/apt-get")
        self.write("/var/lib/apt/lists/example_main_binary-amd64_Packages.lz4")

    def run(
        self, argv: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        self.ran.append(tuple(argv))
        if argv[:2] == ("apt-cache", "policy"):
            # As apt prints it in English, which it must have been asked for.
            word = "Candidate" if environment.get("LC_ALL") == "C" else "候補"
            known = argv[2] in self.packages
            out = f"{argv[2]}:\n  Installed: (none)\n  {word}: 6.1.1\n" if known else ""
            return subprocess.CompletedProcess(argv, 0, out, "")
        status = int(self.sudo_asks) if argv[0] == "sudo" else 127
        return subprocess.CompletedProcess(argv, status, "", "")

    def free_bytes(self, folder: Path) -> int:
        assert folder.is_dir(), "free space is asked of what is there"
        return self.free

    @property
    def system(self) -> System:
        return System(
            root=self.root,
            environment=self.environment,
            euid=self.euid,
            release=self.release,
            machine=self.machine,
            groups=self.groups,
            command=self.run,
            free_bytes=self.free_bytes,
        )

    def report(self) -> Report:
        return examine(self.system, self.cache)


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """Return a Linux, as root, whose kernel can do all, with nothing installed."""
    machine = Machine(root=tmp_path / "root", cache=tmp_path / "cache")
    machine.capabilities(ALL_CAPABILITIES)
    machine.write("/proc/self/uid_map", "         0          0 4294967295\n")
    machine.write("/proc/filesystems", "nodev\tproc\nnodev\ttracefs\n\text4\n")
    machine.write(
        "/proc/mounts",
        "proc /proc proc rw 0 0\ntracefs /sys/kernel/tracing tracefs rw 0 0\n",
    )
    machine.write("/sys/kernel/tracing/events/syscalls/enable", "0\n")
    machine.write("/sys/kernel/tracing/kprobe_events")
    machine.write("/sys/bus/event_source/devices/kprobe/type", "6\n")
    machine.write("/sys/bus/event_source/devices/tracepoint/type", "2\n")
    machine.write("/sys/kernel/btf/vmlinux")
    machine.write("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
    machine.write("/proc/config.gz", compress(CONFIG.encode()))
    machine.program("/usr/bin/python3.11")
    machine.link("/usr/bin/python3", "python3.11")
    machine.link("/bin", "usr/bin")
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


def names(check: Check) -> tuple[str, ...]:
    assert check.fix is not None
    return check.fix.packages


# Where a lesson runs.


def test_stock_debian_runs_on_the_host(stock: Machine) -> None:
    report = stock.report()
    for headers in ("any", "exact"):
        found = verdict(report, lesson(headers, features=("tracepoints", "kprobes")))
        assert (found.place, found.packages) == (Place.HOST, ())
    assert report.headers is HeadersState.EXACT
    assert report["headers"].state is State.OK
    assert report["bcc"].found.en == "bcc 0.26.0 for /usr/bin/python3"
    assert report.can_load_bpf
    assert stock.ran == [], "nothing needs a command when everything is there"


def test_debian_without_headers_and_bcc_installs_them(bare: Machine) -> None:
    bare.add_apt()
    bare.packages = {f"linux-headers-{DEBIAN}"}
    report = bare.report()
    found = verdict(report, lesson("exact"))
    assert found.place is Place.HOST
    assert found.packages == (f"linux-headers-{DEBIAN}", "python3-bpfcc")
    assert report["headers"].fix is not None
    assert report["headers"].fix.command == f"apt-get install linux-headers-{DEBIAN}", (
        "no sudo for root"
    )
    assert names(report["bcc"]) == ("python3-bpfcc",)


def test_no_candidate_in_apt_is_no_package(bare: Machine) -> None:
    bare.add_apt()
    bare.add_vm_tools()
    report = bare.report()
    assert ("apt-cache", "policy", f"linux-headers-{DEBIAN}") in bare.ran
    assert report.headers_package is None
    assert report["headers"].fix is None
    found = verdict(report, lesson("any"))
    assert (found.place, found.packages) == (Place.STANDIN, ("python3-bpfcc",))


def test_candidate_none_is_no_package(bare: Machine) -> None:
    bare.add_apt()

    def policy(
        argv: Sequence[str], _: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        out = f"{argv[-1]}:\n  Installed: (none)\n  Candidate: (none)\n"
        return subprocess.CompletedProcess(argv, 0, out, "")

    report = examine(replace(bare.system, command=policy), bare.cache)
    assert report.headers_package is None


def test_wsl_stands_in_or_uses_the_vm(wsl: Machine) -> None:
    report = wsl.report()
    assert report.headers is HeadersState.NONE
    loose = verdict(report, lesson("any"))
    assert (loose.place, loose.packages) == (Place.STANDIN, ())
    assert WSL in loose.why.en
    assert WSL in loose.why.ja
    strict = verdict(report, lesson("exact"))
    assert (strict.place, strict.packages) == (Place.VM, ())
    assert "kernel structs" in strict.why.en
    assert "構造体" in strict.why.ja
    assert wsl.ran == [], "apt is not asked about a kernel that nobody packages"


def test_home_made_kernel_in_a_package_is_asked_for(bare: Machine) -> None:
    bare.release = "6.9.0-home"
    bare.add_apt()
    bare.write("/var/lib/dpkg/info/linux-image-6.9.0-home.list")
    bare.packages = {"linux-headers-6.9.0-home"}
    assert bare.report().headers_package == "linux-headers-6.9.0-home"


def test_stand_in_packages_are_named(wsl: Machine) -> None:
    wsl.remove("/usr/sbin/mmdebstrap")
    wsl.remove(DEBIAN_KEYRING)
    found = verdict(wsl.report(), lesson("any"))
    assert found.place is Place.STANDIN
    assert found.packages == ("mmdebstrap", "debian-archive-keyring")


def test_only_decides_within_a_place(stock: Machine) -> None:
    report = stock.report()
    assert verdict(report, lesson(), only=Place.HOST).place is Place.HOST
    forced = verdict(report, lesson(), only=Place.VM)
    assert (forced.place, forced.packages) == (Place.VM, VM_PACKAGES)
    assert forced.why.en == "it was asked for"


def test_only_host_covers_stand_in_headers(wsl: Machine) -> None:
    report = wsl.report()
    assert verdict(report, lesson("any"), only=Place.HOST).place is Place.STANDIN
    refused = verdict(report, lesson("exact"), only=Place.HOST)
    assert refused.place is Place.NOWHERE
    assert "kernel structs" in refused.why.en
    assert refused.packages == ()


def test_container_without_rights_uses_the_vm(stock: Machine) -> None:
    stock.add_vm_tools()
    stock.capabilities(ALL_CAPABILITIES & ~(SYS_ADMIN | BPF))
    report = stock.report()
    assert report["root"].state is State.BROKEN
    assert not report.can_load_bpf
    found = verdict(report, lesson())
    assert found.place is Place.VM
    assert "container" in found.why.en
    assert "コンテナ" in found.why.ja


@pytest.mark.parametrize(
    ("held", "loads"),
    [(SYS_ADMIN, True), (BPF | PERFMON, True), (BPF, False), (PERFMON, False)],
)
def test_capabilities_that_load_bpf(stock: Machine, held: int, *, loads: bool) -> None:
    stock.capabilities(held)
    assert stock.report().can_load_bpf is loads


def test_rootless_container_holds_nothing(stock: Machine) -> None:
    stock.write("/proc/self/uid_map", "0 1000 1\n1 100000 65536\n")
    assert stock.report()["root"].state is State.BROKEN


def test_lockdown(stock: Machine) -> None:
    stock.add_vm_tools()
    stock.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    assert verdict(stock.report(), lesson()).place is Place.HOST
    stock.write("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n")
    report = stock.report()
    assert report["lockdown"].state is State.BROKEN
    assert not report.can_load_bpf
    found = verdict(report, lesson())
    assert found.place is Place.VM
    assert "confidentiality" in found.why.en


def test_kernel_too_old(stock: Machine) -> None:
    stock.add_vm_tools()
    stock.release = "4.4.0-19041-Microsoft"
    stock.add_headers()
    report = stock.report()
    assert report["kernel"].state is State.BROKEN
    found = verdict(report, lesson())
    assert found.place is Place.VM
    assert "older than 4.7" in found.why.en


@pytest.mark.parametrize(
    ("release", "needed", "place"),
    [
        ("5.10.0-30-amd64", "5.9", Place.HOST),
        ("5.9.16", "5.10", Place.VM),
        ("5.10.0", "5.10", Place.HOST),
        ("6.1.0", "5.10", Place.HOST),
    ],
)
def test_versions_are_not_numbers_with_a_point(
    stock: Machine, release: str, needed: str, place: Place
) -> None:
    stock.release = release
    stock.add_headers()
    stock.add_vm_tools()
    assert verdict(stock.report(), lesson(kernel=needed)).place is place


def test_strange_release() -> None:
    assert version_of("hurd") == (0, 0)
    assert version_of("7.10-rc1") == (7, 10)


@pytest.mark.parametrize(
    ("feature", "sign"),
    [
        ("kprobes", "/sys/bus/event_source/devices/kprobe"),
        ("btf", "/sys/kernel/btf"),
        ("tracepoints", "/sys/kernel/tracing/events/syscalls"),
    ],
)
def test_a_missing_feature_stops_the_lessons_that_need_it(
    stock: Machine, feature: str, sign: str
) -> None:
    stock.add_vm_tools()
    stock.write("/sys/kernel/tracing/events/sched/enable")
    stock.remove("/sys/kernel/tracing/kprobe_events")
    stock.remove("/proc/config.gz")
    stock.write("/proc/sys/kernel/unprivileged_bpf_disabled", "2\n")
    if feature != "kprobes":
        stock.write("/sys/kernel/tracing/kprobe_events")
    stock.remove(sign)
    report = stock.report()
    assert report[feature].state is State.MISSING
    assert report.features == {"tracepoints", "kprobes", "btf"} - {feature}
    assert verdict(report, lesson(features=(feature,))).place is Place.VM
    assert verdict(report, lesson(features=())).place is Place.HOST


def test_everyone_lacks_a_package_manager(bare: Machine) -> None:
    report = bare.report()
    found = verdict(report, lesson("exact"))
    assert found.place is Place.NOWHERE
    assert found.packages == VM_PACKAGES
    assert DEBIAN in found.why.en
    for package in VM_PACKAGES:
        assert package in found.why.en
        assert package in found.why.ja
    assert report["bcc"].fix is not None
    assert report["bcc"].fix.command == ""
    assert names(report["qemu"]) == VM_PACKAGES


def test_arm_has_no_vm(stock: Machine) -> None:
    stock.machine = "aarch64"
    assert verdict(stock.report(), lesson()).place is Place.HOST
    stock.remove(f"/lib/modules/{DEBIAN}/build")
    report = stock.report()
    assert not report.vm_capable
    assert verdict(report, lesson("any")).place is Place.STANDIN
    found = verdict(report, lesson("exact"))
    assert found.place is Place.NOWHERE
    assert "aarch64" in found.why.en
    assert found.packages == ()


def test_riscv_has_no_stand_in_headers(wsl: Machine) -> None:
    wsl.machine = "riscv64"
    found = verdict(wsl.report(), lesson("any"))
    assert found.place is Place.NOWHERE
    assert "riscv64" in found.why.ja


# The checks one by one.


def test_user_in_the_sudo_group(stock: Machine) -> None:
    stock.euid, stock.groups = 1000, frozenset({1000, 27})
    stock.capabilities(0, ALL_CAPABILITIES)
    stock.program("/usr/bin/sudo")
    stock.write("/etc/group", "broken\nroot:x:0:\nsudo:x:27:me\n")
    stock.remove("/usr/lib/python3")
    report = stock.report()
    assert report["root"].state is State.OK
    assert stock.ran == [], "a member of the group is not tried"
    assert verdict(report, lesson()).packages == ("python3-bpfcc",)
    assert report["bcc"].fix is not None
    assert report["bcc"].fix.command == "sudo apt-get install python3-bpfcc"


def test_sudo_cannot_pass_the_bounding_set(stock: Machine) -> None:
    stock.euid, stock.groups = 1000, frozenset({27})
    stock.capabilities(0, 0)
    stock.program("/usr/bin/sudo")
    stock.write("/etc/group", "sudo:x:27:me\n")
    assert stock.report()["root"].state is State.BROKEN


@pytest.mark.parametrize(("asks", "state"), [(True, "missing"), (False, "ok")])
def test_user_outside_the_group(stock: Machine, *, asks: bool, state: str) -> None:
    stock.euid, stock.groups, stock.sudo_asks = 1000, frozenset({1000}), asks
    stock.capabilities(0, ALL_CAPABILITIES)
    stock.program("/usr/bin/sudo")
    stock.write("/etc/group", "sudo:x:27:other\n")
    assert stock.report()["root"].state == state
    assert stock.ran == [("sudo", "-n", "true")]


def test_user_without_sudo(stock: Machine) -> None:
    stock.euid, stock.groups = 1000, frozenset({27})
    stock.capabilities(0, ALL_CAPABILITIES)
    stock.write("/etc/group", "sudo:x:27:me\n")
    report = stock.report()
    assert report["root"].state is State.MISSING
    assert (report.can_be_root, report.can_install) == (False, False)
    assert report["root"].fix is not None
    assert "usermod -aG sudo $USER" in report["root"].fix.command
    assert verdict(report, lesson()).place is Place.NOWHERE
    stock.add_vm_tools()
    assert verdict(stock.report(), lesson()).place is Place.VM, "it needs no root"


def test_bpf_by_configuration_or_by_its_switch(stock: Machine) -> None:
    assert stock.report()["bpf"].state is State.OK
    stock.write("/proc/config.gz", compress(b"# CONFIG_BPF_SYSCALL is not set\n"))
    assert stock.report()["bpf"].state is State.MISSING
    stock.write("/proc/config.gz", compress(b"CONFIG_BPF_SYSCALL=y\n"))
    assert stock.report()["bpf"].state is State.MISSING, "no BPF_EVENTS: no tracing"
    stock.write("/proc/config.gz", b"\x1f\x8bnot a gzip file")
    assert stock.report()["bpf"].state is State.MISSING
    stock.write("/proc/sys/kernel/unprivileged_bpf_disabled", "2\n")
    assert stock.report()["bpf"].state is State.OK
    stock.remove("/proc/config.gz")
    stock.write(f"/boot/config-{DEBIAN}", "CONFIG_NET=y\n")
    assert stock.report()["bpf"].state is State.MISSING


def test_tracepoints_by_configuration(stock: Machine) -> None:
    # As an ordinary user sees it: tracefs is root's.
    stock.remove("/sys/kernel/tracing")
    assert "tracepoints" in stock.report().features
    stock.write("/proc/config.gz", compress(CONFIG.encode().replace(b"FTRACE_", b"")))
    assert "tracepoints" not in stock.report().features


def test_tracefs_not_mounted_does_not_stop_the_host(stock: Machine) -> None:
    stock.remove("/sys/kernel/tracing")
    stock.write("/proc/mounts", "proc /proc proc rw 0 0\n")
    report = stock.report()
    assert report["tracefs"].state is State.MISSING
    assert report["tracefs"].fix is not None
    command = "mount -t tracefs tracefs /sys/kernel/tracing"
    assert report["tracefs"].fix.command == command
    assert "./lab run" in report["tracefs"].why.ja
    assert verdict(report, lesson()).place is Place.HOST


def test_tracefs_not_in_the_kernel_stops_the_host(stock: Machine) -> None:
    stock.add_vm_tools()
    stock.write("/proc/mounts", "")
    stock.write("/proc/filesystems", "nodev\tproc\n")
    report = stock.report()
    assert report["tracefs"].fix is None
    found = verdict(report, lesson())
    assert found.place is Place.VM
    assert "tracefs" in found.why.en


def test_tracefs_that_cannot_be_mounted_stops_the_host(stock: Machine) -> None:
    stock.write("/proc/mounts", "")
    stock.capabilities(BPF | PERFMON)
    assert verdict(stock.report(), lesson(), only=Place.HOST).place is Place.NOWHERE


@pytest.mark.parametrize(
    ("mount", "state"),
    [
        ("tracefs /sys/kernel/tracing tracefs", State.OK),
        ("tracefs /sys/kernel/debug/tracing tracefs", State.OK),
        ("debugfs /sys/kernel/debug debugfs", State.OK),
        ("tracefs /mnt tracefs", State.MISSING),
        ("tmpfs /sys/kernel/tracing tmpfs", State.MISSING),
    ],
)
def test_tracefs_where_bcc_looks(stock: Machine, mount: str, state: State) -> None:
    stock.write("/proc/mounts", f"proc\n{mount} rw 0 0\n")
    assert stock.report()["tracefs"].state is state


def test_dangling_build_link(stock: Machine) -> None:
    stock.packages = {f"linux-headers-{DEBIAN}"}
    stock.remove(f"/usr/src/linux-headers-{DEBIAN}")
    report = stock.report()
    assert report["headers"].state is State.BROKEN
    assert report.headers is HeadersState.NONE
    assert f"/lib/modules/{DEBIAN}/build" in report["headers"].found.ja
    assert verdict(report, lesson()).packages == (f"linux-headers-{DEBIAN}",)


def test_links_in_a_circle(stock: Machine) -> None:
    stock.remove(f"/lib/modules/{DEBIAN}/build")
    stock.link(f"/lib/modules/{DEBIAN}/build", f"/lib/modules/{DEBIAN}/build")
    assert stock.report()["headers"].state is State.BROKEN


def test_headers_of_another_kernel(wsl: Machine) -> None:
    wsl.write("/usr/src/linux-headers-6.1.0-9-amd64/include/linux/bpf.h")
    report = wsl.report()
    assert report.headers is HeadersState.OTHER
    assert report["headers"].state is State.MISSING
    assert "6.1.0-9-amd64" in report["headers"].found.en
    assert verdict(report, lesson("exact")).place is Place.VM


def test_build_link_bent_to_another_kernels_headers(wsl: Machine) -> None:
    other = "/usr/src/linux-headers-6.1.0-9-amd64"
    release = '#define UTS_RELEASE "6.1.0-9-amd64"\n'
    wsl.write(f"{other}/include/generated/utsrelease.h", release)
    wsl.link(f"/lib/modules/{WSL}/build", other)
    assert wsl.report().headers is HeadersState.OTHER
    release = f'#define UTS_RELEASE "{WSL}"\n'
    wsl.write(f"{other}/include/generated/utsrelease.h", release)
    assert wsl.report().headers is HeadersState.EXACT


def test_kheaders(wsl: Machine) -> None:
    module = f"/lib/modules/{WSL}/kernel/kernel/kheaders.ko.xz"
    for sign in ("/sys/kernel/kheaders.tar.xz", module):
        wsl.write(sign)
        assert wsl.report().headers is HeadersState.EXACT
        wsl.remove(sign)
    assert wsl.report().headers is HeadersState.NONE
    wsl.write("/proc/config.gz", compress(b"CONFIG_IKHEADERS=m\n"))
    assert wsl.report().headers is HeadersState.NONE, "the module is not there"
    wsl.write("/proc/config.gz", compress(b"CONFIG_IKHEADERS=y\n"))
    assert wsl.report().headers is HeadersState.EXACT


def test_bcc_kernel_source(stock: Machine) -> None:
    stock.environment["BCC_KERNEL_SOURCE"] = "/opt/linux"
    report = stock.report()
    assert report["headers"].state is State.BROKEN
    assert report["headers"].fix is not None
    assert report["headers"].fix.command == "unset BCC_KERNEL_SOURCE"
    stock.write("/opt/linux/include/generated/utsrelease.h", 'UTS_RELEASE "6.2.0"')
    assert stock.report().headers is HeadersState.OTHER
    stock.write("/opt/linux/include/generated/utsrelease.h", f'UTS_RELEASE "{DEBIAN}"')
    assert stock.report().headers is HeadersState.EXACT


def test_pips_bcc_alone(stock: Machine) -> None:
    stock.remove("/usr/lib/python3")
    stock.write("/usr/local/lib/python3.11/dist-packages/bcc/__init__.py")
    report = stock.report()
    assert report["bcc"].state is State.BROKEN
    assert report["bcc"].fix is not None
    assert report["bcc"].fix.command == (
        "/usr/bin/python3 -m pip uninstall --yes bcc && apt-get install python3-bpfcc"
    )
    assert names(report["bcc"]) == ("python3-bpfcc",)
    found = verdict(report, lesson(), only=Place.HOST)
    assert found.place is Place.NOWHERE, "installing the real one does not uncover it"
    assert "pip" in found.why.en


def test_pips_bcc_before_the_real_one(stock: Machine) -> None:
    stock.write("/usr/lib/python3.11/EXTERNALLY-MANAGED")
    stock.environment["HOME"] = "/root"
    stock.write("/root/.local/lib/python3.11/site-packages/bcc/__init__.py")
    report = stock.report()
    assert report["bcc"].state is State.BROKEN
    assert report["bcc"].fix is not None
    assert report["bcc"].fix.command == (
        "/usr/bin/python3 -m pip uninstall --yes --break-system-packages bcc"
    )
    stock.euid, stock.sudo_asks = 1000, False
    stock.program("/usr/bin/sudo")
    assert stock.report()["bcc"].state is State.OK, "sudo runs it as root, not as me"


def test_bcc_of_another_python_version(bare: Machine) -> None:
    bare.add_bcc("/usr/lib/python3.9/site-packages")
    assert bare.report()["bcc"].state is State.MISSING
    bare.add_bcc("/usr/lib/python3.11/site-packages")
    assert bare.report()["bcc"].state is State.OK


def test_bcc_without_its_library(stock: Machine) -> None:
    stock.remove("/usr/lib/x86_64-linux-gnu/libbcc.so.0")
    report = stock.report()
    assert report["bcc"].state is State.BROKEN
    assert report["bcc"].fix is not None
    assert "--reinstall libbpfcc python3-bpfcc" in report["bcc"].fix.command


def test_another_python_first_on_the_path(stock: Machine) -> None:
    stock.environment["PATH"] = "/bin:/usr/bin"
    assert "PATH" not in stock.report()["bcc"].found.en, "/bin is /usr/bin"
    stock.link("/home/me/venv/bin/python3", "/usr/bin/python3")
    stock.write("/home/me/venv/pyvenv.cfg", "home = /usr/bin\n")
    stock.environment["PATH"] = "/home/me/venv/bin:/usr/bin"
    check = stock.report()["bcc"]
    assert check.state is State.OK, "the lessons name /usr/bin/python3"
    assert "/home/me/venv/bin/python3" in check.found.en
    assert "/home/me/venv/bin/python3" in check.found.ja
    settings = "include-system-site-packages = true\n"
    stock.write("/home/me/venv/pyvenv.cfg", settings)
    assert "venv" not in stock.report()["bcc"].found.en


def test_fedora_names(bare: Machine) -> None:
    bare.program("/usr/bin/dnf")
    report = bare.report()
    fixes = {check.name: check.fix for check in report.checks}
    assert fixes["bcc"] is not None
    assert fixes["bcc"].command == "dnf install python3-bcc"
    assert fixes["headers"] is not None
    assert fixes["headers"].command == f"dnf install kernel-devel-{DEBIAN}"
    assert fixes["qemu"] is not None
    assert "qemu-system-x86-core" in fixes["qemu"].command
    assert not report.can_install


def test_apt_without_lists_is_updated_first(stock: Machine) -> None:
    stock.remove("/var/lib/apt/lists")
    stock.remove("/usr/lib/python3")
    stock.remove(f"/lib/modules/{DEBIAN}/build")
    fixes = {check.name: check.fix for check in stock.report().checks}
    assert fixes["bcc"] is not None
    install = "apt-get update && apt-get install python3-bpfcc"
    assert fixes["bcc"].command == install
    assert fixes["headers"] is not None
    assert fixes["headers"].command == "apt-get update"


def test_vm_tools_are_sought_where_root_looks(stock: Machine) -> None:
    assert stock.report().vm_missing == VM_PACKAGES
    stock.add_vm_tools()
    assert stock.environment["PATH"] == "/usr/bin"
    report = stock.report()
    assert report.vm_missing == ()
    assert report["qemu"].state is State.OK


def test_relative_folders_of_the_path_are_skipped(stock: Machine) -> None:
    stock.environment["PATH"] = "here:/usr/bin"
    stock.program("/tool")
    assert stock.system.which("tool") is None
    stock.program("/usr/bin/tool")
    assert stock.system.which("tool") == "/usr/bin/tool"
    (stock.root / "usr/bin/tool").chmod(0o644)
    assert stock.system.which("tool") is None


def test_an_image_needs_fewer_tools_and_less_room(stock: Machine) -> None:
    stock.free = 900_000_000
    report = stock.report()
    assert report["disk"].state is State.MISSING
    refused = verdict(report, lesson(), only=Place.VM)
    assert refused.place is Place.NOWHERE
    assert "0.9 GB" in refused.why.en
    (stock.cache / "images/debian-12.partial").mkdir(parents=True)
    assert not stock.report().image
    (stock.cache / "images/debian-12").mkdir()
    report = stock.report()
    assert report.image
    assert report["disk"].state is State.OK
    assert report.vm_missing == ("qemu-system-x86", "openssh-client")


def test_kvm(stock: Machine) -> None:
    assert stock.report()["kvm"].state is State.MISSING
    stock.write("/dev/kvm")
    report = stock.report()
    assert report["kvm"].state is State.OK
    assert report.kvm
    stock.cache.mkdir()
    (stock.cache / "kvm-broken").write_text("KVM internal error\n")
    report = stock.report()
    assert report["kvm"].state is State.BROKEN
    assert "KVM internal error" in report["kvm"].found.ja
    assert not report.kvm
    (stock.cache / "kvm-broken").write_text("")
    assert stock.report()["kvm"].state is State.BROKEN


def test_kvm_that_does_not_open(stock: Machine) -> None:
    # A folder is what does not even open for root.
    stock.write("/dev/kvm/x")
    check = stock.report()["kvm"]
    assert check.state is State.MISSING
    assert check.fix is not None
    assert check.fix.command == "usermod -aG kvm $USER"


def test_an_unknown_check_is_an_error(stock: Machine) -> None:
    with pytest.raises(KeyError):
        stock.report()["coffee"]


# What holds of every check of every machine.


def _nothing(machine: Machine) -> None:
    shutil.rmtree(machine.root)


def _everything(machine: Machine) -> None:
    machine.add_headers()
    machine.add_bcc()
    machine.add_vm_tools()
    machine.write("/dev/kvm")


def _locked(machine: Machine) -> None:
    _everything(machine)
    machine.write("/sys/kernel/security/lockdown", "[confidentiality]")
    machine.capabilities(0)
    machine.remove("/usr/lib/python3/dist-packages/bcc/libbcc.py")
    machine.remove(f"/usr/src/linux-headers-{DEBIAN}")


def _ordinary(machine: Machine) -> None:
    machine.add_apt()
    machine.euid = 1000
    machine.release = "4.4.0"
    machine.write("/proc/mounts", "")
    machine.free = 0


def _odd(machine: Machine) -> None:
    machine.release = machine.machine = ""
    machine.environment = {"PATH": ":relative::/usr/bin"}
    machine.write("/proc/self/status", b"\xff\xfe")
    machine.write("/proc/mounts", b"\xff x\n\n")
    machine.cache = machine.root / "proc/mounts/cache"


@pytest.mark.parametrize("shape", [_nothing, _everything, _locked, _ordinary, _odd])
def test_every_check_can_be_acted_on(
    bare: Machine, shape: Callable[[Machine], None]
) -> None:
    shape(bare)
    report = bare.report()
    assert [check.name for check in report.checks] == [
        *("root", "kernel", "bpf", "tracepoints", "kprobes", "btf", "tracefs"),
        *("lockdown", "headers", "bcc", "qemu", "kvm", "disk"),
    ]
    for check in report.checks:
        for text in (check.title, check.found, check.why):
            assert text.ja
            assert text.en
        assert check.why.ja.endswith("．")
        assert check.why.en.endswith(".")
        assert not set("、。") & set(check.why.ja + check.found.ja)
        if check.state is State.OK:
            assert check.fix is None
        elif check.fix is None:
            # Without a command, the reason says what happens instead.
            assert "VM" in check.why.en
            assert "VM" in check.why.ja
        elif check.name not in ("root", "headers") and check.fix.command:
            assert check.fix.command.startswith("sudo ") is (bare.euid != 0)
    for only in (None, *Place):
        assert verdict(report, lesson("exact"), only=only).why.ja
    if shape is _everything:
        assert all(check.state is State.OK for check in report.checks)


# This machine.


def test_this_machine(tmp_path: Path) -> None:
    start = time.monotonic()
    report = examine(System.here(), tmp_path)
    assert time.monotonic() - start < 1
    assert report["kernel"].found.en == os.uname().release
    assert report.machine == os.uname().machine
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    mounted = any(
        kind == "tracefs" and place.startswith("/sys/kernel/")
        for _, place, kind, *_ in mounts
    ) or any(mount[1:3] == ["/sys/kernel/debug", "debugfs"] for mount in mounts)
    assert (report["tracefs"].state is State.OK) is mounted
    assert ("btf" in report.features) is Path("/sys/kernel/btf/vmlinux").exists()
    probe = ["/usr/bin/python3", "-c", "from bcc import BPF"]
    try:
        works = subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        works = False
    assert (report["bcc"].state is State.OK) is works
    lacks_qemu = shutil.which("qemu-system-x86_64") is None
    assert ("qemu-system-x86" in report.vm_missing) is lacks_qemu


def test_a_command_that_is_not_there_raises_nothing() -> None:
    assert System.here().run("/nonexistent/program").returncode == 127
    assert System.here().run("sh", "-c", "echo $LC_ALL").stdout == "C\n"


def test_links_are_followed_as_the_machine_does() -> None:
    here = System.here()
    for name in ("/usr/bin/python3", "/bin/sh", "/etc/../bin/../nothing"):
        assert str(here.resolve(name)) == os.path.realpath(name)
