"""Stand-in kernel headers, for a kernel that has none to install."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.machines import debian
from bcclessons.setup.cache import locked

if TYPE_CHECKING:
    from bcclessons.machines.workspace import Workspace


RELEASE = debian.release("debian-12")
# Where the cache has them.
FOLDER = f"headers/{RELEASE.suite}"


def stand_in_headers(workspace: Workspace) -> Path:
    """Return a header tree for BCC_KERNEL_SOURCE, fetched and unpacked once.

    It is Debian 12's (6.1). Right only for a program that reads no kernel
    struct: the layouts are that kernel's, not this one's.
    """
    suite = RELEASE.suite
    tree = workspace.cache / FOLDER
    console = workspace.console

    def waiting() -> None:
        console.say(
            Text(
                ja="別の ./lab がヘッダを用意している．終わるのを待つ．",
                en="another ./lab is fetching the headers; waiting for it.",
            )
        )

    if tree.is_dir():
        return tree
    with locked(tree.with_suffix(".lock"), waiting):
        if tree.is_dir():
            return tree
        # What a killed build left; its lock is ours now, so nobody uses it.
        for stale in tree.parent.glob(".new-*"):
            shutil.rmtree(stale, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=".new-", dir=tree.parent))
        try:
            title = Text(
                ja="代わりのヘッダ（Debian 12）を取ってくる",
                en="Fetching stand-in headers (Debian 12)",
            )
            with console.stage(title) as stage:
                debian.unpack(suite, (), "headers", work / "root", stage)
            merge_headers(work / "root" / "usr/src", work / "tree")
            (work / "tree").rename(tree)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return tree


def merge_headers(sources: Path, into: Path) -> None:
    """Join Debian's two header packages into the one tree that clang expects.

    The -common package has most of it, and the -amd64 one what was generated.
    """
    for part in sorted(
        sources.glob("linux-headers-*"), key=lambda p: "common" not in p.name
    ):
        for folder in ("include", "arch/x86"):
            if (part / folder).is_dir():
                shutil.copytree(part / folder, into / folder, dirs_exist_ok=True)
