"""What ./lab takes of a bundle: all of it or nothing."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bcclessons.cli.main import main
from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem, Text
from bcclessons.doctor.placement import Place, placement
from bcclessons.setup import apt, bundle, environments
from bcclessons.setup.bundle import FACTS, SUMS, Facts, digest, this_system
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import BUNDLE, CHECKOUT
from tests.unit.fakes import Machine, lesson

CONSOLE = Console(Language.EN)
LOCK = CHECKOUT / "requirements.txt"
IMAGE = "cache/images/debian-13-abc"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A bundle of small files."""
    files = {
        f"{IMAGE}/manifest.json": "{}",
        f"{IMAGE}/ssh_key": "a key",
        "cache/packages/wheels/some.whl": "a wheel",
        "cache/packages/debs/Packages": "",
        "site/index.html": "a page",
    }
    folder = tmp_path / "stick"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    lines = [f"{digest(folder / name)}  {name}\n" for name in files]
    (folder / SUMS).write_text("".join(lines))
    packages = ["tmux", "less", "qemu-system-x86", "openssh-client"]
    facts = Facts(this_system(), [digest(LOCK)], packages, digest(folder / SUMS))
    (folder / FACTS).write_text(facts.to_json())
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and an apt-get that does nothing."""
    program = tmp_path / "bin/apt-get"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "bcc-lessons"
    folder.mkdir()
    return folder


def everything(folder: Path) -> list[str]:
    """Return the names of what is in a folder, but for locks."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return sorted(name for name in found if not name.endswith(".lock"))


def test_what_is_in_it_is_where_lab_looks_for_it(source: Path, cache: Path) -> None:
    bundle.take(source, cache, CONSOLE)
    key = cache / "images/debian-13-abc/ssh_key"
    assert key.read_text() == "a key"
    assert key.stat().st_mode & 0o777 == 0o600
    taken = bundle.taken(cache)
    assert taken is not None
    assert (taken.wheels / "some.whl").read_text() == "a wheel"
    assert taken.has_wheels(LOCK)
    assert not taken.has_wheels(CHECKOUT / "requirements-dev.txt")
    assert taken.has_packages(["tmux"])
    assert not taken.has_packages(["tmux", "chromium"])
    assert not (cache / ".new-bundle").exists()
    # It is not needed any more, nor copied again.
    (source / "site/index.html").write_text("changed")
    bundle.take(source, cache, CONSOLE)


def test_an_image_that_is_there_stays(source: Path, cache: Path) -> None:
    mine = cache / "images/debian-13-abc/mine"
    mine.parent.mkdir(parents=True)
    mine.touch()
    bundle.take(source, cache, CONSOLE)
    assert mine.exists()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [truncate, flip, Path.unlink])
@pytest.mark.parametrize(
    "name", [f"{IMAGE}/ssh_key", "site/index.html", SUMS, FACTS, "nothing"]
)
def test_of_a_damaged_one_nothing_is_taken(
    source: Path, cache: Path, name: str, harm: Callable[[Path], None]
) -> None:
    if name == "nothing":
        source, name = source / "nothing", FACTS
    elif name == FACTS and harm is truncate:
        (source / name).write_text("{}")
    else:
        harm(source / name)
    with pytest.raises(Problem) as caught:
        bundle.take(source, cache, CONSOLE)
    assert str(caught.value).startswith(f"{name} of the bundle in {source} is missing")
    assert everything(cache) == []


def test_one_of_another_system_is_refused(source: Path, cache: Path) -> None:
    facts = Facts.read(source / FACTS)
    other = replace(facts, system="debian 99 x86_64")
    (source / FACTS).write_text(other.to_json())
    with pytest.raises(Problem, match=r"is for debian 99 x86_64, and this machine is"):
        bundle.take(source, cache, CONSOLE)
    assert everything(cache) == []


def test_a_file_that_does_not_fit_is_named(source: Path, cache: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may become longer than this, as on a disk that is full.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            bundle.take(source, cache, CONSOLE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    new = f"{cache}/.new-bundle/images/debian-13-abc/"
    assert str(caught.value.filename).startswith(new)
    assert everything(cache) == []


def test_where_apt_cannot_read_it_nothing_is_taken_for_granted(
    source: Path, cache: Path
) -> None:
    program = cache.parent / "bin/apt-get"
    program.write_text("#!/bin/sh\necho 'E: bad' >&2\nexit 100\n")
    with pytest.raises(Problem, match=r"cannot read the packages .*\(E: bad\)"):
        bundle.take(source, cache, CONSOLE)
    assert bundle.taken(cache) is None


def test_pip_and_apt_are_given_it(
    source: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle.take(source, cache, CONSOLE)
    asked: list[tuple[str, ...]] = []

    def call(made: Path, *command: str) -> None:
        made.mkdir(parents=True, exist_ok=True)
        asked.append(command)

    monkeypatch.setattr(environments, "call", call)
    folder = cache / "python/some"
    environments.make(folder, LOCK, CONSOLE)
    assert "once: about 41 MB of disk" in capsys.readouterr().err
    wheels = str(cache / "packages/wheels")
    assert ["--no-index", "--find-links", wheels] == [
        word for word in asked[-1] if word in ("--no-index", "--find-links", wheels)
    ]
    log = cache / "log"
    script = f'#!/bin/sh\necho "$@" >> {log}\n'
    (cache.parent / "bin/apt-get").write_text(script)
    reason = Text(ja="試すの", en="Trying")
    for packages in (["tmux"], ["tmux", "chromium"]):
        log.unlink(missing_ok=True)
        apt.install(packages, reason, CONSOLE)
        from_bundle = f"-c {cache}/packages/apt.conf install" in log.read_text()
        assert from_bundle is (packages == ["tmux"])


def test_a_lesson_runs_where_nothing_is_missing_from_it(
    stock: Machine, source: Path, cache: Path
) -> None:
    stock.remove("/usr/lib/python3/dist-packages/bcc")
    assert placement(stock.report(), lesson()).packages == ("python3-bpfcc",)
    bundle.take(source, cache, CONSOLE)
    (cache / "packages").rename(stock.cache / "packages")
    stock.add_vm_tools()
    stock.remove("/usr/sbin/qemu-system-x86_64")
    found = placement(stock.report(), lesson())
    assert (found.place, found.packages) == (Place.VM, ("qemu-system-x86",))
    assert "the bundle lacks python3-bpfcc" in found.why.en
    asked = placement(stock.report(), lesson(), only=Place.HOST)
    assert asked.place is Place.HOST


def test_what_is_there_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    mine.touch()
    for folder, said in (
        (tmp_path, "exists; name a folder that does not exist yet"),
        (mine, "exists; name a folder"),
        (CHECKOUT / "docs/new", "is in this repository"),
    ):
        assert main(["bundle", str(folder), "--lang", "en"]) == 1
        assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_lab_says_what_is_wrong_with_the_bundle_that_is_named(
    checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "bcc-lessons").mkdir()
    (tmp_path / "bcc-lessons/python").symlink_to(cache_folder(os.environ) / "python")
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANGUAGE": "en",
        "XDG_CACHE_HOME": str(tmp_path),
        BUNDLE: "nothing",
    }
    done = subprocess.run(
        [checkout / "lab"], env=environment, capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 1
    assert done.stderr == (
        "lab: bundle.json of the bundle in /nothing is missing or damaged; nothing was "
        "set up. Copy the whole bundle again.\n"
    )
