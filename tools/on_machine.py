"""Modules of tools/ that a machine's own Python runs there, and what that machine is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem
from bcclessons.machines.commands import output

if TYPE_CHECKING:
    from bcclessons.machines import Machine


def run(
    machine: Machine, module: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a module of tools as root, with nothing to read; keep what it prints."""
    argv = ["/usr/bin/python3", "-B", "-m", f"tools.{module}", *arguments]
    return subprocess.run(
        machine.command(argv, root=True),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last line that a module wrote on standard error."""
    return (done.stderr.strip().splitlines() or ["?"])[-1]


def printed(machine: Machine, module: str, *arguments: str) -> str:
    """Return what a module of tools prints. Raise Problem if it fails."""
    done = run(machine, module, *arguments)
    if done.returncode != 0:
        title, said = machine.title, last_words(done)
        raise Problem(
            ja=f"{title.ja}で測れない（{said}）．調べる: ./lab doctor",
            en=f"cannot measure on {title.en} ({said}); to see why: ./lab doctor",
        )
    return done.stdout


def system(machine: Machine) -> str:
    """Return the name and version of a machine's distribution."""
    script = '. /etc/os-release; echo "$NAME $VERSION_ID"'
    return output(machine, script).strip()
