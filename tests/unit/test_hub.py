"""What a user's server of JupyterHub starts: the entry point of hub/."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hub import bcc_lessons_hub

SNAPSHOT = "debian-13-abc.snapshot-def"


def test_the_entry_point_is_what_starts_the_server(checkout: Path) -> None:
    project = tomllib.loads((checkout / "hub/pyproject.toml").read_text())
    (entry,) = project["project"]["entry-points"].values()
    assert entry == {"lessons": "bcc_lessons_hub:setup"}
    settings = bcc_lessons_hub.setup()
    command = settings["command"]
    assert command == [sys.executable, "-m", "bcc_lessons_hub", "{unix_socket}"]
    assert settings["unix_socket"] is True
    # jupyter-server-proxy puts values in place of what is in braces.
    assert [word.format(unix_socket="s", port=0, base_url="/") for word in command][
        -1
    ] == "s"


def test_each_user_has_a_copy_which_is_never_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "lab").write_text("#!/bin/sh\necho $0 $* > $HOME/said\n")
    (repository / "lab").chmod(0o755)
    monkeypatch.setattr(bcc_lessons_hub, "REPOSITORY", repository)
    home = tmp_path / "home"
    (home / ".new-bcc-lessons").mkdir(parents=True)  # of a start that was killed
    copy = bcc_lessons_hub.own_copy(home)
    assert os.listdir(home) == ["bcc-lessons"]
    (copy / "lab").write_text("mine")
    (repository / "more").touch()
    assert bcc_lessons_hub.own_copy(home) == copy
    assert (copy / "lab").read_text() == "mine"
    assert not (copy / "more").exists()


def test_it_becomes_the_server_of_live_pages(checkout: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "lab").write_text('#!/bin/sh\necho "$0 $*"\n')
    (repository / "lab").chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-B", "-m", "bcc_lessons_hub", "/some/socket"],
        cwd=checkout / "hub",
        env={"HOME": str(tmp_path), "BCC_LESSONS_REPOSITORY": str(repository)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{tmp_path}/bcc-lessons/lab site --socket /some/socket\n"


def test_the_snapshot_is_unpacked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    archive = tmp_path / "snapshot.tar"
    monkeypatch.setattr(bcc_lessons_hub, "SNAPSHOT", archive)
    bcc_lessons_hub.unpack_snapshot(images)  # without one, ./lab makes it
    assert list(images.iterdir()) == []
    (images / SNAPSHOT).mkdir()
    (images / SNAPSHOT / "manifest.json").write_text("{}")
    subprocess.run(["tar", "-C", images, "-cf", archive, SNAPSHOT], check=True)
    (images / SNAPSHOT / "manifest.json").unlink()
    bcc_lessons_hub.unpack_snapshot(images)
    (images / SNAPSHOT / "manifest.json").write_text("newer")
    bcc_lessons_hub.unpack_snapshot(images)
    assert (images / SNAPSHOT / "manifest.json").read_text() == "newer"
