"""Images and snapshots: what makes another one, and which is used."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem
from bcclessons.machines import debian
from bcclessons.machines.debian import RELEASES
from bcclessons.machines.host import Host
from bcclessons.machines.vm import client, kvm, layout, options, recipe, store
from bcclessons.machines.vm.layout import Image
from bcclessons.machines.vm.state import (
    LOCK,
    State,
    is_supervised,
    start_time,
    state_of,
)
from bcclessons.machines.vm.store import Store
from bcclessons.machines.vm.supervisor import ssh_options
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.cache import in_use

STABLE, UNSTABLE = RELEASES[0], debian.release("debian-unstable")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "images").mkdir()
    return Workspace(tmp_path, tmp_path, Console(Language.EN))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (recipe, "PACKAGES"), (recipe, "MODULES"), (recipe, "DISK_OPTIONS"),
        (recipe, "UNUSED"), (recipe, "FOLDERS"), (debian, "OPTIONS"),
    ],
)  # fmt: skip
def test_another_recipe_is_another_image(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    before = recipe.digest(STABLE)
    monkeypatch.setattr(module, name, (*getattr(module, name), "more"))
    assert recipe.digest(STABLE) != before


def test_a_changed_file_of_the_guest_is_another_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = recipe.digest(STABLE)
    monkeypatch.setattr(recipe, "GUEST", tmp_path)
    for path in Path(recipe.__file__).with_name("guest").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert recipe.digest(STABLE) == before
    (tmp_path / "bashrc").write_text("PS1=\n")
    assert recipe.digest(STABLE) != before


def test_the_recipe_is_not_its_source(tmp_path: Path) -> None:
    """A comment in build.py or recipe.py builds no image."""
    copy = tmp_path / "recipe.py"
    source = Path(recipe.__file__)
    copy.write_text(source.read_text() + "# a comment\n")
    (tmp_path / "guest").symlink_to(source.with_name("guest"))
    code = "import runpy, sys; from bcclessons.machines import debian;"
    code += "print(runpy.run_path(sys.argv[1])['digest'](debian.RELEASES[0]))"
    done = subprocess.run(
        [sys.executable, "-c", code, copy],
        capture_output=True,
        text=True,
        check=True,
        cwd=source.parents[3],
    )
    assert done.stdout.strip() == recipe.digest(STABLE)


def test_a_snapshot_belongs_to_qemu_and_its_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "version", lambda: "QEMU 7.2")
    keys = {store._snapshot_key()}
    monkeypatch.setattr(options, "MEMORY", "2G")
    keys.add(store._snapshot_key())
    monkeypatch.setattr(store, "version", lambda: "QEMU 10.0")
    keys.add(store._snapshot_key())
    assert len(keys) == 3


def test_what_goes_on_changing_has_another_image_every_two_weeks(
    tmp_path: Path,
) -> None:
    today = datetime.datetime.now(tz=datetime.UTC).date().toordinal()
    now = layout.image_folder(tmp_path, UNSTABLE)
    assert now.name.endswith(f"-{today // 14}")
    before = layout.image_folder(tmp_path, UNSTABLE, periods_ago=1)
    assert layout.usable_image(tmp_path, UNSTABLE) is None
    before.mkdir(parents=True)
    layout.write_manifest(before, {})
    assert layout.usable_image(tmp_path, UNSTABLE) == before
    now.mkdir()
    layout.write_manifest(now, {})
    assert layout.usable_image(tmp_path, UNSTABLE) == now
    assert layout.older_image(tmp_path, STABLE) is None


def test_the_previous_image_serves_where_a_new_one_cannot_be_built(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise Problem(ja="ネットワークが無い．", en="no network.")

    monkeypatch.setattr(store, "build", fail)
    changing = workspace.on(UNSTABLE)
    with pytest.raises(Problem, match="no network"):
        Store(changing).image()
    before = layout.image_folder(workspace.cache, UNSTABLE, periods_ago=1)
    before.mkdir()
    layout.write_manifest(before, {"kernel": "7.2"})
    assert Store(changing).image() == Image(before, "7.2")
    said = capfd.readouterr().err
    assert "rebuilt every 14 days" in said
    assert "no network." in said
    assert "Using the previous one instead." in said


def test_an_image_of_another_recipe_stays(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another checkout uses it; after a month without use, it goes."""

    def build(
        _release: object, _work: Path, fetched: Path, made: Path, _: object
    ) -> None:
        fetched.mkdir()
        made.mkdir()
        layout.write_manifest(made, {"kernel": "6.12"})

    monkeypatch.setattr(store, "build", build)
    used, unused, running = (
        workspace.cache / "images" / f"debian-13-{name}" for name in ("a", "b", "c")
    )
    for folder in (used, unused, running):
        folder.mkdir()
    for folder in (unused, running):
        os.utime(folder, (0, 0))
    with in_use(running):
        os.utime(running, (0, 0))
        image = Store(workspace).image()
        left = set((workspace.cache / "images").glob("debian-*"))
    assert left == {used, running, image.folder}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (
            subprocess.CalledProcessError(255, ["ssh-keygen", "-q"]),
            "ssh-keygen: status",
        ),
    ],
)
def test_a_build_that_fails_is_said_in_a_sentence_and_keeps_what_it_fetched(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(_r: object, _w: Path, fetched: Path, _m: Path, _c: object) -> None:
        fetched.mkdir()
        raise error

    monkeypatch.setattr(store, "build", fail)
    with pytest.raises(Problem, match=f"cannot make debian-13-.*{reason}"):
        Store(workspace).image()
    left = sorted(path.name for path in (workspace.cache / "images").iterdir())
    assert left == ["fetched-debian-13", "lock"]


def test_a_file_that_is_cut_short_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "kernel").write_text("kernel")
    assert layout.read_manifest(tmp_path) is None
    layout.write_manifest(tmp_path, {"kernel": "6.12"})
    assert layout.read_manifest(tmp_path) == {"kernel": "6.12"}
    (tmp_path / "kernel").write_text("kern")
    assert layout.read_manifest(tmp_path) is None
    (tmp_path / "manifest.json").write_text("{")
    assert layout.read_manifest(tmp_path) is None


def test_the_guest_reaches_nothing_but_us() -> None:
    image = Image(Path("/i,mage"), "6.12")
    line = options.options(image, "tcg", Path("/share"), None, incoming=False)
    assert "user,id=net,restrict=on" in line
    assert "if=none,id=root,format=raw,readonly=on,file=/i,,mage/root.erofs" in line
    assert not any("hostfwd" in word for word in line)
    assert line[:3] == ["-nodefaults", "-no-user-config", "-no-reboot"]


def test_ssh_trusts_one_key_and_asks_nobody() -> None:
    line = ssh_options(Path("/key"), Path("/known hosts"), Path("/control"), 2222)
    assert line[line.index("-F") + 1] == "none"
    assert line[line.index("-i") + 1] == "/key"
    # "~C" after Enter would forward ports between the guest and this host's network.
    assert line[line.index("-e") + 1] == "none"
    assert line[-1] == "127.0.0.1"
    set_to = {word.partition("=")[0]: word.partition("=")[2] for word in line}
    assert set_to["UserKnownHostsFile"] == '"/known hosts"'
    assert set_to["StrictHostKeyChecking"] == "yes"
    assert set_to["HostKeyAlias"] == "bcc-lessons"
    for option in ("IdentitiesOnly", "BatchMode"):
        assert set_to[option] == "yes"
    assert set_to["IdentityAgent"] == "none"


@pytest.fixture
def innocent() -> object:
    """A process that nobody may end but this test."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_stop_ends_no_process_that_is_not_the_supervisor(
    workspace: Workspace, innocent: subprocess.Popen[bytes]
) -> None:
    """A supervisor that was killed leaves its state; its number is another's now."""
    folder = client._run_folder(workspace)
    folder.mkdir(parents=True)
    State(innocent.pid, "not its start", 1, "").write(folder)
    # Another supervisor, which starts, holds the lock.
    with subprocess.Popen(
        ["flock", folder / LOCK, "cat"], stdin=subprocess.PIPE
    ) as starting:
        while not is_supervised(folder):
            pass
        assert client.stop(workspace) == []
        assert state_of(folder) is None
        starting.terminate()
        assert starting.stdin is not None
        starting.stdin.close()
    assert innocent.poll() is None


def test_stop_ends_the_supervisor(
    workspace: Workspace, innocent: subprocess.Popen[bytes]
) -> None:
    started = start_time(innocent.pid)
    state = State(innocent.pid, started, 1, "")
    assert not replace(state, started="0").signal(signal.SIGTERM)
    assert innocent.poll() is None
    assert state.is_alive()
    assert state.signal(signal.SIGTERM)
    assert innocent.wait(5) == -signal.SIGTERM
    assert not state.is_alive()
    assert not state.signal(signal.SIGTERM)


def test_raising_the_version_is_another_image(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe.digest(STABLE)
    monkeypatch.setattr(recipe, "VERSION", recipe.VERSION + 1)
    assert recipe.digest(STABLE) != before


def test_an_image_that_is_there_is_used_and_marked_as_used(
    workspace: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    changing = workspace.on(UNSTABLE)
    now = layout.image_folder(workspace.cache, UNSTABLE)
    before = layout.image_folder(workspace.cache, UNSTABLE, periods_ago=1)
    for folder in (before, now):
        folder.mkdir()
        layout.write_manifest(folder, {"kernel": "7.2"})
        os.utime(folder, (0, 0))
    assert Store(changing).image() == Image(now, "7.2")
    assert capfd.readouterr().err == "", "nothing is rebuilt"
    assert now.stat().st_mtime > before.stat().st_mtime == 0


def test_kvm_is_tried_once_for_each_kernel_and_qemu(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = ["KVM internal error", ""]
    image = Image(workspace.cache, "6.12")
    monkeypatch.setattr(os, "access", lambda *_: True)
    monkeypatch.setattr(kvm, "version", lambda: "QEMU 7.2")
    monkeypatch.setattr(kvm, "_failure", lambda *_: failures.pop(0))
    for _ in range(2):
        assert not kvm.works(image, workspace.cache, workspace.console)
    tried = kvm.tried(workspace.cache)
    assert tried is not None
    assert tried.failure == "KVM internal error"
    monkeypatch.setattr(kvm, "version", lambda: "QEMU 10.0")
    for _ in range(2):
        assert kvm.works(image, workspace.cache, workspace.console)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not kvm.works(image, workspace.cache, workspace.console)


def test_the_host_mounts_tracefs_for_one_command_alone(tmp_path: Path) -> None:
    host = Host(tmp_path, tmp_path / "headers", tracefs=False)
    words = host.command(["./program"], folder="lessons", root=True)
    assert words[:3] == ["env", "-C", f"{tmp_path}/lessons"]
    mount = words.index("unshare")
    assert words[mount + 1] == "--mount"
    assert words[-3:] == ["env", f"BCC_KERNEL_SOURCE={tmp_path}/headers", "./program"]
    assert "unshare" not in Host(tmp_path, None, tracefs=True).local_command(
        ["./program"], root=True
    )
    assert not host.emulated
