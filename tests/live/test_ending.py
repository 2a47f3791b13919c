"""How the server ends: on a signal, by SIGKILL, and what is there when it is back."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.live.conftest import serving
from tests.live.test_learner_files import checked
from tests.live.test_terminals import HEADER, sync
from tests.processes import started_with
from tests.site.test_lab_site import copied_lab


@pytest.mark.parametrize("options", [(), ("--vm",)], ids=["any", "vm"])
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
)
def test_it_leaves_nothing_behind(
    checkout: Path,
    tmp_path: Path,
    options: tuple[str, ...],
    number: signal.Signals,
    status: int,
) -> None:
    copy = copied_lab(checkout, tmp_path / "copy")
    with (
        serving(copy, tmp_path, *options, statuses=(status,)) as live,
        live.control() as control,
        live.terminal("02.lesson") as lesson,
        live.terminal("02.shell") as shell,
    ):
        control.send("run", what="02")
        lesson.expect(HEADER, 120)
        sync(shell, "ready")
        shell.type("sleep 1000 &\r")
        assert started_with(str(live.temporary))
        os.kill(live.process.pid, number)
        live.process.wait(20)


def test_files_progress_and_cookie_are_there_again(
    checkout: Path, tmp_path: Path
) -> None:
    copy = copied_lab(checkout, tmp_path / "copy")
    with serving(copy, tmp_path, statuses=(-9,)) as live, live.control() as control:
        control.send("open", exercise="02/1")
        file = control.expect("file")
        text = live.my_sample("02/1").with_name("solution").read_text()
        control.send("save", exercise="02/1", text=text, base=file["revision"])
        control.expect("saved")
        assert checked(control)["solved"]
        cookie = live.cookie().partition("=")[2]
        os.kill(live.process.pid, signal.SIGKILL)
        live.process.wait(20)
    with serving(copy, tmp_path) as again, again.control() as control:
        assert again.cookie().partition("=")[2] == cookie
        control.send("open", exercise="02/1")
        assert control.expect("file")["text"] == text
        assert again.my_sample("02/1").read_text() == text
    with serving(copy, tmp_path) as again, again.control() as control:
        assert control.expect("state")["solved"] == ["02/1"]


_ON_A_SMALL_DISK = """
cp -a "$0" "$1" && mount -t tmpfs -o size=64k tmpfs "$0" && cp -a "$1/." "$0" || exit
shift && exec "$@"
"""


def test_a_full_disk_loses_nothing(checkout: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("on this machine, only root may mount a small disk")
    copy = copied_lab(checkout, tmp_path / "copy")
    (folder,) = copy.glob("lessons/02_*/exercises/1_*")
    small: list[str | Path] = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        _ON_A_SMALL_DISK,
        folder,
        tmp_path / "x",
    ]
    with serving(copy, tmp_path, before=small) as live, live.control() as control:
        control.send("open", exercise="02/1")
        file = control.expect("file")
        seen = Path(f"/proc/{live.process.pid}/root{folder}")
        with (seen / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while filler.write(bytes(4096)):
                pass
        text = file["text"] + "# more\n" * 2000
        control.send("save", exercise="02/1", text=text, base=file["revision"])
        assert "the disk is full" in control.expect("problem")["text"]
        assert (seen / "my_sample").read_text() == file["text"]
        (seen / "filler").unlink()
        control.send("save", exercise="02/1", text=text, base=file["revision"])
        control.expect("saved")
        assert (seen / "my_sample").read_text() == text


def test_a_killed_vm_is_said_and_starts_again(checkout: Path, tmp_path: Path) -> None:
    copy = copied_lab(checkout, tmp_path / "copy")
    with serving(copy, tmp_path, "--vm") as live, live.control() as control:
        with live.terminal("02.shell") as shell:
            sync(shell, "before")
            (qemu,) = (
                pid
                for pid, command in started_with(str(live.temporary)).items()
                if "qemu-system" in command.split()[0]
            )
            os.kill(qemu, signal.SIGKILL)
            while "ended" not in shell.told[-1]:
                shell.read(20)
            time.sleep(1)  # until it is noticed that the VM has ended
            shell.drawn = b""
            shell.type("\r")
            shell.expect(r"# $", 90)
            sync(shell, "after")
        control.send("run", what="02")
        control.expect("running", 60)
