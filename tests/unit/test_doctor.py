"""The doctor's checks, on faked machines and on this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language
from bcclessons.doctor.check import State
from bcclessons.doctor.kernel import HeadersState
from bcclessons.doctor.placement import Place, placement
from bcclessons.doctor.report import examine
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.system import System
from tests.unit.fakes import (
    ALL_CAPABILITIES,
    DEBIAN,
    VM_PACKAGES,
    Machine,
    command,
    lesson,
    packages,
)


def ordinary(machine: Machine, *groups: str) -> None:
    """Make the user an ordinary one, with sudo installed."""
    machine.euid, machine.groups = 1000, frozenset(groups)
    machine.capabilities(0, ALL_CAPABILITIES)
    machine.program("/usr/bin/sudo")


def test_user_in_the_sudo_group(stock: Machine) -> None:
    ordinary(stock, "me", "sudo")
    stock.remove("/usr/lib/python3")
    report = stock.report()
    assert report["root"].state is State.OK
    assert stock.ran == [], "a member of the group is not tried"
    assert placement(report, lesson()).packages == ("python3-bpfcc",)
    assert command(report["bcc"]) == "sudo apt-get install python3-bpfcc"


def test_sudo_cannot_pass_the_bounding_set(stock: Machine) -> None:
    ordinary(stock, "sudo")
    stock.capabilities(0, 0)
    assert stock.report()["root"].state is State.BROKEN


@pytest.mark.parametrize(("asks", "state"), [(True, "missing"), (False, "ok")])
def test_user_outside_the_group(stock: Machine, *, asks: bool, state: str) -> None:
    ordinary(stock, "me")
    stock.sudo_asks = asks
    assert stock.report()["root"].state == state
    assert stock.ran == [("sudo", "-n", "true")]


def test_bcc_kernel_source(stock: Machine) -> None:
    stock.environment["BCC_KERNEL_SOURCE"] = "/opt/linux"
    report = stock.report()
    assert report["headers"].state is State.BROKEN
    assert command(report["headers"]) == "unset BCC_KERNEL_SOURCE"
    stock.write("/opt/linux/include/linux/types.h")
    assert stock.report().kernel.headers.state is HeadersState.OTHER, "of what release?"
    release = "/opt/linux/include/generated/utsrelease.h"
    stock.write(release, 'UTS_RELEASE "6.2.0"')
    assert stock.report().kernel.headers.state is HeadersState.OTHER
    stock.write(release, f'UTS_RELEASE "{DEBIAN}"')
    assert stock.report().kernel.headers.state is HeadersState.EXACT


def test_pips_bcc_alone(stock: Machine) -> None:
    stock.remove("/usr/lib/python3")
    stock.write("/usr/local/lib/python3.11/dist-packages/bcc/__init__.py")
    report = stock.report()
    assert report["bcc"].state is State.BROKEN
    assert command(report["bcc"]) == (
        "/usr/bin/python3 -m pip uninstall --yes bcc && apt-get install python3-bpfcc"
    )
    assert packages(report["bcc"]) == ("python3-bpfcc",)
    found = placement(report, lesson(), only=Place.HOST)
    assert found.place is Place.NOWHERE, "installing the real one does not uncover it"
    assert "pip" in found.why.en


def test_pips_bcc_before_the_real_one(stock: Machine) -> None:
    stock.write("/usr/lib/python3.11/EXTERNALLY-MANAGED")
    stock.environment["HOME"] = "/root"
    stock.write("/root/.local/lib/python3.11/site-packages/bcc/__init__.py")
    report = stock.report()
    assert report["bcc"].state is State.BROKEN
    assert command(report["bcc"]).startswith(
        "/usr/bin/python3 -m pip uninstall --yes --break-system-packages bcc && "
    )
    ordinary(stock, "sudo")
    assert stock.report()["bcc"].state is State.OK, "sudo runs it as root, not as me"


def test_bcc_of_another_python_version(bare: Machine) -> None:
    bare.add_bcc("/usr/lib/python3.9/site-packages")
    assert bare.report()["bcc"].state is State.MISSING
    bare.add_bcc("/usr/lib/python3.11/site-packages")
    assert bare.report()["bcc"].state is State.OK


def test_without_apt_only_the_packages_are_told(bare: Machine) -> None:
    report = bare.report()
    assert command(report["bcc"]) == ""
    assert packages(report["bcc"]) == ("python3-bpfcc",)
    assert report["headers"].fix is None
    assert not report.can_install
    ordinary(bare)
    bare.remove("/usr/bin/sudo")
    assert command(bare.report()["root"]) == 'su - -c "usermod -aG sudo $USER"'


def test_apt_without_lists_is_updated_first(stock: Machine) -> None:
    stock.remove("/var/lib/apt/lists")
    stock.remove("/usr/lib/python3")
    stock.remove(f"/lib/modules/{DEBIAN}/build")
    report = stock.report()
    install = "apt-get update && apt-get install python3-bpfcc"
    assert command(report["bcc"]) == install
    assert command(report["headers"]) == "apt-get update"


def test_vm_tools_are_sought_where_root_looks(stock: Machine) -> None:
    assert stock.report().vm_missing == VM_PACKAGES
    stock.add_vm_tools()
    assert stock.environment["PATH"] == "/usr/bin"
    report = stock.report()
    assert report.vm_missing == ()
    assert report["qemu"].state is State.OK


def test_kvm(stock: Machine) -> None:
    assert stock.report()["kvm"].state is State.MISSING
    stock.write("/dev/kvm")
    assert stock.report()["kvm"].state is State.OK
    assert "the first VM will try it" in stock.report()["kvm"].found.en
    (stock.cache / "kvm").write_text("\n6.1.0, QEMU 7.2\n")
    assert stock.report()["kvm"].found.en == "a VM runs with it"
    (stock.cache / "kvm").write_text("KVM internal error\n6.1.0, QEMU 7.2\n")
    check = stock.report()["kvm"]
    assert check.state is State.BROKEN
    assert "KVM internal error）" in check.found.ja
    (stock.cache / "kvm").write_text("half a file")
    assert stock.report()["kvm"].state is State.OK


def test_kvm_that_does_not_open(stock: Machine) -> None:
    # A folder is what does not even open for root.
    stock.write("/dev/kvm/x")
    check = stock.report()["kvm"]
    assert check.state is State.MISSING
    assert check.fix is None, "root needs no group"
    stock.euid = 1000
    check = stock.report()["kvm"]
    assert command(check) == "sudo usermod -aG kvm $USER"
    assert check.why.en.endswith("has to log in again.")


def test_an_unknown_check_is_an_error(stock: Machine) -> None:
    with pytest.raises(KeyError):
        stock.report()["coffee"]


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
    machine.release = machine.machine = "?"
    machine.environment = {"PATH": ":relative::/usr/bin"}
    machine.write("/proc/self/status", b"\xff\xfe")
    machine.write("/proc/mounts", b"\xff x\n\n")


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
    for only in (None, Place.HOST, Place.VM):
        assert placement(report, lesson("exact"), only=only).why.ja
    if shape is _everything:
        assert all(check.state is State.OK for check in report.checks)


def test_this_machine(tmp_path: Path) -> None:
    start = time.process_time()  # whatever else the machine does
    workspace = Workspace(tmp_path, tmp_path, Console(Language.EN))
    report = examine(System.here(), workspace)
    assert time.process_time() - start < 1
    assert report["kernel"].found.en == os.uname().release
    assert report.machine == os.uname().machine
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    mounted = any(
        kind == "tracefs" and place.startswith("/sys/kernel/")
        for _, place, kind, *_ in mounts
    ) or any(mount[1:3] == ["/sys/kernel/debug", "debugfs"] for mount in mounts)
    assert (report["tracefs"].state is State.OK) is mounted
    assert ("btf" in report.kernel.features) is Path("/sys/kernel/btf/vmlinux").exists()
    probe = ["/usr/bin/python3", "-c", "from bcc import BPF"]
    try:
        works = subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        works = False
    assert (report["bcc"].state is State.OK) is works
    lacks_qemu = shutil.which("qemu-system-x86_64") is None
    assert ("qemu-system-x86" in report.vm_missing) is lacks_qemu
