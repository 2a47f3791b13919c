"""Begin a lesson as a copy of lesson 02 under another number and name.

    python -m tools.new_lesson 99 my_lesson

CONTRIBUTING.md says what to do with it.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from bcclessons.setup.paths import CHECKOUT

_MODEL = "02_perf_output"


def create(number: int, name: str, checkout: Path = CHECKOUT) -> Path:
    """Make the folder of a lesson, and return it.

    Raise ValueError for a number or a name that cannot be, and FileExistsError if
    there is a lesson of this number.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not 1 <= number <= 99:
        raise ValueError(f"not a lesson's number and name: {number} {name}")
    label = f"{number:02}"
    if taken := sorted(checkout.glob(f"lessons/{label}_*")):
        raise FileExistsError(f"there is a lesson {label}: {taken[0].name}")
    folder = checkout / "lessons" / f"{label}_{name}"
    shutil.copytree(
        checkout / "lessons" / _MODEL,
        folder,
        ignore=shutil.ignore_patterns("my_sample*", "__pycache__"),
    )
    (folder / "perf_output_sample").rename(folder / f"{name}_sample")
    names = {
        _MODEL: folder.name,
        "perf_output_sample": f"{name}_sample",
        "pic-02-": f"pic-{label}-",
        "./lab run 02": f"./lab run {label}",
        "./lab record 02": f"./lab record {label}",
        "./lab record --journey 02": f"./lab record --journey {label}",
        "number = 2": f"number = {number}",
    }
    for path in filter(Path.is_file, folder.rglob("*")):
        text = path.read_text(encoding="utf-8")
        for old, new in names.items():
            text = text.replace(old, new)
        text = re.sub(r"\b02/(\d)\b", rf"{label}/\1", text)
        path.write_text(text, encoding="utf-8")
    return folder


def main() -> int:
    """Make the lesson that the command line asks for."""
    try:
        number, name = sys.argv[1:]
        folder = create(int(number), name)
    except (ValueError, OSError) as error:
        print(f"new_lesson: {error}; as in: new_lesson 99 my_lesson", file=sys.stderr)
        return 1
    print(f"Made {folder.relative_to(CHECKOUT)}; CONTRIBUTING.md says how to go on.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
