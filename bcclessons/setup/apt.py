"""Installing Debian or Ubuntu packages, after saying which and why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem, Text

if TYPE_CHECKING:
    from bcclessons.console.console import Console


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
            en=f"{reason.en} needs software that is, under Debian's name: {names}. "
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
    command = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    by_hand = " ".join(word for word in command if word != "-n")
    which = "this package" if len(packages) == 1 else "these packages"
    console.say(
        Text(
            ja=f"{reason.ja}に，パッケージが要る: {names}",
            en=f"{reason.en} needs {which}: {names}",
        )
    )
    if not console.confirm(Text(ja=f"実行するか: {by_hand}", en=f"Run {by_hand}?")):
        raise Problem(
            ja=f"何も入れていない．自分で入れるには: {by_hand}",
            en=f"nothing was installed; to install it yourself: {by_hand}",
        )
    with console.stage(Text(ja="パッケージを入れている", en="Installing the packages")):
        done = _run(command)
        errors = done.stderr
        if done.returncode != 0 and "sudo:" not in errors:
            # The lists may be missing (a new container) or too old for the mirror.
            # A third party's broken source must not stop us: only install counts.
            errors = _run([*apt, "update"]).stderr
            done = _run(command)
            errors += done.stderr
    if done.returncode != 0:
        lines = [x for x in errors.splitlines() if x.startswith(("E:", "sudo:"))]
        cause = " ".join(dict.fromkeys(lines)) or f"status {done.returncode}"
        raise Problem(
            ja=f"パッケージが入らない（{cause}）．端末で実行する: {by_hand}",
            en=f"cannot install {which} ({cause}); try it by hand: {by_hand}",
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        # The terminal, for sudo to ask on; apt itself is told not to ask.
        stdin=None if sys.stdin.isatty() else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
    )
