"""The live pages of BCC Lessons behind jupyter-server-proxy, at USER/lessons/.

Installed where a user's Jupyter server is. It starts ./lab site on a Unix socket, in
the user's own copy of the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(os.environ.get("BCC_LESSONS_REPOSITORY", "/opt/bcc-lessons"))
"""The repository that each user gets a copy of."""

SNAPSHOT = Path("/opt/cache/snapshot.tar")
"""The snapshot of the VM in the image, for the cache; ./lab makes one without it."""

# Building the site takes some 5 s; many users may log in at once.
_START_SECONDS = 120


def setup() -> dict[str, Any]:
    """Return what jupyter-server-proxy is to start, and to show in its launcher."""
    return {
        "command": [sys.executable, "-m", "bcc_lessons_hub", "{unix_socket}"],
        "unix_socket": True,
        "timeout": _START_SECONDS,
        "launcher_entry": {"title": "BCC Lessons"},
    }


def own_copy(home: Path) -> Path:
    """Return the user's copy of the repository, made if there is none.

    It is whole or not there. One that is there is never changed.
    """
    copy = home / "bcc-lessons"
    if not copy.exists():
        new = home / ".new-bcc-lessons"
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(REPOSITORY, new, symlinks=True)
        new.rename(copy)
    return copy


def unpack_snapshot(images: Path) -> None:
    """Unpack the snapshot into the cache's folder of images, unless it is there."""
    there = any(images.glob("*.snapshot-*/manifest.json"))
    if SNAPSHOT.exists() and not there:
        # Its manifest comes last: without that, it is not taken for whole.
        subprocess.run(["tar", "-C", images, "-xf", SNAPSHOT], check=False)


def main() -> None:
    """Become the server of live pages on the socket that is named."""
    unpack_snapshot(SNAPSHOT.parent / "bcc-lessons/images")
    lab = own_copy(Path.home()) / "lab"
    os.execv(lab, [str(lab), "site", "--socket", sys.argv[1]])


if __name__ == "__main__":
    main()
