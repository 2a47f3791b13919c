"""A learner's own copy of what his machine must see: lessons, and what checks them.

His VM has it as its checkout, and may write anywhere in it. So nothing in it but his
own program is ever read as ours: checks, solutions and texts are those of the real
checkout. What he damages is made good when his VM starts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from bcclessons.course.exercise import Exercise

# What runs in the guest, of bcclessons: the observer, and what it imports.
GUEST_MODULES = (
    "__init__.py",
    "course/__init__.py",
    "course/steps.py",
    "grading/__init__.py",
    "grading/contract.py",
    "grading/execve.py",
    "grading/execve_count.py",
    "grading/namespace.py",
    "grading/observer.py",
    "grading/processes.py",
    "grading/program.py",
)
# What is for this side only, of a lesson: by name.
_OURS = {"solution", "check.py", "attempts", "recordings", "__pycache__"}
MOST_BYTES = 64 << 20
MOST_FILES = 5000
MOST_DEPTH = 30


class LearnersExercise(Exercise, frozen=True, kw_only=True):
    """An exercise whose ``my_sample`` is in a learner's own copy of its folder."""

    own_folder: Path

    @property
    def my_sample(self) -> Path:
        """The learner's own file."""
        return self.own_folder / "my_sample"


def exercise_of(exercise: Exercise, source: Path, copy: Path) -> LearnersExercise:
    """Return an exercise of the checkout ``source`` as the owner of ``copy`` has it."""
    own_folder = copy / exercise.folder.relative_to(source)
    return LearnersExercise(**msgspec.structs.asdict(exercise), own_folder=own_folder)


def refresh(source: Path, copy: Path) -> None:
    """Make a copy, or make good what is missing or damaged in one.

    Files of the learner's stay; one that is where a folder of ours belongs is renamed.
    """
    for name in _names(source):
        ours, his = source / name, copy / name
        _make_folder(his.parent, copy)
        if his.is_dir():
            _put_aside(his)
        if not (his.is_file() and his.read_bytes() == ours.read_bytes()):
            # A new file: what the guest has noted on the old one goes with it.
            his.unlink(missing_ok=True)
            shutil.copyfile(ours, his)
            his.chmod(ours.stat().st_mode & 0o777)


def _names(source: Path) -> Iterator[Path]:
    """Yield the files of the checkout that a learner's machine must see."""
    for module in GUEST_MODULES:
        yield Path("bcclessons") / module
    for path in sorted((source / "lessons").rglob("*")):
        name = path.relative_to(source)
        is_ours = _OURS.intersection(name.parts) or path.name.startswith("my_sample")
        if path.is_file() and not is_ours:
            yield name


def _make_folder(folder: Path, copy: Path) -> None:
    """Make a folder of the copy, and those above it."""
    if folder.is_dir():
        return
    if folder != copy:
        _make_folder(folder.parent, copy)
    if folder.exists():
        _put_aside(folder)
    folder.mkdir(parents=folder == copy)


def _put_aside(path: Path) -> None:
    number = 1
    while (kept := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    path.rename(kept)


def is_too_large(copy: Path, times: int = 1) -> bool:
    """Tell whether a copy takes so many times what one learner may have of this disk."""
    count = size = 0
    waiting = [(os.fspath(copy), 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    count += 1
                    with suppress(FileNotFoundError):  # gone meanwhile
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
                    # As deep, it could not be read or deleted any more, as a whole.
                    if (
                        count > times * MOST_FILES
                        or size > times * MOST_BYTES
                        or depth > MOST_DEPTH
                    ):
                        return True
        except FileNotFoundError:
            continue
    return False
