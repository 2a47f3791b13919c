"""The files of npm packages that the site serves to browsers, committed as they are.

    python -m tools.vendor

under the Python of requirements-dev.txt copies those of the locked versions. So
building the site takes no Node.js.
"""

from __future__ import annotations

import os
import sys

from bcclessons.console.console import Console
from bcclessons.console.text import Problem, Text, language_of
from bcclessons.setup.paths import CHECKOUT
from tools import npm

FOLDER = CHECKOUT / "bcclessons/site/theme/assets/vendor"
_PACKAGES = CHECKOUT / "bcclessons/site/node"
_FILES = {
    "asciinema-player.min.js": "asciinema-player/dist/bundle/asciinema-player.min.js",
    "asciinema-player.css": "asciinema-player/dist/bundle/asciinema-player.css",
    "asciinema-player.LICENSE": "asciinema-player/LICENSE",
    "asciinema-player.solid-js.LICENSE": "solid-js/LICENSE",  # it is in the bundle
    "iframe-worker.js": "iframe-worker/shim/index.js",
    "iframe-worker.LICENSE": "iframe-worker/LICENSE",
}


def locked(console: Console) -> dict[str, bytes]:
    """Return each file of the locked packages, by its name in ``FOLDER``.

    Raise Problem if npm cannot install them.
    """
    what = Text(ja="録画の再生プログラム", en="the player of recordings")
    packages = npm.installed(_PACKAGES, what, console) / "node_modules"
    return {name: (packages / path).read_bytes() for name, path in _FILES.items()}


def main() -> int:
    """Write the files; return 0, or 1 with a sentence if that cannot be done."""
    console = Console(language_of(os.environ))
    try:
        for name, content in locked(console).items():
            (FOLDER / name).write_bytes(content)
    except Problem as problem:
        print("lab:", problem.text.to(console.language), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
