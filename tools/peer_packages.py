"""The packages of the tools that lessons are compared with, and how a VM gets them."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bcclessons.console.text import Problem
from bcclessons.machines import debian
from bcclessons.machines.commands import output

if TYPE_CHECKING:
    from bcclessons.console.console import Console
    from bcclessons.machines import Machine
    from bcclessons.machines.debian import Release

PACKAGES = {
    "execsnoop-bpfcc": "bpfcc-tools",
    "execsnoop": "libbpf-tools",
    "bpftrace": "bpftrace",
    "perf": "linux-perf",
}
"""The package of each program."""

_FETCHED = "fetched"


def version(package: str, root: Path) -> str:
    """Return the version of a package that is installed on this machine (``root`` is /).

    Or of one that ``unpacked`` has fetched for a root.
    """
    if root != Path("/"):
        (archive,) = (root.parent / _FETCHED / "archives").glob(f"{package}_*.deb")
        return unquote(archive.name.split("_")[1])
    found = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "?"


# What the tools are below the root of a Debian; the rest of their packages is texts.
_FILES = (
    "usr/bin/bpftrace",
    "usr/bin/perf*",
    "usr/sbin/execsnoop-*",
    "usr/lib/*/*.so*",
)


def unpacked(release: Release, folder: Path, console: Console) -> Path:
    """Fetch a release's packages of the tools into a folder; return their root."""
    root, packages = folder / "root", tuple(PACKAGES.values())
    fetched = folder / _FETCHED
    debian.unpack(release.suite, packages, "headers", root, fetched, console)
    return root


def bring(root: Path, machine: Machine) -> None:
    """Copy the tools, and the libraries that it lacks, to a VM; they end with it."""
    there = set(output(machine, "find / -xdev").splitlines())
    missing = [
        path
        for pattern in _FILES
        for path in root.glob(pattern)
        if f"/{path.relative_to(root)}" not in there
    ]
    argv = machine.command(["busybox", "tar", "-x", "-C", "/"], root=True)
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        with tarfile.open(fileobj=process.stdin, mode="w|") as archive:
            for path in missing:
                name = str(path.relative_to(root))
                # Debian 13 names it so that both packages can be installed.
                archive.add(path, name.replace("execsnoop-libbpf", "execsnoop"))
        process.stdin.close()
    if process.returncode != 0:
        raise Problem(
            ja="ツールを VM にコピーできない．もう一度実行する: ./lab bench peers --vm",
            en="the tools cannot be copied to the VM; run this again: ./lab bench peers --vm",
        )
