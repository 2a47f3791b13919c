"""Installing Debian or Ubuntu packages, after saying which and why."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem, Text
from bcclessons.setup import bundle
from bcclessons.setup.cost import Cost, fetching
from bcclessons.setup.paths import cache_path
from bcclessons.setup.system import ask_for_password

if TYPE_CHECKING:
    from bcclessons.console.console import Console


_UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}


def install(packages: Sequence[str], reason: Text, console: Console) -> None:
    """Install packages, if any, saying which and why.

    Nothing is installed without asking where there is somebody to ask, that is, where
    stdin and stderr are terminals, unless the command line has --yes. ``reason``
    is what needs them, as in "Recording".
    Raise Problem, naming the command to type, where they cannot be installed.
    """
    if not packages:
        return
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise Problem(
            ja=f"{reason.ja}に，次のソフトウェアが要る（Debian での名前）: {names}．"
            "このシステムのパッケージで入れてから，もう一度実行する．",
            en=f"{reason.en} needs this software (Debian's names): {names}. "
            "Install it with this system's package manager, and run this again.",
        )
    apt = ["apt-get"]
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise Problem(
                ja=f"{reason.ja}にパッケージが要るが，root でなく，sudo も無い．"
                f"管理者に頼む: apt-get install {names}",
                en=f"{reason.en} needs packages, but this user is not root and there "
                f"is no sudo; ask an administrator for: apt-get install {names}",
            )
        # Nobody can type a password where there is no terminal.
        apt = ["sudo", *([] if sys.stdin.isatty() else ["-n"]), "apt-get"]
    taken = bundle.taken(cache_path(os.environ))
    bundled = taken is not None and taken.has_packages(packages)
    if taken is not None and bundled:
        apt += taken.apt_options
    command = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    by_hand = " ".join(word for word in command if word != "-n")
    which = "this package" if len(packages) == 1 else "these packages"
    cost = None if bundled else _cost(packages)
    console.say(
        Text(
            ja=f"{reason.ja}に，パッケージが要る: {names}"
            + (f"（{cost.ja}）" if cost else ""),
            en=f"{reason.en} needs {which}: {names}"
            + (f" ({cost.en})" if cost else ""),
        )
    )
    if not console.confirm(Text(ja=f"実行するか: {by_hand}", en=f"Run {by_hand}?")):
        raise Problem(
            ja=f"何も入れていない．自分で入れるには: {by_hand}",
            en=f"nothing was installed; to install it yourself: {by_hand}",
        )
    fetch = [*command, "--download-only"]
    with fetching(console):
        if apt[0] == "sudo":
            ask_for_password()
        with console.stage(
            Text(ja="パッケージをダウンロードする", en="Fetching the packages")
        ):
            done = _run(fetch)
            errors = done.stderr
            if done.returncode != 0 and "sudo:" not in errors:
                # The lists may be missing (a new container) or too old for the mirror.
                # A third party's broken source must not stop us: only install counts.
                errors = _run([*apt, "update"]).stderr
                done = _run(fetch)
                errors += done.stderr
    if done.returncode == 0:
        title = Text(
            ja="パッケージを入れる（Ctrl-C では止まらない）",
            en="Installing them (Ctrl-C does not stop it)",
        )
        with console.stage(title), _uninterrupted():
            done = _run(command)
            errors += done.stderr
    if done.returncode != 0:
        lines = [x for x in errors.splitlines() if x.startswith(("E:", "sudo:"))]
        cause = " ".join(dict.fromkeys(lines)) or f"status {done.returncode}"
        raise Problem(
            ja=f"パッケージが入らない（{cause}）．端末で実行する: {by_hand}",
            en=f"cannot install {which} ({cause}); try it by hand: {by_hand}",
        )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let nobody interrupt dpkg, which would have to be repaired by hand.

    What is started meanwhile ignores Ctrl-C, too.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _cost(packages: Sequence[str]) -> Text | None:
    """Return what apt says that packages and what they depend on cost, if it knows."""
    asked = ["apt-get", "install", "--print-uris", "--yes", "--no-install-recommends"]
    said = _run([*asked, *packages], stdout=subprocess.PIPE).stdout or ""
    number = r"([\d.,]+) ([kMG]?)B"
    download = re.search(rf"^Need to get (?:.*/)?{number}", said, re.MULTILINE)
    disk = re.search(rf"^After this operation, {number}", said, re.MULTILINE)
    if not download or not disk:
        return None
    fetched, used = (
        float(found[1].replace(",", "")) * _UNITS[found[2]]
        for found in (download, disk)
    )
    # At 10 MB/s, and dpkg's speed on two cores of a server, 2026-11-25.
    return Cost(fetched, used, fetched / 10e6 + used / 20e6).text


def _run(
    command: list[str], stdout: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        # The terminal, for sudo to ask on; apt itself is told not to ask.
        stdin=None if sys.stdin.isatty() else subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
    )
