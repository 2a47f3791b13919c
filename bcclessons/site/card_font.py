"""The font of the pictures that stand for pages: one with Japanese glyphs."""

from __future__ import annotations

import functools
import importlib.util
import shutil
import subprocess
from pathlib import Path

from bcclessons.console.console import Console
from bcclessons.console.text import Problem, Text
from bcclessons.setup import apt

PACKAGE = "fonts-noto-cjk"
"""The Debian package of the font."""

FILE = "NotoSansCJK-{}.ttc"
"""The name of its file of a weight, Regular or Bold: a collection of faces."""

_DEBIAN = Path("/usr/share/fonts/opentype/noto")


def can_draw() -> bool:
    """Return whether the library and the font are there."""
    return importlib.util.find_spec("PIL") is not None and folder() is not None


def install(console: Console) -> None:
    """Install the font if it is missing; say so, and go on, where that cannot be."""
    if folder() is not None:
        return
    what = Text(ja="共有されたときの画像を描くの", en="Drawing preview pictures")
    try:
        apt.install([PACKAGE], what, console)
    except Problem as problem:
        console.say(problem.text)
    folder.cache_clear()


@functools.cache
def folder() -> Path | None:
    """Return the folder of the font, None where it is not installed."""
    folders = [_DEBIAN]
    if shutil.which("fc-match"):
        command = ["fc-match", "--format=%{file}", "Noto Sans CJK JP"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        folders.append(Path(done.stdout).parent)
    names = [FILE.format(weight) for weight in ("Regular", "Bold")]
    return next(
        (each for each in folders if all((each / name).is_file() for name in names)),
        None,
    )
