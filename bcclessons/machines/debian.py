"""Debian releases, and unpacking their packages into a folder without root."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bcclessons.console.text import Problem

if TYPE_CHECKING:
    from bcclessons.console.stage import Stage

KERNEL_HOOK = Path(__file__).with_name("kernel-hook")
"""What mmdebstrap calls to unpack a kernel's packages."""

OPTIONS = (
    "--mode=chrootless", "--variant=extract",
    "--aptopt=APT::Install-Recommends false",
    "--aptopt=Acquire::Languages none",
    "--aptopt=Acquire::Retries 3",
    # A mirror that lags behind the archive is not worth a failed class.
    "--aptopt=Acquire::Check-Valid-Until false",
    '--setup-hook=mkdir -p "$1"/var/cache/apt/archives',
    # /bin, /sbin and /lib as links into /usr: what Debian's installer makes, and
    # what older base-files does not bring.
    '--setup-hook=cd "$1" && mkdir -p usr/bin usr/sbin usr/lib usr/lib64 && '
    "ln -s usr/bin usr/sbin usr/lib usr/lib64 .",
)  # fmt: skip
"""How mmdebstrap unpacks packages."""


@dataclass(frozen=True)
class Release:
    """A release of Debian that lessons run on: its name here, and its suite.

    ``kernel`` is the oldest version of its kernel, as MAJOR.MINOR. One that goes on
    changing has a new image every ``renewed_days``.
    """

    name: str
    suite: str
    title: str
    kernel: str
    renewed_days: int | None = None


# The first is the default of the VM. Debian 12's headers (6.1) are the ones that
# stand in on kernels without headers: bcc 0.26 to 0.31 compile against them.
RELEASES = (
    Release("debian-13", "trixie", "Debian 13", kernel="6.12"),
    Release("debian-12", "bookworm", "Debian 12", kernel="6.1"),
    Release("debian-11", "bullseye", "Debian 11", kernel="5.10"),
    Release("debian-unstable", "unstable", "Debian unstable", "7.2", 14),
)


def release(name: str) -> Release:
    """Return the release of this name. Raise Problem, naming all, if there is none."""
    for row in RELEASES:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in RELEASES)
    raise Problem(
        ja=f"リリース「{name}」は無い．あるのは {names}．",
        en=f"there is no release '{name}'; there is {names}.",
    )


def _folder_bytes(folder: Path) -> int:
    """Return the bytes of the files in a folder, and in its sub-folders' first level."""
    total = 0
    for path in folder.glob("**/*.deb"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # moved from partial/ while we looked
            continue
    return total


def _announced_bytes(log: str) -> int:
    """Return what apt, and our hook, said that they would download, in bytes."""
    total = sum(int(number) for number in re.findall(r"^KERNEL BYTES (\d+)", log, re.M))
    units = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
    # "Need to get 82.8 MB of archives." or "Need to get 1 MB/82.8 MB of archives."
    for number, unit in re.findall(
        r"^Need to get (?:.*/)?([\d.,]+) ([kMG]?)B", log, re.M
    ):
        total += int(float(number.replace(",", "")) * units[unit])
    return total


def unpack(
    suite: str,
    packages: tuple[str, ...],
    kernel: Literal["headers", "image+headers"],
    into: Path,
    stage: Stage,
) -> None:
    """Unpack packages, what they depend on, and a kernel into the folder ``into``.

    mmdebstrap fetches and checks them (by the signatures of the archive). No
    maintainer script runs, so it needs no root; the caller completes the system.
    Raise Problem when it fails; nothing that it started is left running.
    """
    log = into.with_suffix(".log")
    command = [
        # Ends with all its children when our end of its standard input closes:
        # even SIGKILL does that.
        "sh", "-c",
        'exec 3<&0; (read -r _ <&3; kill 0) & exec "$@" 3<&- </dev/null', "sh",
        "mmdebstrap", "--verbose", *OPTIONS,
        f"--extract-hook={shlex.quote(str(KERNEL_HOOK))} \"$1\" {kernel}",
        f"--include={','.join(packages)}",
        suite, str(into),
    ]  # fmt: skip
    if not packages:
        command = [word for word in command if not word.startswith("--include")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # mmdebstrap refuses a TMPDIR that its helpers cannot enter.
            env={k: v for k, v in os.environ.items() if k != "TMPDIR"},
        )
    try:
        unpacked = present = 0
        while process.poll() is None:
            total = _announced_bytes(log.read_text(errors="replace"))
            before, present = present, _folder_bytes(into / "var/cache/apt/archives")
            if present < before:  # deleted once unpacked
                unpacked += before
            stage.update(min(unpacked + present, total), total)
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        assert process.stdin is not None
        process.stdin.close()
    if process.returncode != 0:
        raise _failure(suite, log.read_text(errors="replace"))


def _failure(suite: str, log: str) -> Problem:
    """Say why mmdebstrap failed, by its own words."""
    errors = [
        line for line in log.splitlines() if re.match(r"E: |.*No space left", line)
    ]
    reason = errors[0].removeprefix("E: ") if errors else log.strip()[-200:]
    if "No space left" in log:
        return Problem(
            ja="ディスクがいっぱいになった．空きを作るか，別の場所を使う: "
            "XDG_CACHE_HOME=/大きなディスク ./lab …",
            en="the disk is full; free some space or use another place: "
            "XDG_CACHE_HOME=/big/disk ./lab …",
        )
    return Problem(
        ja=f"Debian（{suite}）のパッケージを取ってこられない: {reason} "
        "ネットワークと apt の設定を確かめ，もう一度実行する．",
        en=f"cannot fetch the packages of Debian ({suite}): {reason} "
        "Check the network and apt's settings, and run it again.",
    )
