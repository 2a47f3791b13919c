"""Files of results that a command of ./lab makes: read, or said how to make anew."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from bcclessons.console.text import Problem

_Results = TypeVar("_Results")


def read_results(path: Path, kind: type[_Results], command: str) -> _Results:
    """Read the results of a command. Raise Problem if they cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, ValueError) as error:
        raise Problem(
            ja=f"{path} が読めない（{error}）．作り直す: {command}",
            en=f"{path} cannot be read ({error}); make it again: {command}",
        ) from error
