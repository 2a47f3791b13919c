"""Recording a run of a lesson: in a VM of its own, in a terminal, as lesson.toml says."""

from __future__ import annotations

import datetime
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Language, Problem
from bcclessons.course.lesson import MAIN, Lesson, Run, changed
from bcclessons.course.recording import Recording
from bcclessons.grading import feedback
from bcclessons.grading.check import check
from bcclessons.machines import commands, debian
from bcclessons.machines.vm.client import Vm
from bcclessons.recording import picture
from bcclessons.setup.temporary import temporary_folder
from bcclessons.terminal.demo import SHELL_SETTINGS
from bcclessons.terminal.screen import PROMPT, Terminal

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.machines.debian import Release
    from bcclessons.machines.workspace import Workspace

_SHELL = ("bash", "--noprofile", "--norc", "-i")
_AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
_RULE = "─" * 40

CHECK = "check"
"""The name by which the check of a lesson's first exercise is recorded."""


@dataclass(frozen=True)
class RecordedRun:
    """A run that was recorded: as text, and as an asciicast of its terminal.

    ``afterwards`` is what the script of that name printed.
    """

    recording: Recording
    cast: str
    afterwards: str = ""


def record(
    lesson: Lesson,
    run: Run,
    workspace: Workspace,
    *,
    fast: bool = False,
    afterwards: str = "",
) -> RecordedRun:
    """Record a run in a VM of its own; ``fast``, nobody types at a human's pace.

    ``afterwards`` is a shell script that runs there once the run is over. Raise Problem
    if it does not go as ``run`` says.
    """
    release = release_of(run)
    with temporary_folder() as private:
        _copy(lesson, run, private / "checkout")
        own = replace(workspace, checkout=private / "checkout", release=release)
        machine = Vm(own, folder=private / "vm")
        with machine:
            kernel, bcc = commands.versions(machine)
            commands.output(machine, run.prepare)
            shell = machine.command(
                _SHELL if run.user == "root" else [*_AS_NOBODY, *_SHELL],
                folder=f"lessons/{lesson.folder.name}",
                terminal=True,
                environment={**SHELL_SETTINGS, "PS1": f"{PROMPT} "},
            )
            shells = [shell] * (2 if run.steps else 1)
            with Terminal(shells, fast=fast) as terminal:
                body = _play(lesson, run, terminal)
                cast = terminal.cast()
            printed = commands.output(machine, afterwards)
    if run.name == MAIN and not re.search(lesson.output.line, body, re.MULTILINE):
        raise _unexpected(lesson, run, body)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    command = f"./lab record {lesson.label} {run.name}"
    return RecordedRun(
        Recording(command, today, release.title, kernel, bcc, body), cast, printed
    )


def record_check(
    lesson: Lesson, exercise: Exercise, workspace: Workspace
) -> dict[Path, str]:
    """Check an exercise as it is and solved, in a VM; return the texts, by their paths.

    Raise Problem if the two are not found wrong and right.
    """
    release = workspace.release
    command = f"./lab check {exercise.label}"
    with Vm(workspace) as machine:
        kernel, bcc = commands.versions(machine)
        programs = [exercise.start.read_text(), exercise.solution.read_text()]
        found = [check(exercise, each, machine) for each in programs]
    if found[0] is None or found[1] is not None:
        raise Problem(
            ja=f"演習 {exercise.label} の start と solution が，正しく判定されない．",
            en=f"the start and the solution of exercise {exercise.label} are "
            "checked wrongly.",
        )
    today = datetime.datetime.now(tz=datetime.UTC).date()
    made = {}
    for language in Language:
        said = [
            f"$ {command}\n{feedback.result(exercise, each, program, language)}\n"
            for program, each in zip(programs, found, strict=True)
        ]
        recording = Recording(
            f"./lab record {lesson.label} {CHECK}",
            today,
            release.title,
            kernel,
            bcc,
            "".join(said),
        )
        suffix = "" if language is Language.JA else f".{language}"
        made[lesson.folder / f"run-{CHECK}{suffix}.txt"] = str(recording)
    return made


def files(
    taken: RecordedRun, lesson: Lesson, run: Run, checkout: Path
) -> dict[Path, str]:
    """Return the texts of a run's files, by their paths beside the lesson.

    A picture that the checkout has of this run is among them, drawn anew.
    """
    texts = {
        lesson.folder / f"{run.stem}.txt": str(taken.recording),
        lesson.folder / f"{run.stem}.cast": taken.cast,
    }
    drawn = checkout / "docs/pictures" / f"{run.stem}-{lesson.label}.svg"
    if drawn.exists():
        texts[drawn] = picture.draw(taken.recording, lesson.program)
    return texts


def release_of(run: Run) -> Release:
    """Return the release that a run takes place on."""
    return debian.release(run.on) if run.on else debian.RELEASES[0]


def program_of(lesson: Lesson, run: Run) -> str:
    """Return the lesson's program as a run has it. Raise Problem if it cannot be."""
    return changed(lesson.source, run.change, f"runs: {run.name}")


def _copy(lesson: Lesson, run: Run, checkout: Path) -> None:
    """Make a checkout with nothing but the lesson, for every user to read."""
    folder = checkout / "lessons" / lesson.folder.name
    no_recordings = shutil.ignore_patterns("run*.txt", "run*.cast")
    shutil.copytree(lesson.folder, folder, ignore=no_recordings)
    (folder / lesson.program).write_text(program_of(lesson, run), encoding="utf-8")
    for path in (checkout, *checkout.rglob("*")):
        executable = path.is_dir() or os.access(path, os.X_OK)
        path.chmod(0o755 if executable else 0o644)


def _play(lesson: Lesson, run: Run, terminal: Terminal) -> str:
    """Do in the terminal what the run says, and return what it showed."""
    upper, lower = terminal.panes[0], terminal.panes[-1]
    for line in run.typed or [f"sudo ./{lesson.program}"]:
        upper.type(line)
    if run.steps:
        ready = re.compile(f"^{re.escape(lesson.output.ready)}$", re.MULTILINE)
        terminal.read_until(
            lambda: upper.at_prompt() or bool(ready.search(upper.text()))
        )
        for step in run.steps:
            if not upper.at_prompt():
                lower.run(step)
                upper.settle()
        if upper.at_prompt():
            raise _unexpected(lesson, run, upper.output())
        upper.select()
        terminal.press("\x03")
    terminal.read_until(upper.at_prompt)
    terminal.pause()
    shown = terminal.panes if run.both else [upper]
    return f"\n{_RULE}\n".join(window.output() for window in shown) + "\n"


def _unexpected(lesson: Lesson, run: Run, body: str) -> Problem:
    last = body.rpartition("\n")[2]
    return Problem(
        ja=f"レッスン {lesson.label} の {run.name} が，lesson.toml のとおりに"
        f"進まなかった（最後の行: {last}）．",
        en=f"lesson {lesson.label} did not go as lesson.toml says for {run.name} "
        f"(its last line: {last}).",
    )
