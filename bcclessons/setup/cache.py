"""The folder for everything that can be made again, outside the checkout."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bcclessons.console.text import Problem
from bcclessons.setup.paths import cache_path


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


def python_command(python: str, cache: Path) -> list[str]:
    """Return the command of a Python whose compiled modules are kept in the cache.

    In there, whatever PYTHONDONTWRITEBYTECODE says: it is meant for checkouts, and
    compiling every module at every start is slow. Its children inherit that.
    """
    prefix = f"PYTHONPYCACHEPREFIX={cache / 'bytecode'}"
    return ["env", "-u", "PYTHONDONTWRITEBYTECODE", prefix, python]
