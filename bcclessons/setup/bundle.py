"""A bundle: a folder with all that ./lab would fetch, for machines without a network.

bundle.json, written last, says what it is for. SHA256SUMS has the digest of every other
file. Of these, ./lab copies what is in cache/ into its own cache: images of VMs, which
are then where ./lab looks for them, and wheels and Debian packages.

Runs under the system's bare Python, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self

from bcclessons.console.text import Problem, Text
from bcclessons.setup.cache import locked
from bcclessons.setup.files import write_atomically

if TYPE_CHECKING:
    from bcclessons.console.console import Console

SUMS = "SHA256SUMS"
FACTS = "bundle.json"
PACKAGES = "packages"
"""The folder of wheels and Debian packages, in a bundle's cache/ and in the cache."""


@dataclass(frozen=True)
class Facts:
    """What a bundle is for: a system, lock files, Debian packages by name.

    ``sums`` is the digest of SHA256SUMS, ``locks`` are the digests of the lock files.
    """

    system: str
    locks: Sequence[str]
    packages: Sequence[str]
    sums: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read bundle.json. Raise OSError or ValueError if it is not there whole."""
        try:
            return cls(**json.loads(path.read_text()))
        except TypeError as error:
            raise ValueError(f"{path.name}: {error}") from error

    def to_json(self) -> str:
        """Return the text of bundle.json."""
        return json.dumps(asdict(self), indent=2) + "\n"


def this_system() -> str:
    """Return the distribution, its version and the processor of this machine."""
    release: Mapping[str, str] = {}
    with suppress(OSError):
        release = platform.freedesktop_os_release()
    names = (release.get("ID"), release.get("VERSION_ID"), platform.machine())
    return " ".join(filter(None, names))


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Taken:
    """A bundle that was copied into the cache."""

    def __init__(self, folder: Path, facts: Facts) -> None:
        self.facts = facts
        self.wheels = folder / "wheels"
        self.apt_options = ["-c", str(folder / "apt.conf")]

    def has_wheels(self, lock: Path) -> bool:
        """Tell whether the wheels are those of a lock file."""
        return digest(lock) in self.facts.locks

    def has_packages(self, names: Sequence[str]) -> bool:
        """Tell whether all these Debian packages are there, with their dependencies."""
        return set(names) <= set(self.facts.packages)


def taken(cache: Path) -> Taken | None:
    """Return the bundle that the cache has been filled from, if there is one."""
    folder = cache / PACKAGES
    try:
        return Taken(folder, Facts.read(folder / FACTS))
    except (OSError, ValueError):
        return None


def take(source: Path, cache: Path, console: Console) -> None:
    """Fill the cache from a bundle, unless it has been filled from this one.

    Every file is checked. Raise Problem, and leave the cache as it was, where it is
    damaged or for another system, and OSError if the cache cannot be written.
    """
    facts = _facts(source)
    before = taken(cache)
    if before is not None and before.facts == facts:
        return
    waiting = Text(
        ja="別の ./lab がバンドルをコピーしている．終わるのを待つ．",
        en="another ./lab is copying the bundle; waiting for it.",
    )
    new = cache / ".new-bundle"
    with locked(cache / "bundle.lock", lambda: console.say(waiting)):
        shutil.rmtree(new, ignore_errors=True)
        try:
            _copy_all(source, facts, new, console)
            _put_in_place(new, cache)
            folder = cache / PACKAGES
            _prepare_apt(folder)
            write_atomically(folder / FACTS, facts.to_json())
        finally:
            shutil.rmtree(new, ignore_errors=True)


def _facts(source: Path) -> Facts:
    """Return what a bundle is for. Raise Problem if it is not for this system."""
    try:
        facts = Facts.read(source / FACTS)
    except (OSError, ValueError) as error:
        raise _damaged(source, FACTS) from error
    here = this_system()
    if facts.system != here:
        raise Problem(
            ja=f"{source} のバンドルは {facts.system} 用で，このマシンは {here} である．"
            f"{here} のマシンで作る: ./lab bundle FOLDER",
            en=f"the bundle in {source} is for {facts.system}, and this machine is "
            f"{here}; make one on a machine with {here}: ./lab bundle FOLDER",
        )
    return facts


def _damaged(source: Path, name: str) -> Problem:
    return Problem(
        ja=f"{source} のバンドルの {name} が，無いか，壊れている．何も用意していない．"
        "バンドル全体をコピーし直す．",
        en=f"{name} of the bundle in {source} is missing or damaged; nothing was set "
        "up. Copy the whole bundle again.",
    )


def _sums(source: Path, facts: Facts) -> dict[PurePosixPath, str]:
    """Return the digest of each file of a bundle."""
    try:
        data = (source / SUMS).read_bytes()
    except OSError as error:
        raise _damaged(source, SUMS) from error
    if hashlib.sha256(data).hexdigest() != facts.sums:
        raise _damaged(source, SUMS)
    lines = (line.split("  ", 1) for line in data.decode().splitlines())
    return {PurePosixPath(path): value for value, path in lines}


def _copy_all(source: Path, facts: Facts, new: Path, console: Console) -> None:
    """Check every file of a bundle, and copy those of its cache/ into ``new``."""
    sums = _sums(source, facts)
    try:
        total = sum((source / name).stat().st_size for name in sums)
    except OSError as error:
        missing = Path(error.filename).relative_to(source)
        raise _damaged(source, str(missing)) from error
    title = Text(
        ja="バンドルを確かめ，コピーする", en="Checking and copying the bundle"
    )
    done = 0
    with console.stage(title) as stage:
        for name, expected in sums.items():
            into = Path(os.devnull)
            if name.parts[0] == "cache":
                into = new.joinpath(*name.parts[1:])
                into.parent.mkdir(parents=True, exist_ok=True)
            found = hashlib.sha256()
            try:
                with into.open("wb") as copy:
                    for piece in _pieces(source, name):
                        copy.write(piece)
                        found.update(piece)
                        done += len(piece)
                        stage.update(done, total)
            except OSError as error:  # a full disk does not say where
                raise OSError(error.errno, error.strerror, str(into)) from error
            if found.hexdigest() != expected:
                raise _damaged(source, str(name))
            if into.name == "ssh_key":
                into.chmod(0o600)  # ssh uses no other, and a stick keeps no modes


def _pieces(source: Path, name: PurePosixPath) -> Iterator[bytes]:
    try:
        with (source / name).open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece
    except OSError as error:
        raise _damaged(source, str(name)) from error


def _put_in_place(new: Path, cache: Path) -> None:
    """Move what was copied to where ./lab looks for it; images that are there stay."""
    images = cache / "images"
    images.mkdir(exist_ok=True)
    for image in (new / "images").iterdir():
        if not (images / image.name).exists():
            image.rename(images / image.name)
    shutil.rmtree(cache / PACKAGES, ignore_errors=True)
    (new / PACKAGES).rename(cache / PACKAGES)


def _prepare_apt(folder: Path) -> None:
    """Have apt know the packages of a folder, and nothing else, by apt.conf in it."""
    # The digests above, and who gave the bundle, are what is trusted here.
    where = urllib.parse.quote(str(folder / "debs"))
    (folder / "sources.list").write_text(f"deb [trusted=yes] file:{where} ./\n")
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "apt.conf").write_text(
        f'Dir::Etc::SourceList "{folder}/sources.list";\n'
        'Dir::Etc::SourceParts "/dev/null";\n'
        f'Dir::State::Lists "{folder}/lists";\n'
        'Dir::Cache::pkgcache "";\n'
        'Dir::Cache::srcpkgcache "";\n'
        # The cache is for its user alone, so that apt's own user cannot read it.
        'APT::Sandbox::User "root";\n'
    )
    done = subprocess.run(
        ["apt-get", "-c", str(folder / "apt.conf"), "update", "--quiet"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    if done.returncode != 0:
        reason = " ".join(x for x in done.stderr.splitlines() if x.startswith("E:"))
        raise Problem(
            ja=f"apt がバンドルのパッケージを読めない（{reason}）．",
            en=f"apt cannot read the packages of the bundle ({reason}).",
        )
