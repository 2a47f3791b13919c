"""What attempts were observed to do on this machine, so that each runs once.

A program takes about a second, and hundreds run one after the other, for two at once
would disturb each other. What one does depends on its text, on the steps, and on the
observer, the kernel and the BCC that run it. As long as these are the same, the check
judges what was observed before.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path

from bcclessons.grading.check import Observer
from bcclessons.grading.contract import Request, usual_limits
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT
from tests.kernel.attempts import Attempt

_DAYS_UNUSED = 30
_OBSERVER = CHECKOUT / "bcclessons/grading/observer.py"


def _digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()[:32]


def _imported(path: Path) -> list[Path]:
    """Return the program and what it imports of the checkout, in order of path."""
    finder = ModuleFinder([str(CHECKOUT)])
    finder.run_script(str(path))
    files = [getattr(item, "__file__", None) for item in finder.modules.values()]
    return sorted(Path(file) for file in files if file)


@cache
def _modules(path: Path) -> bytes:
    """Return a digest of the program and of what it imports of the checkout."""
    return _digest(*(file.read_bytes() for file in _imported(path))).encode()


def file_of(attempt: Attempt, observer: Observer, versions: str) -> Path:
    """Return the file of what an attempt was observed to do; it need not be there.

    ``versions`` are those of the observer's machine: its kernel and BCC.
    """
    exercise = attempt.exercise
    limits = usual_limits(emulated=observer.emulated)
    request = Request(attempt.program, exercise.output.ready, exercise.steps, limits)
    name = _digest(_modules(_OBSERVER), versions.encode(), request.to_json().encode())
    return cache_folder(os.environ) / "observations" / name


def again(file: Path, observer: Observer) -> Observer:
    """Return an observer that tells what is in the file, and runs nothing."""
    file.touch()
    return Observer(["cat", str(file)], observer.emulated)


@contextmanager
def saving(file: Path, observer: Observer) -> Iterator[Observer]:
    """Give an observer whose last observation is saved, if no exception is raised."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _remove_unused(file.parent)
    unsaved = file.with_name(f"{file.name}.{os.getpid()}")
    tee = ["sh", "-c", '"$@" | tee "$0"', str(unsaved)]
    try:
        yield Observer([*tee, *observer.command], observer.emulated)
        if unsaved.exists():  # no observer runs a program that Python cannot read
            unsaved.replace(file)
    finally:
        unsaved.unlink(missing_ok=True)


@cache
def _remove_unused(folder: Path) -> None:
    """Remove the files that were not used for long."""
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - _DAYS_UNUSED * 24 * 3600:
            path.unlink(missing_ok=True)
