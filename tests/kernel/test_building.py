"""What happens when the building of the VM is interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bcclessons.setup.cache import cache_folder
from tests.kernel.test_vm import processes_with, wait_until_gone


@pytest.fixture
def empty_cache(tmp_path: Path) -> Path:
    """Return a cache that has the Python environment, and nothing else."""
    folder = tmp_path / "home" / "bcc-lessons"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(cache_folder(os.environ) / "python")
    return folder


@pytest.mark.parametrize(
    ("stage", "number"),
    [
        ("Fetching the packages", signal.SIGINT),
        ("Fetching the packages", signal.SIGTERM),
        ("Making the VM's disk", signal.SIGINT),
        ("Booting the VM", signal.SIGINT),
    ],
)
def test_an_interrupted_build_is_discarded(
    empty_cache: Path, checkout: Path, stage: str, number: signal.Signals
) -> None:
    building = subprocess.Popen(
        ["./lab", "--lang", "en", "run", "02", "--vm", "--demo"],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(empty_cache.parent)},
    )
    assert building.stderr is not None
    for line in building.stderr:
        if line.startswith(stage):
            break
    time.sleep(1)
    # As Ctrl-C in a terminal does not reach our children's sessions.
    building.send_signal(number)
    output, said = building.communicate(timeout=60)
    assert building.returncode == 128 + number
    assert output == ""
    assert "Traceback" not in said
    assert not wait_until_gone(str(empty_cache), 5)
    images = sorted(path.name for path in (empty_cache / "images").iterdir())
    kept = {"lock"} if stage != "Booting the VM" else {"lock", images[0]}
    assert set(images) == kept


def test_a_killed_build_is_cleaned_up_by_the_next(
    empty_cache: Path, checkout: Path
) -> None:
    command = ["./lab", "--lang", "en", "run", "02", "--vm", "--demo"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(empty_cache.parent)}
    building = subprocess.Popen(
        command,
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert building.stderr is not None
    with building.stderr as messages:
        assert messages.readline().startswith("Fetching the packages")
        time.sleep(0.5)
        building.kill()
        building.wait()
    assert list((empty_cache / "images").glob(".new-*"))
    assert not wait_until_gone(str(empty_cache), 10)
    done = subprocess.run(
        command,
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not list((empty_cache / "images").glob(".new-*"))
    assert not processes_with(str(empty_cache))
    shutil.rmtree(empty_cache)
