"""The files of npm packages that the site serves to browsers, committed as they are.

    python -m tools.vendor

under the Python of requirements-dev.txt copies those of the locked versions, and
bundles those that come as modules. So building the site takes no Node.js.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

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
    "terminal.css": "@xterm/xterm/css/xterm.css",
}
_BUNDLES = ("editor", "terminal")
"""Each is bcclessons/site/node/NAME.js with the packages that it imports."""


def locked(console: Console) -> dict[str, bytes]:
    """Return each file of the locked packages, by its name in ``FOLDER``.

    Raise Problem if npm cannot install them, or if they cannot be bundled.
    """
    what = Text(ja="サイトの npm パッケージ", en="the website's npm packages")
    folder = npm.installed(_PACKAGES, what, console)
    packages = folder / "node_modules"
    files = {name: (packages / path).read_bytes() for name, path in _FILES.items()}
    for name in _BUNDLES:
        files |= _bundle(name, folder)
    return files


def _bundle(name: str, folder: Path) -> dict[str, bytes]:
    """Return a bundle, and the licenses of all packages that are in it."""
    output, meta = f"{name}.min.js", f"{name}.json"
    done = npm.node(
        folder, "node_modules/esbuild/bin/esbuild", f"{name}.js", "--bundle",
        "--format=iife", "--minify", "--target=es2022", "--charset=utf8",
        "--legal-comments=none", "--log-level=warning",
        f"--outfile={output}", f"--metafile={meta}",
    )  # fmt: skip
    if done.returncode != 0 or done.stderr:
        said = " ".join(done.stderr.split())
        raise Problem(
            ja=f"{name}.js を esbuild でまとめられない（{said}）．直して，もう一度実行する．",
            en=f"cannot bundle {name}.js by esbuild ({said}); fix it, and run it again.",
        )
    inputs = json.loads((folder / meta).read_text())["inputs"]
    names = sorted(
        {"/".join(path.split("/")[1:3]) for path in inputs if path.count("/") > 1}
    )
    packages = [
        each if each.startswith("@") else each.partition("/")[0] for each in names
    ]
    licenses = "\n".join(
        f"{package}\n\n{(folder / 'node_modules' / package / 'LICENSE').read_text()}"
        for package in packages
    )
    return {
        output: (folder / output).read_bytes(),
        f"{name}.LICENSE": licenses.encode(),
    }


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
