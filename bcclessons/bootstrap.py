"""The first steps of ./lab: a Python environment outside the checkout.

Runs under the system's bare Python, so it uses nothing but the standard library
and the modules of this package that do as well.
"""

from __future__ import annotations

import hashlib
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

CHECKOUT = Path(__file__).resolve().parents[1]


def environment(requirements: str, console: Console) -> Path:
    """Return the Python of the environment for a lock file, made first if need be.

    The environment belongs to the lock's text and to this Python's version: a new
    lock gets a new one, and the old is deleted.
    """
    lock = CHECKOUT / requirements
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache_folder(os.environ) / "python" / f"{lock.stem}-{digest}"
    if not (folder / "complete").exists():
        waiting = Text(
            ja="別の ./lab が Python の環境を作っている．終わるのを待つ．",
            en="another ./lab is making the Python environment; waiting for it.",
        )
        with locked(folder.parent / "lock", lambda: console.say(waiting)):
            if not (folder / "complete").exists():
                _install_venv(console)
                _make(folder, lock, console)
                for older in folder.parent.glob(f"{lock.stem}-*"):
                    if older != folder and older.name.rpartition("-")[0] == lock.stem:
                        shutil.rmtree(older, ignore_errors=True)
    return folder / "bin/python"


def _install_venv(console: Console) -> None:
    """Install what Debian and Ubuntu split off from Python's venv."""
    if importlib.util.find_spec("ensurepip") is None:
        reason = Text(ja="Python の環境を作るの", en="Making a Python environment")
        install(["python3-venv"], reason, console)


def _make(folder: Path, lock: Path, console: Console) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    title = Text(
        ja="Python の環境を作る（初回だけ）", en="Making the Python environment (once)"
    )
    try:
        with console.stage(title):
            # Not an environment's own Python, if this one is.
            base = Path(sys.base_prefix) / f"bin/python{sys.version_info[0]}"
            _call(str(base), "-m", "venv", str(folder))
            _call(
                str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check",
                "install", "--quiet", "--require-hashes", "--only-binary", ":all:",
                "-r", str(lock),
            )  # fmt: skip
        (folder / "complete").touch()
    finally:
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)


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


def run(lab: str, arguments: list[str]) -> int:
    """Run ./lab with these arguments in its environment; return its exit status."""
    console = Console(
        language_wanted(arguments, os.environ), assume_yes="--yes" in arguments
    )
    try:
        python = environment("requirements.txt", console)
    except Problem as problem:
        print("lab:", problem.text.to(console.language), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if Path(sys.prefix).resolve() != python.parents[1].resolve():
        os.execv(python, [str(python), lab, *arguments])
    # Its packages are there from here on.
    from bcclessons import cli

    return cli.main(arguments)
