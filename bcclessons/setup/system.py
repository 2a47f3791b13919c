"""A machine, as its files and a few commands show it."""

from __future__ import annotations

import glob
import grp
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# An ordinary user's PATH lacks these on Debian, but depmod and mkfs.* are there.
_ADMIN_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def version_of(release: str) -> tuple[int, int]:
    """Return MAJOR, MINOR of a kernel's release, as integers: 5.10 is after 5.9."""
    match = re.match(r"(\d+)\.(\d+)", release)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def utf8_settings() -> dict[str, str]:
    """Return what to set for a shell whose locale is not UTF-8, or is not installed.

    There less calls the lessons binary, and the shell shows the bytes of a path.
    """
    found = subprocess.run(["locale", "charmap"], capture_output=True, text=True)
    return {} if found.stdout.strip() == "UTF-8" else {"LC_ALL": "C.UTF-8"}


def ask_for_password() -> None:
    """Have sudo ask here, where nothing else is drawn, if somebody can answer."""
    if sys.stdin.isatty():
        subprocess.run(["sudo", "-v"], check=False)


@dataclass(frozen=True)
class System:
    """A machine. ``root`` may be a folder that holds another machine's files.

    Names of files are absolute and are looked up below ``root``. Nothing here
    raises on what is not there. ``groups`` are this process's, by name.
    """

    root: Path
    environment: Mapping[str, str]
    euid: int
    release: str
    machine: str
    groups: frozenset[str] = frozenset()

    @classmethod
    def here(cls) -> System:
        """Return this machine, as seen by this process."""
        uname = os.uname()
        gids = {os.getegid(), *os.getgroups()}
        return cls(
            root=Path("/"),
            environment=dict(os.environ),
            euid=os.geteuid(),
            release=uname.release,
            machine=uname.machine,
            groups=frozenset(g.gr_name for g in grp.getgrall() if g.gr_gid in gids),
        )

    def path(self, name: str) -> Path:
        """Return where a file of this machine is."""
        return self.root / name.lstrip("/")

    def read_bytes(self, name: str) -> bytes | None:
        """Return a file's content, or None where it cannot be read."""
        try:
            return self.path(name).read_bytes()
        except OSError:
            return None

    def read(self, name: str) -> str | None:
        """Return a file's text, or None where it cannot be read."""
        content = self.read_bytes(name)
        return None if content is None else content.decode(errors="replace")

    def exists(self, name: str) -> bool:
        """Tell whether a file or folder is there, for this user to see."""
        return os.path.exists(self.path(name))

    def glob(self, pattern: str) -> list[str]:
        """Return the names that fit an absolute pattern, sorted."""
        found = glob.glob(pattern.lstrip("/"), root_dir=self.root)
        return sorted(f"/{name}" for name in found)

    def can_open(self, name: str) -> bool:
        """Tell whether this user can open a device for reading and writing."""
        try:
            os.close(os.open(self.path(name), os.O_RDWR | os.O_CLOEXEC))
        except OSError:
            return False
        return True

    def which(self, name: str) -> str | None:
        """Return the program that a command names, as the shell of root finds it."""
        folders = [*self.environment.get("PATH", "").split(":"), *_ADMIN_FOLDERS]
        path = ":".join(str(self.path(f)) for f in folders if f.startswith("/"))
        found = shutil.which(name, path=path)
        return None if found is None else f"/{os.path.relpath(found, self.root)}"

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a short command in English; its status is 127 if that cannot be."""
        try:
            return subprocess.run(
                argv,
                capture_output=True,
                check=False,
                encoding="utf-8",
                env={**self.environment, "LC_ALL": "C"},
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=2,
            )
        except (OSError, subprocess.SubprocessError):
            return subprocess.CompletedProcess(argv, 127, "", "")

    def free_bytes(self, folder: Path) -> int:
        """Return the free space of the file system that a folder is on."""
        return shutil.disk_usage(folder).free
