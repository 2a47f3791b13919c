"""Making the Python environments of ./lab, under the system's bare Python."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from bcclessons.console.console import Console
from bcclessons.console.text import Problem, Text
from bcclessons.setup import bundle
from bcclessons.setup.apt import install
from bcclessons.setup.cache import build_once, cache_folder
from bcclessons.setup.cost import Cost, fetching
from bcclessons.setup.files import unwritable
from bcclessons.setup.paths import BUNDLE

# Measured on 2026-11-25 with Python 3.11, on two cores of a server with a fast network.
COSTS = {
    "requirements": Cost(3e6, 41e6, 10),
    "requirements-site": Cost(34e6, 198e6, 20),
    "requirements-dev": Cost(170e6, 638e6, 40),
}
USES = {
    "requirements": Text(ja="./lab のため", en="for ./lab"),
    "requirements-site": Text(ja="Web サイトのため", en="for the website"),
    "requirements-dev": Text(ja="テストのため", en="for the tests"),
}
# Less is left only by what has filled the disk: pip says so, ensurepip does not.
LITTLE_BYTES = 30_000_000


def make_for(arguments: list[str], folder: Path, lock: Path) -> int:
    """Make an environment for ./lab with these arguments; return its exit status.

    Before, fill the cache from the bundle that the environment variable names, if any.
    """
    console = Console.of(arguments, os.environ)
    try:
        if source := os.environ.get(BUNDLE):
            bundle.take(Path(source).resolve(), cache_folder(os.environ), console)
        make(folder, lock, console)
    except (Problem, OSError) as error:
        problem = error if isinstance(error, Problem) else unwritable(error)
        if problem is None:
            raise
        console.fail(problem.text)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def make(folder: Path, lock: Path, console: Console) -> None:
    """Make the environment of a lock file, unless it is there."""

    def fill() -> None:
        if importlib.util.find_spec("ensurepip") is None:
            # Debian and Ubuntu split it off.
            reason = Text(ja="Python の環境を作るの", en="Making a Python environment")
            install(["python3-venv"], reason, console)
        cost, use = COSTS[lock.stem], USES[lock.stem]
        if _wheels(lock):
            cost = replace(cost, download=0)
        console.say(
            Text(
                ja=f"{use.ja}の Python の環境を {folder.parent} に作る．初回だけである"
                f"（{cost.text.ja}）．",
                en=f"Making a Python environment {use.en} in {folder.parent}, which is "
                f"done once: {cost.text.en}.",
            )
        )
        title = Text(
            ja="パッケージをダウンロードして入れる", en="Fetching and installing it"
        )
        with fetching(console), console.stage(title):
            _fill(folder, lock)
        shutil.rmtree(_fetched(folder), ignore_errors=True)

    name = Text(ja="Python の環境", en="the Python environment")
    cache_folder(os.environ)
    build_once(folder, fill, name, console)


def _fetched(folder: Path) -> Path:
    """Return where pip keeps what it has fetched, until the environment is made."""
    return folder.with_name(f"fetched-{folder.name}")


def _wheels(lock: Path) -> list[str]:
    """Return pip's options for the wheels of a bundle, if it has those of a lock."""
    taken = bundle.taken(cache_folder(os.environ))
    if taken is None or not taken.has_wheels(lock):
        return []
    return ["--no-index", "--find-links", str(taken.wheels)]


def _fill(folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # Not an environment's own Python, if this one is.
    base = Path(sys.base_prefix) / f"bin/python{sys.version_info[0]}"
    call(folder, str(base), "-m", "venv", str(folder))
    call(
        folder, str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check",
        "install", "--quiet", "--cache-dir", str(_fetched(folder)), "--require-hashes", "--only-binary", ":all:",
        *_wheels(lock), "-r", str(lock),
    )  # fmt: skip


def call(folder: Path, *command: str) -> None:
    """Run a command that fills an environment's folder, or raise Problem."""
    done = subprocess.run(
        # It ends with this process, even by SIGKILL: the lock on the folder does, too,
        # and the next ./lab fills it anew.
        ["setpriv", "--pdeathsig", "KILL", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PIP_NO_CACHE_DIR"},
    )
    if done.returncode == 0:
        return
    output = (done.stderr or done.stdout).strip()
    free = shutil.disk_usage(folder.parent).free
    if "No space left" in output or free < LITTLE_BYTES:
        raise Problem(
            ja=f"ディスクがいっぱいで，Python の環境を {folder.parent} に作れない．"
            "空きを作るか，別の場所を使う: XDG_CACHE_HOME=/大きなディスク ./lab …",
            en=f"cannot create the Python environment: the disk of {folder.parent} is "
            "full. Free some space or use another place: XDG_CACHE_HOME=/big/disk "
            "./lab …",
        )
    cause = " ".join(output.splitlines()[-1:])
    raise Problem(
        ja=f"Python の環境を作れない（{cause}）．ネットワークを確かめ，もう一度実行する．",
        en=f"cannot create the Python environment ({cause}); check the network and "
        "run this again.",
    )
