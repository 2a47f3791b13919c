"""What is copied into the theme from npm packages."""

from __future__ import annotations

import os

from bcclessons.console.console import Console
from bcclessons.console.text import language_of
from tools import vendor


def test_the_copies_are_those_of_the_lock() -> None:
    locked = vendor.locked(Console(language_of(os.environ)))
    copies = {path.name: path.read_bytes() for path in vendor.FOLDER.iterdir()}
    assert copies == locked, "to copy them again: python -m tools.vendor"
