"""Where things are: the checkout, the cache, the Python environments of ./lab.

Uses nothing but the standard library, and little of it: it runs at every ./lab.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BUNDLE = "BCC_LESSONS_BUNDLE"
"""The environment variable that names a bundle, for the first ./lab."""


def cache_path(environment: Mapping[str, str]) -> Path:
    """Return ``$XDG_CACHE_HOME/bcc-lessons``, else that in ~/.cache."""
    base = environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "bcc-lessons"


def environment_folder(lock: Path) -> Path:
    """Return where the environment of a lock file is, or will be.

    It belongs to the lock's text and to this Python's version.
    """
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    return cache_path(os.environ) / "python" / f"{lock.stem}-{digest}"
