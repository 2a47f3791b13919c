"""A temporary folder that is gone when its process has ended, however it ended."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A socket's path has at most 107 bytes; ssh adds 17 to it while it makes one.
_LONGEST = 50
# Its standard input ends when this process does, even by SIGKILL.
_REMOVE = 'read -r _; {ending}; exec rm -rf -- "$0"'


@contextmanager
def temporary_folder(ending: str = ":") -> Iterator[Path]:
    """Make a folder, with a path short enough for a socket; remove it after the block.

    Before, ``ending`` is run: a line of shell, in which "$0" is the folder. Both happen
    even where this process is killed. Raise OSError if it cannot be made.
    """
    usual = tempfile.gettempdir()
    place = usual if len(usual) <= _LONGEST else "/tmp"  # noqa: S108 (mkdtemp makes it)
    folder = Path(tempfile.mkdtemp(prefix="bcc-lessons-", dir=place))
    with subprocess.Popen(
        ["sh", "-c", _REMOVE.format(ending=ending), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ):
        yield folder
