"""The first steps of ./lab: a Python environment outside the checkout.

Runs under the system's bare Python, so it uses nothing but the standard library
and the modules of this package that do as well. It runs at every ./lab, so what
only the making of an environment needs is imported there.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcclessons.console import Console

CHECKOUT = Path(__file__).resolve().parents[1]


def _folder(lock: Path) -> Path:
    """Return where a lock's environment is.

    It belongs to the lock's text and to this Python's version.
    """
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "bcc-lessons" / "python" / f"{lock.stem}-{digest}"


def environment(requirements: str, console: Console) -> Path:
    """Return the Python of a lock file's environment, made first if need be."""
    from bcclessons import environments

    lock = CHECKOUT / requirements
    folder = _folder(lock)
    if not (folder / "complete").exists():
        environments.make(folder, lock, console)
    return folder / "bin/python"


def run(lab: str, arguments: list[str]) -> int:
    """Run ./lab with these arguments in its environment; return its exit status."""
    folder = _folder(CHECKOUT / "requirements.txt")
    if not (folder / "complete").exists():
        from bcclessons import environments

        status = environments.make_for(arguments, folder, CHECKOUT / "requirements.txt")
        if status:
            return status
    if Path(sys.prefix).resolve() != folder.resolve():
        python = str(folder / "bin/python")
        os.execv(python, [python, lab, *arguments])
    # Its packages are there from here on.
    from bcclessons import cli

    return cli.main(arguments)
