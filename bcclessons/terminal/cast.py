"""What a recorded terminal showed, and what was typed, as an asciicast."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

_IDLE_LIMIT = 2.0
# When the first picture of a recording is there, in seconds, and until when. The player
# loses what is there at 0.
_BEFORE = 0.01
_FIRST = 0.5


class Event(NamedTuple):
    """Output ("o"), or a marker with what was typed ("m"), and when, in seconds."""

    at: float
    kind: Literal["o", "m"]
    text: str


def asciicast(
    events: Sequence[Event], size: os.terminal_size, longest: float = math.inf
) -> str:
    """Return a recording as an asciicast of version 2.

    It begins at the first marker, with what was there by then as its first picture. From
    one marker to the next, or to the end, it takes ``longest`` seconds at most: what
    takes longer plays faster.
    """
    marks = [event.at for event in events if event.kind == "m"] or [0.0]
    parts = list(pairwise([*marks, *(event.at for event in events[-1:])]))

    def moved(at: float) -> float:
        if at < marks[0]:
            return _BEFORE
        now = _FIRST
        for begin, end in parts:
            if begin < at:
                now += (min(at, end) - begin) / max(1.0, (end - begin) / longest)
        return now

    header = {
        "version": 2,
        "width": size.columns,
        "height": size.lines,
        "idle_time_limit": _IDLE_LIMIT,
    }
    lines = [header, *([round(moved(at), 3), kind, text] for at, kind, text in events)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
