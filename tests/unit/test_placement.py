"""Where a lesson runs, on faked machines."""

from __future__ import annotations

import shutil

import pytest

from bcclessons.doctor.check import State
from bcclessons.doctor.kernel import HeadersState
from bcclessons.doctor.placement import Place, Placement, placement
from bcclessons.machines import debian
from bcclessons.machines.vm import layout
from tests.unit.fakes import (
    ALL_CAPABILITIES,
    BPF,
    DEBIAN,
    PERFMON,
    SYS_ADMIN,
    VM_PACKAGES,
    WSL,
    Machine,
    command,
    lesson,
    packages,
)

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def judge(
    machine: Machine, headers: str = "any", only: Place | None = None
) -> Placement:
    return placement(machine.report(), lesson(headers), only=only)


def test_stock_debian_runs_on_the_host(stock: Machine) -> None:
    report = stock.report()
    for headers in ("any", "exact"):
        found = placement(report, lesson(headers, features=("tracepoints", "kprobes")))
        assert (found.place, found.packages) == (Place.HOST, ())
    assert report.kernel.headers.state is HeadersState.EXACT
    assert report["headers"].state is State.OK
    assert report["bcc"].found.en == "bcc 0.26.0 for /usr/bin/python3"
    assert report["root"].state is State.OK
    assert stock.ran == [], "nothing needs a command when everything is there"


def test_debian_without_headers_and_bcc_installs_them(bare: Machine) -> None:
    bare.add_apt()
    bare.candidates = {f"linux-headers-{DEBIAN}": "6.1.1"}
    report = bare.report()
    found = placement(report, lesson("exact"))
    assert found.place is Place.HOST
    assert found.packages == (f"linux-headers-{DEBIAN}", "python3-bpfcc")
    install = f"apt-get install linux-headers-{DEBIAN}"
    assert command(report["headers"]) == install, "no sudo for root"
    assert packages(report["bcc"]) == ("python3-bpfcc",)


def test_no_candidate_in_apt_is_no_package(bare: Machine) -> None:
    bare.add_apt()
    bare.add_vm_tools()
    for bare.candidates in ({}, {f"linux-headers-{DEBIAN}": "(none)"}):
        report = bare.report()
        assert bare.ran.pop() == ("apt-cache", "policy", f"linux-headers-{DEBIAN}")
        assert report.headers_package is None
        assert report["headers"].fix is None
        found = placement(report, lesson("any"))
        assert (found.place, found.packages) == (Place.STANDIN, ("python3-bpfcc",))


def test_wsl_stands_in_or_uses_the_vm(wsl: Machine) -> None:
    assert wsl.report().kernel.headers.state is HeadersState.NONE
    loose = judge(wsl)
    assert (loose.place, loose.packages) == (Place.STANDIN, ())
    strict = judge(wsl, "exact")
    assert (strict.place, strict.packages) == (Place.VM, ())
    assert "kernel structs" in strict.why.en
    assert "構造体" in strict.why.ja
    for why in (loose.why, strict.why):
        assert len(why.en) <= 100
        assert wsl.release not in why.en + why.ja, "./lab run has just said it"
    assert wsl.ran == [], "apt is not asked about a kernel that nobody packages"


def test_stand_in_packages_are_named_until_the_headers_are_there(wsl: Machine) -> None:
    wsl.remove("/usr/sbin/mmdebstrap")
    wsl.remove(KEYRING)
    found = judge(wsl)
    assert found.place is Place.STANDIN
    assert found.packages == ("mmdebstrap", "debian-archive-keyring")
    (wsl.cache / "headers/.new-x").mkdir(parents=True)
    (wsl.cache / "headers/bookworm.lock").touch()
    assert judge(wsl) == found
    (wsl.cache / "headers/bookworm").mkdir()
    found = judge(wsl)
    assert (found.place, found.packages) == (Place.STANDIN, ())


def test_only_decides_within_a_place(stock: Machine) -> None:
    assert judge(stock, only=Place.HOST).place is Place.HOST
    forced = judge(stock, only=Place.VM)
    assert (forced.place, forced.packages) == (Place.VM, VM_PACKAGES)
    assert forced.why.en == "as you asked"


def test_a_vm_has_the_kernel_of_its_release(stock: Machine) -> None:
    stock.add_vm_tools()
    report = stock.report(debian.release("debian-11"))
    assert placement(report, lesson(kernel="5.10"), only=Place.VM).place is Place.VM
    refused = placement(report, lesson(kernel="5.15"), only=Place.VM)
    assert refused.place is Place.NOWHERE
    assert "Debian 11's kernel 5.10 is older than 5.15" in refused.why.en
    assert "5.10 は 5.15 より古い" in refused.why.ja
    newer = stock.report(debian.release("debian-12"))
    assert placement(newer, lesson(kernel="5.15"), only=Place.VM).place is Place.VM


def test_only_host_covers_stand_in_headers(wsl: Machine) -> None:
    assert judge(wsl, "any", Place.HOST).place is Place.STANDIN
    refused = judge(wsl, "exact", Place.HOST)
    assert (refused.place, refused.packages) == (Place.NOWHERE, ())
    assert "kernel structs" in refused.why.en


def test_container_without_rights_uses_the_vm(stock: Machine) -> None:
    stock.add_vm_tools()
    stock.capabilities(ALL_CAPABILITIES & ~(SYS_ADMIN | BPF))
    assert stock.report()["root"].state is State.BROKEN
    assert stock.report().can_install
    found = judge(stock)
    assert found.place is Place.VM
    assert "container" in found.why.en
    assert "コンテナ" in found.why.ja


def test_lockdown(stock: Machine) -> None:
    stock.add_vm_tools()
    stock.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    assert judge(stock).place is Place.HOST
    stock.write("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n")
    assert stock.report()["lockdown"].state is State.BROKEN
    found = judge(stock)
    assert found.place is Place.VM
    assert found.why.en.count("confidentiality") == 1, "once for both kinds of headers"


@pytest.mark.parametrize(
    ("release", "needed", "place"),
    [
        ("4.4.0-19041-Microsoft", "4.7", Place.VM),
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
    report = stock.report()
    found = placement(report, lesson(kernel=needed))
    assert found.place is place
    assert (f"older than {needed}" in found.why.en) is (place is Place.VM)
    assert (report["kernel"].state is State.BROKEN) is release.startswith("4.4")


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
    stock.remove(sign)
    report = stock.report()
    assert report[feature].state is State.MISSING
    assert report.kernel.features == {"bpf", "tracepoints", "kprobes", "btf"} - {
        feature
    }
    assert placement(report, lesson(features=(feature,))).place is Place.VM
    assert placement(report, lesson(features=())).place is Place.HOST


def test_everyone_lacks_a_package_manager(bare: Machine) -> None:
    report = bare.report()
    found = placement(report, lesson("exact"))
    assert (found.place, found.packages) == (Place.NOWHERE, VM_PACKAGES)
    for package in VM_PACKAGES:
        assert package in found.why.en
        assert package in found.why.ja
    assert command(report["bcc"]) == ""
    assert packages(report["qemu"]) == VM_PACKAGES


@pytest.mark.parametrize("machine", ["aarch64", "riscv64"])
def test_stand_in_headers_and_the_vm_are_for_x86_64(
    stock: Machine, machine: str
) -> None:
    stock.machine = machine
    assert judge(stock).place is Place.HOST
    stock.remove(f"/lib/modules/{DEBIAN}/build")
    for headers in ("any", "exact"):
        found = judge(stock, headers)
        assert (found.place, found.packages) == (Place.NOWHERE, ())
        assert machine in found.why.en
        assert machine in found.why.ja


def test_user_without_sudo(stock: Machine) -> None:
    stock.euid, stock.groups = 1000, frozenset({"sudo"})
    report = stock.report()
    assert report["root"].state is State.MISSING
    assert not report.can_install
    assert "usermod -aG sudo $USER" in command(report["root"])
    assert judge(stock).place is Place.NOWHERE
    stock.add_vm_tools()
    assert judge(stock).place is Place.VM, "it needs no root"


def test_tracefs_not_mounted_does_not_stop_the_host(stock: Machine) -> None:
    stock.remove("/sys/kernel/tracing")
    stock.write("/proc/mounts", "proc /proc proc rw 0 0\n")
    report = stock.report()
    assert report["tracefs"].state is State.MISSING
    mount = "mount -t tracefs tracefs /sys/kernel/tracing"
    assert command(report["tracefs"]) == mount
    assert "./lab run" in report["tracefs"].why.ja
    assert placement(report, lesson()).place is Place.HOST


def test_tracefs_not_in_the_kernel_stops_the_host(stock: Machine) -> None:
    stock.add_vm_tools()
    stock.write("/proc/mounts", "")
    stock.write("/proc/filesystems", "nodev\tproc\n")
    assert stock.report()["tracefs"].fix is None
    found = judge(stock)
    assert found.place is Place.VM
    assert "tracefs" in found.why.en


def test_tracefs_that_cannot_be_mounted_stops_the_host(stock: Machine) -> None:
    stock.write("/proc/mounts", "")
    stock.capabilities(BPF | PERFMON)
    assert judge(stock, only=Place.HOST).place is Place.NOWHERE


def test_dangling_build_link(stock: Machine) -> None:
    stock.candidates = {f"linux-headers-{DEBIAN}": "6.1.1"}
    stock.remove(f"/usr/src/linux-headers-{DEBIAN}")
    report = stock.report()
    assert report["headers"].state is State.BROKEN
    assert report.kernel.headers.state is HeadersState.NONE
    assert f"/lib/modules/{DEBIAN}/build" in report["headers"].found.ja
    assert placement(report, lesson()).packages == (f"linux-headers-{DEBIAN}",)


def test_headers_of_another_kernel(wsl: Machine) -> None:
    wsl.write(f"/usr/src/linux-headers-{WSL}/include/linux/bpf.h")
    assert wsl.report().kernel.headers.state is HeadersState.NONE, "its own, unlinked"
    wsl.write("/usr/src/linux-headers-6.1.0-9-amd64/include/linux/bpf.h")
    report = wsl.report()
    assert report.kernel.headers.state is HeadersState.OTHER
    assert report["headers"].state is State.MISSING
    assert "6.1.0-9-amd64" in report["headers"].found.en
    assert placement(report, lesson("exact")).place is Place.VM


def test_an_image_needs_fewer_tools_and_less_room(stock: Machine) -> None:
    stock.free = 900_000_000
    assert stock.report()["disk"].state is State.MISSING
    refused = judge(stock, only=Place.VM)
    assert refused.place is Place.NOWHERE
    assert "0.9 GB" in refused.why.en
    image = layout.image_folder(stock.cache, debian.RELEASES[0])
    snapshot = layout.snapshot_folder(image, "2c3d")
    other_recipe = image.with_name("debian-13-0a1b")
    for folder in (other_recipe, snapshot):
        folder.mkdir(parents=True)
        layout.write_manifest(folder, {})
    image.mkdir()
    assert stock.report().vm_missing == VM_PACKAGES, "an image has its manifest"
    layout.write_manifest(image, {})
    assert stock.report().vm_missing == ("qemu-system-x86", "openssh-client")
    other = stock.report(debian.release("debian-11"))
    assert other.vm_missing == VM_PACKAGES, "an image is of one release"
    assert other["disk"].state is State.MISSING
    stock.free = 0
    assert stock.report()["disk"].state is State.OK
    shutil.rmtree(snapshot)
    assert stock.report()["disk"].state is State.MISSING
    stock.free = 900_000_000
    assert stock.report()["disk"].state is State.OK
