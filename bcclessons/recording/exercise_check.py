"""Recording the check of an exercise: ./lab in a real terminal, in both languages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course.lesson import RECORDINGS
from bcclessons.grading import feedback
from bcclessons.machines import commands
from bcclessons.machines.vm.client import Vm
from bcclessons.recording.recorder import SHELL, RecordedRun, recorded
from bcclessons.setup.temporary import temporary_folder
from bcclessons.terminal.screen import PROMPT, Terminal

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.machines.workspace import Workspace

CHECK = "check"
"""The name by which the check of a lesson's first exercise is recorded."""

# What ./lab check needs of a checkout.
_NEEDED = ("lab", "requirements.txt", "bcclessons", "lessons", "docs")
_EDIT = Text(
    ja="# my_sample の TODO をエディタで直した",
    en="# The TODO in my_sample has been done in an editor",
)
# The feedback names lines of programs, which are long.
_COLUMNS = 86
# A check takes some 20 seconds where the VM is emulated; nobody wants to watch it wait.
_LONGEST = 6.0


def stem(language: Language) -> str:
    """Return the name of the files of a recorded check, but for their suffix."""
    suffix = "" if language is Language.JA else f".{language}"
    return f"run-{CHECK}{suffix}"


def record_check(
    exercise: Exercise, workspace: Workspace, *, fast: bool = False
) -> dict[Language, RecordedRun]:
    """Record, in each language, that an exercise is checked as it is, and solved.

    It is checked in a VM. ``fast``, nobody types at a human's pace. Raise Problem if
    the two are not found wrong and right.
    """
    with Vm(workspace) as machine:
        versions = commands.versions(machine)
    command = f"./lab record {exercise.lesson.label} {CHECK}"
    taken = {}
    for language in Language:
        body, cast = _check(exercise, workspace, language, fast=fast)
        right = feedback.result(exercise, None, "", language)
        if body.count(f"\n{exercise.label} ") != 2 or body.count(right) != 1:
            raise Problem(
                ja=f"演習 {exercise.label} の start と solution が，正しく判定されない．",
                en=f"the start and the solution of exercise {exercise.label} are "
                "checked wrongly.",
            )
        recording = recorded(command, workspace.release, versions, body)
        taken[language] = RecordedRun(recording, cast)
    return taken


def _check(
    exercise: Exercise, workspace: Workspace, language: Language, *, fast: bool
) -> tuple[str, str]:
    """Check an exercise twice in a checkout of its own; return the text and the cast."""
    with temporary_folder() as private:
        checkout = private / "checkout"
        _copy(workspace.checkout, checkout)
        folder = checkout / exercise.folder.relative_to(workspace.checkout)
        own = folder / exercise.my_sample.name
        shutil.copy(exercise.start, own)
        environment = {
            "XDG_STATE_HOME": str(private / "state"),
            "LANGUAGE": language,
            "LC_ALL": "C.UTF-8",
            "PS1": f"{PROMPT} ",
        }
        variables = [f"{name}={value}" for name, value in environment.items()]
        shell = ["env", f"--chdir={checkout}", *variables, *SHELL]
        with Terminal([shell], _COLUMNS, fast=fast) as terminal:
            (pane,) = terminal.panes
            command = f"./lab check {exercise.label} --vm"
            pane.type(command)
            pane.type(_EDIT.to(language))
            shutil.copy(exercise.solution, own)
            pane.type(command)
            terminal.read_until(pane.at_prompt)
            terminal.pause()
            return pane.output() + "\n", terminal.cast(longest=_LONGEST)


def _copy(checkout: Path, to: Path) -> None:
    """Make a checkout with what ./lab check needs, and no file of a learner."""
    unwanted = shutil.ignore_patterns(
        "my_sample*", RECORDINGS, "__pycache__", ".*_cache"
    )
    for name in _NEEDED:
        if (checkout / name).is_dir():
            shutil.copytree(checkout / name, to / name, ignore=unwanted)
        else:
            to.mkdir(exist_ok=True)
            shutil.copy(checkout / name, to / name)
