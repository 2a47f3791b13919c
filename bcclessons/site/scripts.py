"""Scripts as they are served: our own without comments and blanks, and data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import rjsmin


def minify(site: Path, *, live: bool) -> None:
    """Minify the scripts of a built site that are ours; others' are left alone.

    Unless it is live, those that only live pages load are deleted.
    """
    if not live:
        _delete_live(site)
    ours = ("assets/*.js", "assets/live/*.js", "lessons/*/simulator.js")
    for path in [path for pattern in ours for path in site.glob(pattern)]:
        text = path.read_text(encoding="utf-8")
        path.write_text(rjsmin.jsmin(text), encoding="utf-8")


def _delete_live(site: Path) -> None:
    shutil.rmtree(site / "assets/live", ignore_errors=True)
    for name in ("editor", "terminal"):
        for path in (site / "assets/vendor").glob(f"{name}.*"):
            path.unlink()


def leaving(name: str, value: object) -> str:
    """Return a script that leaves data, by a name, on its own element.

    A page that was opened as a file may run a script, but may not fetch a file.
    """
    return f"document.currentScript.{name} = {json.dumps(value, ensure_ascii=False)};\n"
