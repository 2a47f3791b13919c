"""Recording one event's journey: the run that journey.toml describes, and its notes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bcclessons.console.text import Problem
from bcclessons.course.journey import SCRIPT, Journey, View
from bcclessons.recording import recorder

if TYPE_CHECKING:
    from bcclessons.course.lesson import Lesson
    from bcclessons.course.run import Run
    from bcclessons.machines.workspace import Workspace


class _Found(msgspec.Struct, forbid_unknown_fields=True):
    """What a lesson's journey.py prints of a recording."""

    values: dict[str, str]
    views: dict[str, View]


def record(
    lesson: Lesson, run: Run, workspace: Workspace, *, fast: bool = False
) -> Journey:
    """Record a journey in a VM of its own; ``fast``, nobody types at a human's pace.

    Raise Problem if it does not go as ``run`` says.
    """
    script = f"cd lessons/{lesson.folder.name}; python3 {SCRIPT} {run.name}"
    taken = recorder.record(lesson, run, workspace, fast=fast, afterwards=script)
    head = taken.recording
    try:
        found = msgspec.json.decode(taken.afterwards, type=_Found)
    except ValueError as error:
        raise Problem(
            ja=f"レッスン {lesson.label} の journey.py の出力が読めない（{error}）．",
            en=f"what journey.py of lesson {lesson.label} prints cannot be read "
            f"({error}).",
        ) from error
    return Journey(
        f"./lab record --journey {lesson.label}",
        head.date,
        head.release,
        head.kernel,
        head.bcc,
        head.body,
        found.values,
        found.views,
    )


def path_of(lesson: Lesson, run: Run) -> Path:
    """Return the file of a journey's recording."""
    return lesson.recordings / f"{run.name}.json"
