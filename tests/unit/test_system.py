"""How a machine is read, on a faked one and on this one."""

from __future__ import annotations

import os
import subprocess

from bcclessons.setup.system import System
from tests.unit.fakes import Machine


def test_relative_folders_of_the_path_are_skipped(stock: Machine) -> None:
    stock.environment["PATH"] = "here:/usr/bin"
    stock.program("/here/tool")
    assert stock.system.which("tool") is None
    stock.program("/usr/bin/tool")
    assert stock.system.which("tool") == "/usr/bin/tool"
    (stock.root / "usr/bin/tool").chmod(0o644)
    assert stock.system.which("tool") is None


def test_a_command_that_is_not_there_raises_nothing() -> None:
    assert System.here().run("/nonexistent/program").returncode == 127
    assert System.here().run("sh", "-c", "echo $LC_ALL").stdout == "C\n"


def test_this_machines_files() -> None:
    here = System.here()
    for name in ("/usr/bin/python3", "/bin/sh", "/etc/../bin/../nothing"):
        assert str(here.path(name).resolve()) == os.path.realpath(name)
    assert here.which("sh") in ("/bin/sh", "/usr/bin/sh")
    assert "/proc/self" in here.glob("/proc/sel?")
    assert here.read("/nonexistent") is None
    names = subprocess.run(["id", "-nG"], capture_output=True, text=True, check=True)
    assert here.groups == set(names.stdout.split())
