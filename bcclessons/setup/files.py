"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file (text in UTF-8) so that readers see the old one or the new one.

    Raise OSError, with the old file left as it was, if it cannot be written.
    """
    write_all({path: content})


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """Write several files, all of them or none; ``contents`` is by path.

    Each is written to a temporary file in its folder first, and renamed only when
    all are written, so that a full disk leaves the old ones. A file that was there
    keeps its mode. Raise OSError, and leave no temporary file, on failure.
    """
    temporary = {
        path: path.with_name(f".{path.name}.{os.getpid()}.new") for path in contents
    }
    try:
        for path, content in contents.items():
            if path.is_dir():  # the one thing that a rename does not replace
                raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
            data = content.encode() if isinstance(content, str) else content
            temporary[path].write_bytes(data)
            if path.exists():
                temporary[path].chmod(path.stat().st_mode & 0o7777)
        for path in contents:
            temporary[path].replace(path)
    finally:
        for left in temporary.values():
            left.unlink(missing_ok=True)
