"""Which attempts this machine has tried, so that only what has changed is tried again.

Some hundreds of attempts take seconds each, one after the other: two checks at once would
disturb each other. The answer depends on the program, on the checks, and on the kernel
and the BCC that run it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import cache
from pathlib import Path

from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT
from tests.kernel.attempts import Attempt

# What a check, and how a test judges it, consist of; those of exercises are apart.
_CHECKS = (
    "bcclessons/grading/*.py",
    "bcclessons/course/*.py",
    "bcclessons/console/*.py",
    "bcclessons/machines/host.py",
    "tests/kernel/attempts.py",
    "tests/kernel/conftest.py",
    "tests/kernel/test_exercises.py",
)
_MOST_FOLDERS = 10


def _digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()[:32]


@cache
def _folder(versions: str) -> Path:
    """Return the folder of what was tried by these checks, on machines of these versions."""
    texts = [
        path.read_bytes()
        for pattern in _CHECKS
        for path in sorted(CHECKOUT.glob(pattern))
    ]
    folders = cache_folder(os.environ) / "attempts"
    folder = folders / _digest(versions.encode(), *texts)
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    by_use = sorted(folders.iterdir(), key=lambda path: -path.stat().st_mtime)
    for unused in by_use[_MOST_FOLDERS:]:
        shutil.rmtree(unused, ignore_errors=True)
    return folder


def record(attempt: Attempt, versions: str) -> Path:
    """Return the file that is there once an attempt has got its answer.

    ``versions`` are those of the machine: its kernel and BCC.
    """
    exercise = attempt.exercise.folder
    files = [exercise / name for name in ("check.py", "exercise.toml", "start")]
    texts = [
        *(
            path.read_bytes()
            for path in (*files, attempt.lesson.folder / "lesson.toml")
        ),
        *(
            text.encode()
            for text in (attempt.program, attempt.says or "", attempt.label)
        ),
    ]
    return _folder(versions) / _digest(*texts)
