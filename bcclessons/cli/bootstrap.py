"""The first steps of ./lab: into a Python environment outside the checkout.

Runs under the system's bare Python, so it uses nothing but the standard library
and the modules of this package that do as well. It runs at every ./lab, so what
only the making of an environment needs is imported there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bcclessons.setup.paths import BUNDLE, CHECKOUT, environment_folder


def run(lab: str, arguments: list[str]) -> int:
    """Run ./lab with these arguments in its environment; return its exit status."""
    lock = CHECKOUT / "requirements.txt"
    folder = environment_folder(lock)
    if BUNDLE in os.environ or not (folder / "complete").exists():
        from bcclessons.setup import environments

        status = environments.make_for(arguments, folder, lock)
        if status:
            return status
    if Path(sys.prefix).resolve() != folder.resolve():
        python = str(folder / "bin/python")
        os.execv(python, [python, lab, *arguments])
    # Its packages are there from here on.
    from bcclessons.cli.main import main
    from bcclessons.setup.cache import in_use

    with in_use(folder):
        return main(arguments)
