"""A VM of somebody else: what it may do to this host, and its sleep."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language
from bcclessons.machines.vm.client import Vm
from bcclessons.machines.vm.qemu import LARGEST_FILE
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.cache import cache_folder

COUNT = "i=0; while true; do i=$((i+1)); echo $i; sleep 0.1; done"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("learner")


@pytest.fixture(scope="module")
def share(folder: Path) -> Path:
    made = folder / "checkout"
    made.mkdir()
    return made


@pytest.fixture(scope="module")
def confined(folder: Path, share: Path) -> Iterator[Vm]:
    workspace = Workspace(share, cache_folder(os.environ), Console(Language.EN))
    with Vm(workspace, folder=folder / "vm", confined=True) as started:
        yield started


def run(machine: Vm, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        machine.command(["sh", "-c", script]),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def qemu(share: Path) -> Path:
    """Return the folder in /proc of the VM's QEMU."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].startswith(b"qemu") and os.fsencode(share) in b" ".join(words):
            return entry
    raise AssertionError("it does not run")


def qemu_ticks(share: Path) -> int:
    """Return the CPU time that it has taken, in ticks."""
    numbers = (qemu(share) / "stat").read_text().rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])


def test_no_link_or_device_of_it_is_one_on_the_host(confined: Vm, share: Path) -> None:
    done = run(
        confined,
        "ln -s /proc/sys/kernel/hostname link && mknod device b 7 0 && cat link",
    )
    assert done.stdout == "bcc-lessons\n"
    for name in ("link", "device"):
        assert (share / name).is_file()
        assert not (share / name).is_symlink()


def test_a_set_uid_bit_of_it_is_none_on_the_host(confined: Vm, share: Path) -> None:
    assert (
        run(confined, "touch tool && chmod 4755 tool && test -u tool").returncode == 0
    )
    assert (share / "tool").stat().st_mode & 0o7077 == 0


def test_a_file_of_it_has_a_largest_size(confined: Vm, share: Path) -> None:
    done = run(confined, f"head -c {LARGEST_FILE + 1} /dev/zero >big; echo goes on")
    assert done.stdout == "goes on\n"
    assert (share / "big").stat().st_size == LARGEST_FILE


@pytest.mark.usefixtures("confined")
def test_where_memory_ends_it_ends_before_the_server(share: Path) -> None:
    own = int(Path("/proc/self/oom_score_adj").read_text())
    assert int((qemu(share) / "oom_score_adj").read_text()) > own


def test_it_reaches_no_port_of_the_host(confined: Vm) -> None:
    script = "exec 3<>/dev/tcp/10.0.2.2/22 || echo refused"
    done = run(confined, f"timeout 20 bash -c '{script}'")
    assert done.stdout in ("refused\n", "")
    assert "Connection" in done.stderr or done.returncode == 124


def test_it_sleeps_with_what_runs_in_it_and_goes_on(confined: Vm, share: Path) -> None:
    with subprocess.Popen(
        confined.command(["sh", "-c", COUNT]), stdout=subprocess.PIPE, text=True
    ) as counting:
        assert counting.stdout is not None
        assert counting.stdout.readline() == "1\n"
        confined.sleep()
        time.sleep(0.3)
        before = qemu_ticks(share)
        time.sleep(2)
        asleep = qemu_ticks(share) - before
        woken = time.monotonic()
        confined.wake()
        seen = [counting.stdout.readline() for _ in range(20)]
        counting.kill()
    assert asleep <= 5  # of 200
    # It has counted no further while it slept, and goes on from there.
    assert time.monotonic() - woken > 1
    assert seen[-1] == "21\n"
