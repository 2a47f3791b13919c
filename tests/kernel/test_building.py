"""What happens when the building of the VM is interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bcclessons.machines.vm import layout
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
        ("Fetching packages", signal.SIGINT),
        ("Fetching packages", signal.SIGTERM),
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
    kept = {"lock", images[0]}
    assert images[0].startswith("debian-13" if stage == "Booting the VM" else "fetched")
    assert set(images) == kept
    assert ("What was downloaded is kept" in said) is (number == signal.SIGINT)


def test_what_was_fetched_is_not_fetched_again(
    empty_cache: Path, checkout: Path
) -> None:
    """What is made, why and how large is said first; an interruption loses nothing."""
    fetched: list[dict[Path, int]] = []
    for _ in range(2):
        with subprocess.Popen(
            ["./lab", "--lang", "en", "run", "02", "--vm", "--demo"],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(empty_cache.parent)},
        ) as building:
            assert building.stderr is not None
            lines = iter(building.stderr)
            assert next(lines).startswith("This will run on a VM (Debian 13): as you")
            assert "about 216 MB to download, 660 MB of disk" in next(lines)
            assert any(line.startswith("Unpacking") for line in lines)
            debs = (empty_cache / "images").glob("fetched-*/**/*.deb")
            fetched.append({path: path.stat().st_ctime_ns for path in debs})
            building.send_signal(signal.SIGINT)
            lines_left = [*lines]
        assert any("What was downloaded is kept" in line for line in lines_left)
    assert len(fetched[0]) > 50
    assert fetched[0] == fetched[1]
    total = sum(path.stat().st_size for path in fetched[0])
    assert abs(total - layout.BUILD_COST.download) < 30e6, "what is said is wrong"


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
        assert any(line.startswith("Fetching packages") for line in messages)
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
