"""What files tell of a kernel, its headers, and what root may do with it."""

from __future__ import annotations

from gzip import compress

import pytest

from bcclessons.doctor.check import State
from bcclessons.doctor.kernel import (
    Headers,
    HeadersState,
    examine_kernel,
    rights,
)
from bcclessons.setup.system import version_of
from tests.unit.fakes import BPF, CONFIG, DEBIAN, PERFMON, SYS_ADMIN, WSL, Machine


def features(machine: Machine) -> frozenset[str]:
    return examine_kernel(machine.system).features


def headers(machine: Machine) -> Headers:
    return examine_kernel(machine.system).headers


def test_strange_release() -> None:
    assert version_of("hurd") == (0, 0)
    assert version_of("7.10-rc1") == (7, 10)


@pytest.mark.parametrize(
    ("held", "loads"),
    [(SYS_ADMIN, True), (BPF | PERFMON, True), (BPF, False), (PERFMON, False)],
)
def test_capabilities_that_load_bpf(stock: Machine, held: int, *, loads: bool) -> None:
    stock.capabilities(held)
    assert rights(stock.system).load_bpf is loads


def test_rootless_container_holds_nothing(stock: Machine) -> None:
    stock.write("/proc/self/uid_map", "0 1000 1\n1 100000 65536\n")
    assert stock.report()["root"].state is State.BROKEN


def test_bpf_by_configuration_or_by_its_switch(stock: Machine) -> None:
    assert stock.report()["bpf"].state is State.OK
    stock.write("/proc/config.gz", compress(b"# CONFIG_BPF_SYSCALL is not set\n"))
    assert stock.report()["bpf"].state is State.MISSING
    stock.write("/proc/config.gz", compress(b"CONFIG_BPF_SYSCALL=y\n"))
    assert stock.report()["bpf"].state is State.MISSING, "no BPF_EVENTS: no tracing"
    stock.remove("/proc/config.gz")
    assert stock.report()["bpf"].state is State.MISSING
    stock.write("/proc/sys/kernel/unprivileged_bpf_disabled", "2\n")
    assert stock.report()["bpf"].state is State.OK
    stock.write(f"/boot/config-{DEBIAN}", "CONFIG_NET=y\n")
    assert stock.report()["bpf"].state is State.MISSING


def test_tracepoints_by_configuration(stock: Machine) -> None:
    # As an ordinary user sees it: tracefs is root's.
    stock.remove("/sys/kernel/tracing")
    assert "tracepoints" in features(stock)
    stock.write("/proc/config.gz", compress(CONFIG.encode().replace(b"FTRACE_", b"")))
    assert "tracepoints" not in features(stock)


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


def test_links_in_a_circle(stock: Machine) -> None:
    stock.remove(f"/lib/modules/{DEBIAN}/build")
    stock.link(f"/lib/modules/{DEBIAN}/build", f"/lib/modules/{DEBIAN}/build")
    assert stock.report()["headers"].state is State.BROKEN


def test_build_link_bent_to_another_kernels_headers(wsl: Machine) -> None:
    other = "/usr/src/linux-headers-6.1.0-9-amd64"
    release = '#define UTS_RELEASE "6.1.0-9-amd64"\n'
    wsl.write(f"{other}/include/generated/utsrelease.h", release)
    wsl.link(f"/lib/modules/{WSL}/build", other)
    assert headers(wsl).state is HeadersState.OTHER
    release = f'#define UTS_RELEASE "{WSL}"\n'
    wsl.write(f"{other}/include/generated/utsrelease.h", release)
    assert headers(wsl).state is HeadersState.EXACT


def test_kheaders(wsl: Machine) -> None:
    module = f"/lib/modules/{WSL}/kernel/kernel/kheaders.ko.xz"
    for sign in ("/sys/kernel/kheaders.tar.xz", module):
        wsl.write(sign)
        assert headers(wsl).state is HeadersState.EXACT
        wsl.remove(sign)
    assert headers(wsl).state is HeadersState.NONE
