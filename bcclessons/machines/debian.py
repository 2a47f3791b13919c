"""Debian releases, and unpacking their packages into a folder without root."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bcclessons.console.text import Problem, Text

if TYPE_CHECKING:
    from bcclessons.console.console import Console

KERNEL_HOOK = Path(__file__).with_name("kernel-hook")
"""What mmdebstrap calls to fetch and to unpack a kernel's packages."""

OPTIONS = (
    "--mode=chrootless", "--variant=extract",
    "--aptopt=APT::Install-Recommends false",
    "--aptopt=Acquire::Languages none",
    "--aptopt=Acquire::Retries 3",
    # A mirror that lags behind the archive is not worth a failed class.
    "--aptopt=Acquire::Check-Valid-Until false",
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
        ja=f"Debian の版「{name}」は無い．あるのは {names}．例: --on {RELEASES[0].name}",
        en=f"there is no release '{name}'; there is {names}: "
        f"type --on {RELEASES[0].name}",
    )


def _fetched_bytes(folder: Path) -> int:
    """Return the bytes of the packages in a folder, whole and in part."""
    total = 0
    for path in folder.glob("**/*.deb"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # moved from partial/ while we looked
            continue
    return total


def _announced_bytes(log: str) -> int:
    """Return what our hook said that is to be downloaded, in bytes; 0 before it did."""
    found = re.search(r"^TOTAL BYTES (\d+)", log, re.MULTILINE)
    return int(found[1]) if found else 0


def unpack(
    suite: str,
    packages: tuple[str, ...],
    kernel: Literal["headers", "image+headers"],
    into: Path,
    fetched: Path,
    console: Console,
) -> None:
    """Unpack packages, what they depend on, and a kernel into the folder ``into``.

    mmdebstrap fetches and checks them (by the signatures of the archive). What it has
    fetched is in the folder ``fetched``, which the next call goes on from; the caller
    removes it when all is done. No maintainer script runs, so it needs no root; the
    caller completes the system. Raise Problem when it fails; nothing that it started
    is left running.
    """
    fetched = fetched.absolute()
    for name in ("archives/partial", "lists/partial"):
        (fetched / name).mkdir(parents=True, exist_ok=True)
    log = into.with_suffix(".log")
    hook, folder = shlex.quote(str(KERNEL_HOOK)), shlex.quote(str(fetched))
    command = [
        # Ends with all its children when our end of its standard input closes:
        # even SIGKILL does that.
        "sh", "-c",
        'exec 3<&0; (read -r _ <&3; kill 0) & exec "$@" 3<&- </dev/null', "sh",
        # Newer ones refuse this mode to root, for what maintainer scripts might do; none
        # runs here.
        "mmdebstrap", "--verbose", *OPTIONS,
        "--skip=check/chrootless,essential/unlink,cleanup/apt",
        '--setup-hook=cd "$1" && rm -rf var/cache/apt/archives var/lib/apt/lists && '
        f"ln -s {folder}/archives var/cache/apt && ln -s {folder}/lists var/lib/apt",
        f'--setup-hook={hook} "$1" fetch {kernel} {shlex.join(packages)}',
        f'--extract-hook={hook} "$1" unpack',
        *([f"--include={','.join(packages)}"] if packages else []),
        suite, str(into),
    ]  # fmt: skip
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
        title = Text(
            ja=f"Debian（{suite}）のパッケージをダウンロードする",
            en=f"Fetching packages of Debian ({suite})",
        )
        done = total = 0
        with console.stage(title) as stage:
            while _runs(process) and (done < total or not total):
                total = _announced_bytes(log.read_text(errors="replace"))
                done = min(_fetched_bytes(fetched / "archives"), total)
                stage.update(done, total)
        with console.stage(Text(ja="展開する", en="Unpacking them")):
            while _runs(process):
                pass
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        assert process.stdin is not None
        process.stdin.close()
    if process.returncode != 0:
        free = shutil.disk_usage(into.parent).free
        raise _failure(suite, log.read_text(errors="replace"), free)


def _runs(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process runs, after waiting for its end for a moment."""
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return True
    return False


# Less is left only by what has filled the disk; then the log may be cut short.
LITTLE_BYTES = 1_000_000


def _failure(suite: str, log: str, free: int) -> Problem:
    """Say why mmdebstrap failed, by its own words and the free bytes of the disk."""
    errors = [
        line for line in log.splitlines() if re.match(r"E: |.*No space left", line)
    ]
    reason = errors[0].removeprefix("E: ") if errors else log.strip()[-200:]
    if "No space left" in log or free < LITTLE_BYTES:
        return Problem(
            ja="ディスクがいっぱいになった．空きを作るか，別の場所を使う: "
            "XDG_CACHE_HOME=/大きなディスク ./lab …",
            en="the disk is full; free some space or use another place: "
            "XDG_CACHE_HOME=/big/disk ./lab …",
        )
    return Problem(
        ja=f"Debian（{suite}）のパッケージをダウンロードできない: {reason} "
        "ネットワークと apt の設定を確かめ，もう一度実行する．",
        en=f"cannot fetch the packages of Debian ({suite}): {reason} "
        "Check the network and apt's settings, and run it again.",
    )
