"""The commands that fix a machine, for a person to paste."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcclessons.setup.system import System


@dataclass(frozen=True)
class Fix:
    """A command, and the Debian packages that it installs.

    ``command`` is empty where only packages help and this machine has no apt.
    """

    command: str
    packages: tuple[str, ...] = ()


def as_root(system: System, *lines: str) -> Fix:
    """Return a fix of command lines that root types."""
    sudo = "" if system.euid == 0 else "sudo "
    return Fix(" && ".join(sudo + line for line in lines))


class PackageManager:
    """The apt of a machine, as far as it has one."""

    def __init__(self, system: System) -> None:
        self._system = system

    @property
    def present(self) -> bool:
        """Whether the machine has apt."""
        return self._system.which("apt-get") is not None

    @property
    def updated(self) -> bool:
        """Whether apt has lists of packages; a new container has none."""
        return bool(self._system.glob("/var/lib/apt/lists/*_Packages*"))

    def install(self, *packages: str) -> Fix:
        """Return a fix that installs packages."""
        if not self.present:
            return Fix("", packages)
        update = () if self.updated else ("apt-get update",)
        command = f"apt-get install {' '.join(packages)}"
        return Fix(as_root(self._system, *update, command).command, packages)
