"""How much of our own a reader's browser has to read."""

from __future__ import annotations

from pathlib import Path

_ASSETS = Path(__file__).parents[1] / "bcclessons/site/theme/assets"

LIMITS = {"js": 12_000, "css": 8_000}
"""The most bytes of each kind, as they are written."""


def of_our_own() -> dict[str, int]:
    """Return the bytes of our own files of each kind."""
    return {
        kind: sum(path.stat().st_size for path in _ASSETS.glob(f"*.{kind}"))
        for kind in LIMITS
    }
