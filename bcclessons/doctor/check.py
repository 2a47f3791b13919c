"""One thing that the doctor looks at: what it found, and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bcclessons.console.text import Text

if TYPE_CHECKING:
    from bcclessons.doctor.fixes import Fix


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``found`` also reads as the reason not to go on."""

    name: str
    title: Text
    state: State
    found: Text
    why: Text
    fix: Fix | None = None


LOG_IN = Text(
    ja="グループに加えられたユーザは，ログインし直す．",
    en="A user who was added to a group has to log in again.",
)
"""For the checks whose fix adds the user to a group."""


def same(words: str) -> Text:
    """Return a text that needs no translation."""
    return Text(ja=words, en=words)
