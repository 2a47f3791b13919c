"""Installing the distribution's packages, after saying which and why."""

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
    """Install Debian or Ubuntu packages, asking first in a terminal.

    Raise Problem, naming the command to type, where that is not possible.
    """
    if not packages:
        return
    names = " ".join(packages)
    apt = shutil.which("apt-get")
    if apt is None:
        raise Problem(
            ja=f"{reason.ja}に，次のソフトウェアが要る．Debian での名前は {names}．"
            "お使いのシステムのパッケージで入れてから，もう一度実行する．",
            en=f"{reason.en} takes software that Debian calls {names}. Install it "
            "with your system's package manager, and run this again.",
        )
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise Problem(
                ja=f"{reason.ja}にパッケージが要るが，root でも sudo でもない．"
                f"管理者に頼む: {' '.join(command)}",
                en=f"{reason.en} takes packages, and this is neither root nor is "
                f"there sudo; ask an administrator for: {' '.join(command)}",
            )
        # Nobody can type a password where there is no terminal.
        command = ["sudo", *([] if sys.stdin.isatty() else ["-n"]), *command]
    console.say(
        Text(
            ja=f"{reason.ja}に，パッケージを入れる: {names}",
            en=f"{reason.en} takes packages: {names}",
        )
    )
    if not console.confirm(
        Text(ja=f"実行してよいか: {' '.join(command)}", en=f"Run {' '.join(command)}?")
    ):
        raise Problem(
            ja=f"パッケージを入れずに終わる．あとで入れるには: {' '.join(command)}",
            en=f"stopped without the packages; to install them: {' '.join(command)}",
        )
    title = Text(ja="apt が働いている", en="apt is at work")
    with console.stage(title):
        done = _run(command)
        said = done.stderr
        if done.returncode != 0 and "sudo:" not in said:
            # The lists may be missing (a new container) or too old for the mirror.
            # A third party's broken source must not stop us: only install counts.
            said = _run([*command[: command.index("apt-get") + 1], "update"]).stderr
            done = _run(command)
            said += done.stderr
    if done.returncode != 0:
        lines = [x for x in said.splitlines() if x.startswith(("E:", "sudo:"))]
        words = " ".join(dict.fromkeys(lines)) or f"status {done.returncode}"
        by_hand = " ".join(word for word in command if word != "-n")
        raise Problem(
            ja=f"パッケージが入らない（{words}）．端末で実行する: {by_hand}",
            en=f"the packages could not be installed ({words}); run it by hand: "
            f"{by_hand}",
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
