"""Short commands on a machine: what they print, and the versions of kernel and bcc."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from bcclessons.console.text import Problem

if TYPE_CHECKING:
    from bcclessons.machines import Machine


class Versions(NamedTuple):
    """The release of a machine's kernel, and the version of its bcc."""

    kernel: str
    bcc: str


def output(machine: Machine, script: str) -> str:
    """Run a shell script on a machine; return what it prints. Raise Problem if it fails."""
    done = subprocess.run(
        machine.command(["sh", "-ec", script]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        title = machine.title
        raise Problem(
            ja=f"{title.ja}でコマンドが失敗した: {script}",
            en=f"a command failed on {title.en}: {script}",
        )
    return done.stdout


def versions(machine: Machine) -> Versions:
    """Return a machine's versions. Raise Problem if it has no bcc."""
    script = "uname -r; /usr/bin/python3 -c 'import bcc; print(bcc.__version__)'"
    return Versions(*output(machine, script).split())
