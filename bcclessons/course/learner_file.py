"""The learner's own file of an exercise, ``my_sample``: never overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path

from bcclessons.console.text import Problem
from bcclessons.course.exercise import Exercise
from bcclessons.setup.files import unreadable

MOST_BYTES = 256 * 1024
MOST_KEPT = 99


def create(exercise: Exercise) -> bool:
    """Make the file from the start, unless it is there; tell whether it was made."""
    try:
        text = exercise.start.read_bytes()
    except OSError as error:
        raise unreadable(exercise.start, error.strerror) from error
    try:
        # "x": a file that somebody makes meanwhile is not overwritten.
        with exercise.my_sample.open("xb") as file:
            try:
                file.write(text)
                file.flush()
                shutil.copymode(exercise.start, exercise.my_sample)
            except OSError:  # a full disk must not leave a part of it
                exercise.my_sample.unlink()
                raise
    except FileExistsError:
        return False
    except OSError as error:
        raise _unwritable(exercise.my_sample, error) from error
    return True


def revision(exercise: Exercise) -> object:
    """Return what changes whenever the file is saved; None without one."""
    try:
        found = exercise.my_sample.stat()
    except OSError:
        return None
    # Editors write in place, or put a new file there.
    return found.st_mtime_ns, found.st_size, found.st_ino


def is_unchanged(exercise: Exercise) -> bool:
    """Tell whether the file is there, and is still as the start."""
    try:
        return exercise.my_sample.read_bytes() == exercise.start.read_bytes()
    except OSError:
        return False


def put_aside(exercise: Exercise) -> Path | None:
    """Move the file to my_sample.1, .2 …; return where it is now."""
    if not (exercise.my_sample.exists() or exercise.my_sample.is_symlink()):
        return None
    number = 1
    while (kept := exercise.my_sample.with_name(f"my_sample.{number}")).exists():
        number += 1
    if number > MOST_KEPT:
        raise Problem(
            ja=f"{kept.parent} に my_sample.1〜my_sample.{MOST_KEPT} が既にある．要らない"
            "ものを消してから，もう一度実行する．",
            en=f"{kept.parent} has my_sample.1 to my_sample.{MOST_KEPT} already; delete "
            "those that you do not need, and run this again.",
        )
    try:
        exercise.my_sample.rename(kept)
    except OSError as error:
        raise _unwritable(kept, error) from error
    return kept


def read(exercise: Exercise) -> str:
    """Return the learner's program. Raise Problem if it is no text to run."""
    path = exercise.my_sample
    try:
        if not path.is_file():
            raise IsADirectoryError(0, "not a file")
        # Line ends as they are: the kernel does not read those of Windows.
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES // 1024} KB")
        text = content.decode()
    except (OSError, ValueError) as error:
        is_bytes = isinstance(error, UnicodeDecodeError)
        reason = "not UTF-8" if is_bytes else getattr(error, "strerror", None) or error
        raise Problem(
            ja=f"{path} を読めない（{reason}）．直すか，別にとっておいて始め直す: "
            f"./lab reset {exercise.label}",
            en=f"{path} cannot be read ({reason}); fix it, or put it aside and "
            f"start again: ./lab reset {exercise.label}",
        ) from error
    if not text.strip():
        raise Problem(
            ja=f"{path} は空である．始め直す: ./lab reset {exercise.label}",
            en=f"{path} is empty; to start again: ./lab reset {exercise.label}",
        )
    return text


def _unwritable(path: Path, error: OSError) -> Problem:
    return Problem(
        ja=f"{path} に書けない（{error.strerror}）．書けるフォルダに clone し直す．",
        en=f"{path} cannot be written ({error.strerror}); clone the repository "
        "into a folder that you may write.",
    )
