"""Where a user wants something to run."""

from __future__ import annotations

from typing import NamedTuple

from bcclessons.console.text import Problem
from bcclessons.doctor.placement import Place
from bcclessons.machines import debian
from bcclessons.machines.debian import Release


class Target(NamedTuple):
    """Where to run, as far as the user decides, and the release of a VM."""

    place: Place | None = None
    release: Release = debian.RELEASES[0]

    @classmethod
    def from_options(cls, *, host: bool, vm: bool, on: str | None) -> Target:
        """Return what --host, --vm and --on mean. Raise Problem if they clash."""
        release = debian.RELEASES[0] if on is None else debian.release(on)
        if not host:
            return cls(Place.VM if vm or on is not None else None, release)
        if vm or on is not None:
            raise Problem(
                ja="--host はこのマシンで，--vm と --on は VM で動かす．"
                "どちらかだけを指定する．",
                en="--host runs on this machine, --vm and --on in a VM; "
                "give one or the other.",
            )
        return cls(Place.HOST, release)

    def options(self) -> list[str]:
        """Return the options that mean this."""
        if self.place is Place.VM:
            return ["--on", self.release.name]
        return [] if self.place is None else ["--host"]


ANYWHERE = Target()
"""No wish of the user, and a VM of the default release."""
