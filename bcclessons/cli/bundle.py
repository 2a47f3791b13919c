"""./lab bundle: a folder with what learners' machines need, where there is no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from bcclessons.console.console import Console
from bcclessons.console.text import Problem, Text
from bcclessons.doctor.placement import Place
from bcclessons.doctor.target import Target
from bcclessons.lab import Lab
from bcclessons.machines import debian
from bcclessons.machines.vm.store import Store
from bcclessons.setup import programs
from bcclessons.setup.bundle import FACTS, PACKAGES, SUMS, Facts, digest, this_system
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site import builder

# What ./lab installs on a learner's machine, where lessons run in the VM.
_DEBIAN = ("python3-venv", *programs.VM_RUN_TOOLS.values(), "tmux", "less")
_LOCKS = ("requirements.txt", "requirements-site.txt")


def bundle(lab: Lab, folder: Path, releases: Sequence[str]) -> None:
    """Make a folder from which ./lab sets itself up without a network.

    It has the VMs of these releases, or of the default one.
    """
    folder = folder.resolve()
    if folder.is_relative_to(CHECKOUT):
        raise Problem(
            ja=f"{folder} はこのリポジトリの中である．外の場所を指定する．",
            en=f"{folder} is in this repository; name a folder outside it.",
        )
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise Problem(
            ja=f"{folder} はもうある．まだ無いフォルダを指定する．",
            en=f"{folder} exists; name a folder that does not exist yet.",
        )
    chosen = [debian.release(name) for name in releases] or [debian.RELEASES[0]]
    new = folder.with_name(f".new-{folder.name}")
    shutil.rmtree(new, ignore_errors=True)
    packages = new / "cache" / PACKAGES
    try:
        packages.mkdir(parents=True)
        _add_repository(new, lab.console)
        for release in chosen:
            lab.install_for(None, Target(Place.VM, release))
            image = Store(lab.workspace.on(release)).image().folder
            _copy(image, new / "cache/images" / image.name)
        with lab.console.stage(Text(ja="サイトを作る", en="Building the website")):
            builder.build(lab.python("site"), new / "site", offline=True)
            (new / "site.zip").unlink()
        with lab.console.stage(
            Text(ja="パッケージをダウンロードする", en="Fetching the packages")
        ):
            _fetch_wheels(packages / "wheels")
            _fetch_debian(packages / "debs")
        for name in ("bundle.md", "bundle.en.md"):
            readme = name.replace("bundle", "README")
            shutil.copy(CHECKOUT / "docs" / name, new / readme)
        with lab.console.stage(Text(ja="検査値を作る", en="Computing checksums")):
            size = _write_sums(new)
        new.replace(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    lab.console.say(
        Text(
            ja=f"{folder} を作った（{size / 1e9:.1f} GB，{this_system()} 用）．使い方は"
            "その中の README.md にある．",
            en=f"Made {folder} ({size / 1e9:.1f} GB, for {this_system()}). README.en.md "
            "in it says how to use it.",
        )
    )


def _run(*command: str | Path) -> str:
    """Run a command and return what it printed. Raise Problem if it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        errors = [line for line in lines if line.startswith(("E:", "fatal:"))]
        program, reason = Path(command[0]).name, (errors or lines)[-1]
        raise Problem(
            ja=f"{program} が失敗した（{reason}）．何も作っていない．",
            en=f"{program} failed ({reason}); nothing was made.",
        )
    return done.stdout


def _copy(image: Path, into: Path) -> None:
    """Copy an image. Raise OSError, naming the file that cannot be written."""
    into.mkdir(parents=True)
    for path in image.iterdir():
        try:
            shutil.copyfile(path, into / path.name)
        except OSError as error:
            name = str(into / path.name)
            raise OSError(error.errno, error.strerror, name) from error


def _add_repository(new: Path, console: Console) -> None:
    """Add a clone of the last commit, as an archive: a stick keeps no modes."""
    if shutil.which("git") is None or not (CHECKOUT / ".git").exists():
        raise Problem(
            ja="バンドルは git の clone から作る．git を入れて，clone した中で実行する．",
            en="a bundle is made from a git clone; install git, and run this in a clone.",
        )
    changes = ("status", "--porcelain", "--untracked-files=no")
    if _run("git", "-C", CHECKOUT, *changes):
        console.say(
            Text(
                ja="コミットしていない変更は，バンドルに入らない．",
                en="Changes that are not committed will not be in the bundle.",
            )
        )
    clone = new / "bcc-lessons"
    _run("git", "clone", "--quiet", "--depth=1", CHECKOUT.as_uri(), clone)
    origin = subprocess.run(
        ["git", "-C", CHECKOUT, "remote", "get-url", "origin"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    if origin:
        _run("git", "-C", clone, "remote", "set-url", "origin", origin)
    else:
        _run("git", "-C", clone, "remote", "remove", "origin")

    def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with tarfile.open(clone.with_suffix(".tar"), "w") as archive:
        archive.add(clone, clone.name, filter=anonymous)
    shutil.rmtree(clone)


def _fetch_wheels(into: Path) -> None:
    """Fetch what the environments of ./lab and of the site are made of."""
    for lock in _LOCKS:
        _run(
            Path(sys.executable).with_name("pip"), "--disable-pip-version-check",
            "download", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps",
            "--dest", into, "-r", CHECKOUT / lock,
        )  # fmt: skip


def _fetch_debian(into: Path) -> None:
    """Fetch the packages, with all that they depend on, and index them for apt."""
    (into / "partial").mkdir(parents=True)
    status = into / "status"
    status.touch()  # of a system where nothing is installed
    _run(
        "apt-get", "install", "--yes", "--download-only", "--no-install-recommends",
        "-o", f"Dir::State::status={status}", "-o", f"Dir::Cache::archives={into}",
        "-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root", *_DEBIAN,
    )  # fmt: skip
    status.unlink()
    (into / "partial").rmdir()
    (into / "lock").unlink(missing_ok=True)
    stanzas = [
        f"{_run('dpkg-deb', '--field', path).rstrip()}\n"
        f"Filename: ./{path.name}\nSize: {path.stat().st_size}\nSHA256: {digest(path)}\n"
        for path in sorted(into.glob("*.deb"))
    ]
    (into / "Packages").write_text("\n".join(stanzas))


def _write_sums(new: Path) -> int:
    """Write SHA256SUMS, and bundle.json last; return the bundle's size in bytes.

    Everything can be read by everybody then.
    """
    paths = sorted(new.rglob("*"))
    for path in (new, *paths):  # for every user of a learner's machine
        path.chmod(0o755 if path.is_dir() else 0o644)
    files = [path for path in paths if path.is_file()]
    sums = new / SUMS
    sums.write_text(
        "".join(f"{digest(p)}  {p.relative_to(new).as_posix()}\n" for p in files)
    )
    locks = [digest(CHECKOUT / lock) for lock in _LOCKS]
    facts = Facts(this_system(), locks, list(_DEBIAN), digest(sums))
    (new / FACTS).write_text(facts.to_json())
    for path in (sums, new / FACTS):
        path.chmod(0o644)
    return sum(path.stat().st_size for path in files)
