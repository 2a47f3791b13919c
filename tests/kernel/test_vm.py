"""The VM as a machine: sharing, the mounted folder, and leaving nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem
from bcclessons.machines import debian
from bcclessons.machines.vm import client as vm
from bcclessons.machines.vm.store import Store
from bcclessons.machines.workspace import Workspace
from bcclessons.setup import programs as tools
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.system import System

CACHE = cache_folder(os.environ)
CONSOLE = Console(Language.EN)


def workspace(checkout: Path, cache: Path = CACHE) -> Workspace:
    return Workspace(checkout, cache, CONSOLE)


@pytest.fixture(scope="module", autouse=True)
def vm_runs_here() -> None:
    if tools.missing(System.here(), tools.VM_TOOLS):
        pytest.fail("the VM's tools are missing: ./lab test installs them")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder to mount, with the characters that QEMU and shells trip over."""
    made = tmp_path / "a folder, with 'quotes' ü"
    made.mkdir()
    return made


def run(machine: vm.Vm, *argv: str) -> str:
    done = subprocess.run(
        machine.command(argv),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def processes_with(word: str) -> list[str]:
    """Return the command lines of live processes that hold the word."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line and str(os.getpid()) != entry.parent.name:
            found.append(line)
    return found


def wait_until_gone(word: str, seconds: float = 10) -> list[str]:
    end = time.monotonic() + seconds
    while (left := processes_with(word)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def test_is_the_stock_kernel_with_its_own_headers(folder: Path) -> None:
    with vm.Vm(workspace(folder)) as machine:
        kernel = run(machine, "uname", "-r").strip()
        assert kernel.endswith("-amd64")
        assert kernel in machine.title.en
        assert "include" in run(machine, "ls", f"/lib/modules/{kernel}/build/")
        assert "9p" in run(machine, "cat", "/proc/modules")


def test_clock_is_right_after_a_restore(folder: Path) -> None:
    with vm.Vm(workspace(folder)) as machine:
        before = time.time()
        there = int(run(machine, "date", "+%s"))
    assert before - 2 <= there <= time.time() + 2


def test_what_is_written_in_the_vm_is_on_the_host(folder: Path) -> None:
    (folder / "from-host").write_text("host")
    with vm.Vm(workspace(folder)) as machine:
        assert run(machine, "cat", "from-host") == "host"
        run(machine, "sh", "-c", "printf guest >from-guest; chmod 640 from-guest")
        (folder / "from-host").write_text("changed")
        assert run(machine, "cat", "from-host") == "changed"
    assert (folder / "from-guest").read_text() == "guest"
    assert (folder / "from-guest").stat().st_uid == os.getuid()


@pytest.mark.parametrize("terminal", ["xterm-256color", "xterm-kitty"])
def test_a_shell_in_it_says_so_and_works_on_any_terminal(
    folder: Path, terminal: str
) -> None:
    (folder / "lesson").write_text("# 終わり\n" * 99)
    with vm.Vm(workspace(folder)) as machine:
        argv = machine.command(["bash"], terminal=True)
        # The user's locale is not known in there.
        settings = {**os.environ, "TERM": terminal, "LC_ALL": "ja_JP.UTF-8"}
        shell = pexpect.spawn(
            argv[0], argv[1:], env=settings, encoding="utf-8", timeout=60
        )
        prompt = "(VM) bcc-lessons# "
        shell.expect_exact(prompt)
        shell.sendline("clear && tput cols && less lesson")
        shell.expect_exact("\x1b[H\x1b[2J")
        assert shell.expect_exact(["# 終わり", "binary", "not fully"]) == 0
        shell.send("q")
        shell.expect_exact(prompt)
        shell.sendline("exit")
        shell.expect(pexpect.EOF)
        shell.close()


def test_a_folder_that_cannot_be_written_is_mounted_all_the_same(folder: Path) -> None:
    (folder / "lesson").write_text("text")
    folder.chmod(0o555)
    try:
        with vm.Vm(workspace(folder)) as machine:
            assert run(machine, "cat", "lesson") == "text"
    finally:
        folder.chmod(0o755)


def test_nothing_stays_after_the_last_use(folder: Path) -> None:
    with vm.Vm(workspace(folder)):
        assert processes_with(str(folder).replace(",", ",,"))
    assert not processes_with(str(folder).replace(",", ",,"))


def test_two_uses_share_one_vm_and_the_last_ends_it(folder: Path) -> None:
    with vm.Vm(workspace(folder)) as first:
        with vm.Vm(workspace(folder)) as second:
            run(first, "touch", "/tmp/mark")
            assert run(second, "ls", "/tmp/mark") == "/tmp/mark\n"
        assert first.is_running()
        assert run(first, "ls", "/tmp/mark") == "/tmp/mark\n"
    assert not first.is_running()


# A lab that uses the VM until it is killed, as a process of its own.
USER = """
import os, sys, time
from pathlib import Path
from bcclessons.console.console import Console
from bcclessons.console.text import Language
from bcclessons.machines.vm import client as vm
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.cache import cache_folder
use = vm.Vm(Workspace(Path(sys.argv[1]), cache_folder(os.environ),
                      Console(Language.EN)))
use.__enter__()
print("in", flush=True)
time.sleep(600)
"""


def start_user(folder: Path, checkout: Path) -> subprocess.Popen[str]:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=checkout,
    )
    assert user.stdout is not None
    with user.stdout as output:
        assert output.readline() == "in\n"
    return user


def test_the_vm_ends_when_its_user_is_killed(folder: Path, checkout: Path) -> None:
    user = start_user(folder, checkout)
    user.kill()
    user.wait()
    assert not wait_until_gone(str(folder).replace(",", ",,"))


def test_two_start_at_once(folder: Path, checkout: Path) -> None:
    command = [sys.executable, "-c", USER, str(folder)]
    users = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=checkout)
        for _ in range(2)
    ]
    try:
        for user in users:
            assert user.stdout is not None
            with user.stdout as output:
                assert output.readline() == "in\n"
        guests = [
            line
            for line in processes_with(str(folder).replace(",", ",,"))
            if line.startswith("qemu")
        ]
        assert len(guests) == 1
    finally:
        for user in users:
            user.kill()
            user.wait()
    assert not wait_until_gone(str(folder).replace(",", ",,"))


def test_the_guest_ends_when_its_supervisor_is_killed(
    folder: Path, checkout: Path
) -> None:
    user = start_user(folder, checkout)
    try:
        state = next(
            json.loads(path.read_text())
            for path in CACHE.glob("run/*/state.json")
            if json.loads((path.parent / "guest.json").read_text())["share"]
            == str(folder)
        )
        os.kill(state["pid"], signal.SIGKILL)
        assert not wait_until_gone(str(folder).replace(",", ",,"))
        # The next use starts another, whatever the killed one left.
        with vm.Vm(workspace(folder)) as machine:
            run(machine, "true")
    finally:
        user.kill()
        user.wait()
    shutil.rmtree(Path(state["control"]).parent, ignore_errors=True)


def test_stop_ends_it_under_its_user(folder: Path, checkout: Path) -> None:
    user = start_user(folder, checkout)
    try:
        assert vm.stop(workspace(folder)) == [debian.RELEASES[0]]
        assert not processes_with(str(folder).replace(",", ",,"))
        assert vm.stop(workspace(folder)) == []
    finally:
        user.kill()
        user.wait()


def test_a_truncated_snapshot_is_made_again(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Work on a copy of the cache: the real one is other tests' too."""
    store = Store(workspace(folder))
    image = store.image()
    snapshot = store.snapshot(image)
    copy = tmp_path / "cache"
    copy.mkdir()
    for source in (image.folder, snapshot.folder):
        subprocess.run(
            ["cp", "-a", "--sparse=always", "--parents", f"images/{source.name}", copy],
            cwd=CACHE,
            check=True,
        )
    if (CACHE / "kvm").exists():
        shutil.copy(CACHE / "kvm", copy / "kvm")
    state = copy / "images" / snapshot.folder.name / "state"
    os.truncate(state, state.stat().st_size // 2)
    # What a build that was killed leaves is cleaned up on the way.
    (copy / "images/.new-killed").mkdir()
    with vm.Vm(workspace(folder, copy)) as machine:
        run(machine, "true")
    assert "damaged" in capfd.readouterr().err
    assert not (copy / "images/.new-killed").exists()


def test_a_full_disk_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bcclessons.machines.vm.layout.BUILD_BYTES", 10**18)
    with pytest.raises(Problem, match="XDG_CACHE_HOME"):
        Store(workspace(tmp_path, tmp_path)).image()
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["lock"]
