"""Making the Python environments of ./lab, under the system's bare Python."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bcclessons.cache import cache_folder, locked
from bcclessons.console import Console
from bcclessons.packages import install
from bcclessons.text import Problem, Text, language_wanted


def make_for(arguments: list[str], folder: Path, lock: Path) -> int:
    """Make an environment for ./lab with these arguments; return its exit status."""
    console = Console(
        language_wanted(arguments, os.environ), assume_yes="--yes" in arguments
    )
    try:
        make(folder, lock, console)
    except Problem as problem:
        print("lab:", problem.text.to(console.language), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def make(folder: Path, lock: Path, console: Console) -> None:
    """Make the environment of a lock file, unless another ./lab just has.

    It is whole when the file ``complete`` is in it. Older ones of the same lock
    are deleted.
    """
    if (folder / "complete").exists():
        return
    waiting = Text(
        ja="別の ./lab が Python の環境を作っている．終わるのを待つ．",
        en="another ./lab is making the Python environment; waiting for it.",
    )
    cache_folder(os.environ)
    with locked(folder.parent / "lock", lambda: console.say(waiting)):
        if (folder / "complete").exists():
            return
        if importlib.util.find_spec("ensurepip") is None:
            # Debian and Ubuntu split it off.
            reason = Text(ja="Python の環境を作るの", en="Making a Python environment")
            install(["python3-venv"], reason, console)
        title = Text(
            ja="Python の環境を作る（初回だけ）",
            en="Making the Python environment (once)",
        )
        try:
            with console.stage(title):
                _fill(folder, lock)
            (folder / "complete").touch()
        finally:
            if not (folder / "complete").exists():
                shutil.rmtree(folder, ignore_errors=True)
        for older in folder.parent.glob(f"{lock.stem}-????????????"):
            if older != folder:
                shutil.rmtree(older, ignore_errors=True)


def _fill(folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # Not an environment's own Python, if this one is.
    base = Path(sys.base_prefix) / f"bin/python{sys.version_info[0]}"
    _call(str(base), "-m", "venv", str(folder))
    _call(
        str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check",
        "install", "--quiet", "--require-hashes", "--only-binary", ":all:",
        "-r", str(lock),
    )  # fmt: skip


def _call(*command: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).strip().splitlines()[-1:])
        raise Problem(
            Text(
                ja=f"Python の環境を用意できない（{said}）．ネットワークとディスクの空きを"
                "確かめ，もう一度実行する．",
                en=f"cannot prepare the Python environment ({said}); look at the network "
                "and at the free disk space, and run it again.",
            )
        )
