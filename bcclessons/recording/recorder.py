"""Recording a run of a lesson: in a VM of its own, in a terminal, as lesson.toml says."""

from __future__ import annotations

import datetime
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem
from bcclessons.course.lesson import Lesson
from bcclessons.course.recording import Recording
from bcclessons.course.run import MAIN, Run, changed
from bcclessons.machines import commands, debian
from bcclessons.machines.vm.client import Vm
from bcclessons.recording import picture
from bcclessons.setup.files import write_all
from bcclessons.setup.temporary import temporary_folder
from bcclessons.terminal.demo import SHELL_SETTINGS
from bcclessons.terminal.screen import PROMPT, Terminal

if TYPE_CHECKING:
    from bcclessons.machines.commands import Versions
    from bcclessons.machines.debian import Release
    from bcclessons.machines.workspace import Workspace

SHELL = ("bash", "--noprofile", "--norc", "-i")
"""The shell of a recorded terminal: with nobody's settings."""

_AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
_RULE = "─" * 40


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
            versions = commands.versions(machine)
            commands.output(machine, run.prepare)
            shell = machine.command(
                SHELL if run.user == "root" else [*_AS_NOBODY, *SHELL],
                folder=f"lessons/{lesson.folder.name}",
                terminal=True,
                environment={**SHELL_SETTINGS, "PS1": f"{PROMPT} "},
            )
            shells = [shell] * (2 if run.steps else 1)
            columns = run.columns or lesson.columns
            with Terminal(shells, columns, fast=fast) as terminal:
                body = _play(lesson, run, terminal)
                cast = terminal.cast()
            printed = commands.output(machine, afterwards)
    if run.name == MAIN and not re.search(lesson.output.line, body, re.MULTILINE):
        raise _unexpected(lesson, run, body)
    command = f"./lab record {lesson.label} {run.name}"
    return RecordedRun(recorded(command, release, versions, body), cast, printed)


def recorded(
    command: str, release: Release, versions: Versions, body: str
) -> Recording:
    """Return the text of what was recorded today."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return Recording(command, today, release.title, *versions, body)


def files(
    taken: RecordedRun, lesson: Lesson, run: Run, checkout: Path
) -> dict[Path, str]:
    """Return the texts of a run's files, by their paths.

    Only one that is watched has a cast. A picture that the checkout has of this run is
    among them, drawn anew.
    """
    texts = {lesson.recordings / f"{run.stem}.txt": str(taken.recording)}
    if run.is_watched:
        texts[lesson.recordings / f"{run.stem}.cast"] = taken.cast
    drawn = checkout / "docs/pictures" / f"{run.stem}-{lesson.label}.svg"
    if drawn.exists():
        texts[drawn] = picture.draw(taken.recording, lesson.program)
    return texts


def save(texts: Mapping[Path, str]) -> None:
    """Write the files of recordings, all or none, in folders that may be missing."""
    for path in texts:
        path.parent.mkdir(exist_ok=True)  # a lesson's first recording
    write_all(texts)


def release_of(run: Run) -> Release:
    """Return the release that a run takes place on."""
    return debian.release(run.on) if run.on else debian.RELEASES[0]


def program_of(lesson: Lesson, run: Run) -> str:
    """Return the lesson's program as a run has it. Raise Problem if it cannot be."""
    return changed(lesson.source, run.change, f"runs: {run.name}")


def _copy(lesson: Lesson, run: Run, checkout: Path) -> None:
    """Make a checkout with nothing but the lesson, for every user to read."""
    folder = checkout / "lessons" / lesson.folder.name
    no_recordings = shutil.ignore_patterns(lesson.recordings.name)
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
        terminal.mark("Ctrl-C")
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
