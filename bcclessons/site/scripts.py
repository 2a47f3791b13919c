"""Our own scripts as they are served: without comments and blanks."""

from __future__ import annotations

from pathlib import Path

import rjsmin


def minify(site: Path) -> None:
    """Minify the scripts of a built site that are ours; others' are left alone."""
    for path in (site / "assets").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        path.write_text(rjsmin.jsmin(text), encoding="utf-8")
