"""The code is formatted, linted and typed; these checks are part of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bcclessons.setup.cache import cache_folder

# Kept out of the checkout, as everything that can be made again.
CACHE = cache_folder(os.environ)


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--cache-dir", f"{CACHE}/ruff"],
        ["ruff", "format", "--check", "--cache-dir", f"{CACHE}/ruff"],
        ["mypy", f"--cache-dir={CACHE}/mypy"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_clean(command: list[str], checkout: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
