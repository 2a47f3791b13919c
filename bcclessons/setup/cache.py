"""The folder for everything that can be made again, outside the checkout.

Several checkouts, each with its own locks and recipes, share one cache. So nothing
in it is deleted because another version of it was made: only what nobody has used
for a month, and nobody uses now, is.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem, Text
from bcclessons.setup.paths import cache_path

if TYPE_CHECKING:
    from bcclessons.console.console import Console

UNUSED_DAYS = 30


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the cache, made if need be. Raise Problem if it cannot be."""
    folder = cache_path(environment)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Problem(
            ja=f"キャッシュ {folder} を作れない（{error.strerror}）．"
            "書ける場所を指定する: XDG_CACHE_HOME=/tmp/cache ./lab …",
            en=f"cannot make the cache {folder} ({error.strerror}); name a place "
            "that can be written: XDG_CACHE_HOME=/tmp/cache ./lab …",
        ) from error
    return folder


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock at ``path``; call ``waiting`` once if another process has it.

    The kernel frees the lock when its holder ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_once(
    folder: Path, build: Callable[[], None], name: Text, console: Console
) -> None:
    """Build a folder of the cache, unless it is there or another ./lab builds it.

    It is whole when the file ``complete`` is in it; one whose build fails is
    deleted. ``name`` is what it is, in a sentence.
    """
    if (folder / "complete").exists():
        mark_used(folder)
        return
    waiting = Text(
        ja=f"別の ./lab が作っている（{name.ja}）．終わるのを待つ．",
        en=f"another ./lab is making {name.en}; waiting for it.",
    )
    with locked(folder.parent / "lock", lambda: console.say(waiting)):
        if (folder / "complete").exists():
            return
        try:
            build()
            (folder / "complete").touch()
        finally:
            if not (folder / "complete").exists():
                shutil.rmtree(folder, ignore_errors=True)
        remove_unused(folder.parent)


def mark_used(folder: Path) -> None:
    """Note that a folder of the cache is used today: its modification time is now."""
    with suppress(OSError):  # a cache that is read-only is not cleaned
        os.utime(folder)


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Keep a folder of the cache from being removed while the block runs.

    The lock is shared by all users. Needed only by what may run for longer than
    UNUSED_DAYS, such as a server or a VM; for others mark_used is enough.
    """
    mark_used(folder)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def remove_unused(parent: Path, days: float = UNUSED_DAYS) -> None:
    """Remove the folders in ``parent`` not used for so many days, nor in use now."""
    limit = time.time() - days * 86400
    for folder in parent.iterdir():
        with suppress(OSError):  # in use, or gone, or not ours to remove: it stays
            _remove_unless_used(folder, limit)


def _remove_unless_used(folder: Path, limit: float) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # With the lock held: another ./lab may have started to use it before.
        if folder.stat().st_mtime < limit:
            # Renamed first: one that is deleted in part must not look whole.
            doomed = folder.with_name(f".removed-{folder.name}")
            shutil.rmtree(folder.replace(doomed), ignore_errors=True)
    finally:
        os.close(descriptor)


def python_command(python: str, cache: Path) -> list[str]:
    """Return the command of an environment's Python, which is in use while it runs.

    Its compiled modules are kept in the cache, whatever PYTHONDONTWRITEBYTECODE
    says: it is meant for checkouts, and compiling every module at every start is
    slow. Its children inherit that.
    """
    environment = str(Path(python).parents[1])
    prefix = f"PYTHONPYCACHEPREFIX={cache / 'bytecode'}"
    return [
        *("flock", "--shared", "--no-fork", environment),
        *("env", "-u", "PYTHONDONTWRITEBYTECODE", prefix, python),
    ]
