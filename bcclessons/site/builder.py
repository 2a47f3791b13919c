"""The website, by MkDocs: served while somebody writes, or built into a folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bcclessons.console.text import Problem
from bcclessons.setup.paths import CHECKOUT

# A file that every site of ours has: a folder with it may be built into again.
_OURS = "assets/lessons.js"
_ENVIRONMENT = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}


def serve(python: Sequence[str], port: int) -> int:
    """Serve the site on loopback, built anew at each save; return MkDocs' status.

    Raise Problem if the port is taken.
    """
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError as error:
            raise Problem(
                ja=f"ポート {port} は使えない（{error.strerror}）．別のポートで動かす: "
                f"./lab site --port {port + 1}",
                en=f"port {port} cannot be used ({error.strerror}); take another: "
                f"./lab site --port {port + 1}",
            ) from error
    # Not strict: what is half written warns, and the server goes on.
    command = [*python, "-m", "mkdocs", "serve", "--no-strict"]
    command += ["--dev-addr", f"127.0.0.1:{port}"]
    return subprocess.run(
        command, cwd=CHECKOUT, env=_ENVIRONMENT, check=False
    ).returncode


def build(python: Sequence[str], folder: Path, *, offline: bool) -> list[Path]:
    """Build the site into a folder; return what was made.

    ``offline``, its pages work when they are opened as files, and a zip of the
    folder is made beside it. Raise Problem where the build fails, or the folder
    holds something else.
    """
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise Problem(
            ja=f"{folder} はフォルダではない．別の場所を指定する．",
            en=f"{folder} is not a folder; name another place.",
        )
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _OURS).is_file():
        raise Problem(
            ja=f"{folder} には別のものが入っている．空のフォルダか，まだ無い"
            "フォルダを指定する．",
            en=f"{folder} holds something else; name an empty folder, or one that "
            "does not exist yet.",
        )
    settings = {"BCC_LESSONS_OFFLINE": "true"} if offline else {}
    command = [*python, "-m", "mkdocs", "build", "--site-dir", str(folder)]
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**_ENVIRONMENT, **settings},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        # With its own --quiet, a strict build of MkDocs does not fail.
        for line in process.stderr:
            if not line.startswith("INFO"):
                print(line, end="", file=sys.stderr, flush=True)
    if process.returncode != 0:
        raise Problem(
            ja="サイトを作れない．理由は上に書いてある．直して，もう一度実行する．",
            en="the site cannot be built, for the reasons above; mend them, and "
            "run it again.",
        )
    if not offline:
        return [folder]
    archive = shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
    return [folder / "index.html", Path(archive)]
