"""The commands that mend a machine, for a person to paste."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcclessons.setup.system import System

_FEDORA_NAMES = {
    "python3-bpfcc": "python3-bcc",
    "qemu-system-x86": "qemu-system-x86-core",
    "openssh-client": "openssh-clients",
    "debian-archive-keyring": "debian-keyring",
}


@dataclass(frozen=True)
class Fix:
    """A command, and the Debian packages that it installs.

    ``command`` is empty where only packages help and this machine has no package
    manager that we know.
    """

    command: str
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mender:
    """Writes fixes in the terms of one machine.

    ``stale`` tells that apt has no lists of packages yet, as in a new container.
    """

    manager: str | None
    sudo: str
    stale: bool

    @classmethod
    def of(cls, system: System) -> Mender:
        """Return the one for this machine."""
        return cls(
            manager=next(filter(system.which, ("apt-get", "dnf")), None),
            sudo="" if system.euid == 0 else "sudo ",
            stale=not system.glob("/var/lib/apt/lists/*_Packages*"),
        )

    def command(self, line: str, *more: str) -> Fix:
        """Return a fix of command lines that root types."""
        return Fix(" && ".join(self.sudo + each for each in (line, *more)))

    def install(self, *packages: str) -> Fix:
        """Return a fix that installs Debian packages, under their names here."""
        if self.manager is None:
            return Fix("", packages)
        fedora = self.manager == "dnf"
        names = [_FEDORA_NAMES.get(name, name) if fedora else name for name in packages]
        lines = [f"{self.manager} install {' '.join(names)}"]
        if self.stale and not fedora:
            lines.insert(0, "apt-get update")
        return Fix(self.command(*lines).command, packages)
