"""What every machine is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.machines.debian import RELEASES, Release

if TYPE_CHECKING:
    from bcclessons.console.console import Console


@dataclass(frozen=True)
class Workspace:
    """A checkout, a cache folder, the console to speak on, the release of a VM."""

    checkout: Path
    cache: Path
    console: Console
    release: Release = RELEASES[0]

    def on(self, release: Release) -> Workspace:
        """Return the same with VMs of another release."""
        return replace(self, release=release)
