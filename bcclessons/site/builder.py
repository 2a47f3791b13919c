"""The website, built into a folder by MkDocs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bcclessons.console.text import Problem
from bcclessons.setup.paths import CHECKOUT

# Every folder that is built here has this file: it may be built into again, and a zip
# of it may be replaced.
_MARKER = ".bcc-lessons-site"
ENVIRONMENT = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
"""The environment in which MkDocs runs."""


def build(python: Sequence[str], folder: Path, *, offline: bool) -> list[Path]:
    """Build the site into a folder; return what was made.

    ``offline``, its pages work when they are opened as files, and a zip of the
    folder is made next to it. Raise Problem where the build fails, leaving no new
    folder, or where it would replace what is no site of ours.
    """
    folder = folder.resolve()
    archive = folder.with_name(f"{folder.name}.zip")
    _check(folder)
    if offline:
        _check_archive(archive)
    is_new = not (folder / _MARKER).exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARKER).touch()
        _run_mkdocs(python, folder, offline=offline)
        is_new = False
        if not offline:
            return [folder]
        with TemporaryDirectory(prefix=".bcc-lessons-", dir=folder.parent) as name:
            made = shutil.make_archive(
                f"{name}/site", "zip", folder.parent, folder.name
            )
            os.replace(made, archive)
    except OSError as error:
        raise Problem(
            ja=f"{error.filename or folder} に書けない（{error.strerror}）．別の場所を指定する．",
            en=f"cannot write {error.filename or folder} ({error.strerror}); name another folder.",
        ) from error
    finally:
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
    return [folder / "index.html", archive]


def _check(folder: Path) -> None:
    """Raise Problem if a site must not be built into a folder."""
    if folder.exists() and not folder.is_dir():
        raise Problem(
            ja=f"{folder} はフォルダではない．別の場所を指定する．",
            en=f"{folder} is not a folder; name another one.",
        )
    if folder.is_relative_to(CHECKOUT) and folder.parent != CHECKOUT:
        raise Problem(
            ja=f"{folder} はこのリポジトリの一部である．外の場所を指定する．",
            en=f"{folder} is part of this repository; name a folder outside it.",
        )
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARKER).is_file():
        raise Problem(
            ja=f"{folder} には別のものが入っている．空のフォルダか，まだ無い"
            "フォルダを指定する．",
            en=f"{folder} holds something else; name an empty folder, or one that "
            "does not exist yet.",
        )


def _check_archive(archive: Path) -> None:
    """Raise Problem if there is a file, not a zip of a site, where one is to be."""
    if not archive.exists():
        return
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            if f"{archive.stem}/{_MARKER}" in opened.namelist():
                return
    raise Problem(
        ja=f"{archive} はこのサイトの zip ではない．移すか，別のフォルダを指定する．",
        en=f"{archive} is not a zip of this site; move it, or name another folder.",
    )


def _run_mkdocs(python: Sequence[str], folder: Path, *, offline: bool) -> None:
    """Build into a folder, which is emptied but for files with a dot before."""
    settings = {"BCC_LESSONS_OFFLINE": "true"} if offline else {}
    command = [*python, "-m", "mkdocs", "build", "--site-dir", str(folder)]
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**ENVIRONMENT, **settings},
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
            en="the site cannot be built, for the reasons above; fix them, and "
            "run this again.",
        )
