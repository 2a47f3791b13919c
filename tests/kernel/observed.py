"""What was observed on this machine, so that each program runs once.

Hundreds of attempts at exercises take a second each, one after the other, for two at
once would disturb each other; and what takes a second on this host takes ten in the VM.
What a program does depends on its text and on what is asked of it, on the observer, and
on the kernel and the BCC. As long as these are the same, the tests judge what was
observed before.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bcclessons.grading.check import Observer
from bcclessons.grading.contract import Request
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT
from tests.kernel.conftest import Runner

OBSERVER = "bcclessons.grading.observer"
_IMPORTED = """
import importlib, sys
importlib.import_module(sys.argv[1])
files = [getattr(module, "__file__", None) for module in sys.modules.values()]
print(*filter(None, files), sep="\\n")
"""
_DAYS_UNUSED = 30


def _digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()[:32]


def _imported(module: str) -> list[Path]:
    """Return the files of a module and of what it imports of the checkout, sorted."""
    argv = [sys.executable, "-B", "-c", _IMPORTED, module]
    printed = subprocess.check_output(argv, cwd=CHECKOUT, text=True)
    paths = map(Path, printed.splitlines())
    return sorted(path for path in paths if path.is_relative_to(CHECKOUT))


@cache
def _modules(module: str) -> str:
    """Return a digest of a module and of what it imports of the checkout."""
    return _digest(*(file.read_bytes() for file in _imported(module)))


def file_of(observer: str, versions: str, *request: str) -> Path:
    """Return the file of what an observer told of a request; it need not be there.

    ``observer`` is its module, ``versions`` are those of its machine: a request has
    all else that what is observed depends on. A file that is there is in use.
    """
    parts = (_modules(observer), versions, *request)
    folder = cache_folder(os.environ) / "observations"
    folder.mkdir(parents=True, exist_ok=True)
    _remove_unused(folder)
    file = folder / _digest(*(part.encode() for part in parts))
    if file.exists():
        file.touch()
    return file


@cache
def _remove_unused(folder: Path) -> None:
    """Remove the files that were not used for long."""
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - _DAYS_UNUSED * 24 * 3600:
            path.unlink(missing_ok=True)


@contextmanager
def _saving(observer: Observer, file: Path) -> Iterator[Observer]:
    """Give an observer whose last observation is saved, if no exception is raised."""
    unsaved = file.with_name(f"{file.name}.{os.getpid()}")
    tee = ["sh", "-c", '"$@" | tee "$0"', str(unsaved)]
    try:
        yield Observer([*tee, *observer.command], observer.emulated)
        if unsaved.exists():  # no observer runs a program that Python cannot read
            unsaved.replace(file)
    finally:
        unsaved.unlink(missing_ok=True)


def judge(
    machine: Runner, request: Request, judged_by: Callable[[Observer], None]
) -> None:
    """Have an observer's answer to a request judged: its last one, or else a new one.

    ``judged_by`` raises AssertionError for what is not as it should be.
    """
    file = file_of(OBSERVER, machine.versions, request.to_json())
    if file.exists() and not machine.observes_anew:
        try:
            judged_by(Observer(["cat", str(file)], machine.observer.emulated))
        except AssertionError:
            file.unlink()  # it may do something else today
        else:
            return
    with _saving(machine.observer, file) as observer:
        judged_by(observer)
