"""Stand-in kernel headers, for a kernel that has none to install."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.machines import debian
from bcclessons.setup.cache import locked
from bcclessons.setup.cost import Cost, fetching

if TYPE_CHECKING:
    from bcclessons.machines.workspace import Workspace


RELEASE = debian.release("debian-12")
# Measured on 2026-11-25, on two cores of a server: 12 MB of packages and 9 MB of lists.
COST = Cost(download=21e6, disk=57e6, seconds=10)
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
            console.say(
                Text(
                    ja="このカーネルのヘッダの代わりに，Debian 12 のものを用意する．初回だけ"
                    f"である（{COST.text.ja}）．",
                    en="Fetching Debian 12's kernel headers in place of this kernel's, "
                    f"which is done once: {COST.text.en}.",
                )
            )
            fetched = tree.with_name(f"fetched-{suite}")
            with fetching(console):
                debian.unpack(suite, (), "headers", work / "root", fetched, console)
                with console.waiting(Text(ja="まとめる", en="Merging them")):
                    merge_headers(work / "root" / "usr/src", work / "tree")
                    (work / "tree").rename(tree)
                    shutil.rmtree(work)
                    shutil.rmtree(fetched)
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
