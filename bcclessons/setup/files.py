"""Writing files whole or not at all, and what to say where that cannot be."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from bcclessons.console.text import Problem
from bcclessons.setup.paths import CHECKOUT


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file (text in UTF-8) so that readers see the old one or the new one.

    Raise OSError, with the old file left as it was, if it cannot be written.
    """
    write_all({path: content})


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """Write several files, all of them or none; ``contents`` is by path.

    Each is written to a temporary file in its folder first, and renamed only when
    all are written, so that a full disk leaves the old ones. A file that was there
    keeps its mode. On failure, leave no temporary file, and raise an OSError that
    names the file.
    """
    temporary = {
        path: path.with_name(f".{path.name}.{os.getpid()}.new") for path in contents
    }
    try:
        for path, content in contents.items():
            current = path
            if path.is_dir():  # the one thing that a rename does not replace
                raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
            data = content.encode() if isinstance(content, str) else content
            is_new = not path.exists()
            if not is_new:  # nobody reads it before it has the mode of the old one
                temporary[path].touch(mode=0o600)
            temporary[path].write_bytes(data)
            if not is_new:
                temporary[path].chmod(path.stat().st_mode & 0o7777)
        for path in contents:
            current = path
            temporary[path].replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(current)) from error
    finally:
        for left in temporary.values():
            left.unlink(missing_ok=True)


def unreadable(path: Path, reason: object) -> Problem:
    """Return what to say of a file of the checkout that is missing or damaged."""
    if path.is_relative_to(CHECKOUT):
        path = path.relative_to(CHECKOUT)
    command = f"git checkout -- {shlex.quote(str(path))}"
    return Problem(
        ja=f"{path} を読めない（{reason}）．元に戻すには: {command}",
        en=f"cannot read {path} ({reason}); to restore it: {command}",
    )


def unwritable(error: OSError) -> Problem | None:
    """Return what to say of an error in writing; None if it is of another kind."""
    file = error.filename or "?"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(
            ja=f"ディスクがいっぱいで，{file} に書けない．空きを作り，もう一度実行する．",
            en=f"cannot write {file}: the disk is full. Free some space, and run this "
            "again.",
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return Problem(
            ja=f"{file} に書けない（{error.strerror}）．書けるようにするか，ほかの"
            "フォルダを使う．",
            en=f"cannot write {file} ({error.strerror}); make it writable, or use "
            "another folder.",
        )
    return None
