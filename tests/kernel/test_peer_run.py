"""What ./lab bench peers measures, on this host: the lines of calls, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bcclessons.course import lesson
from bcclessons.setup.paths import CHECKOUT
from tests.kernel.conftest import Runner
from tools import on_machine

LESSON = lesson.load(CHECKOUT / "lessons/02_perf_output")
PROGRAM = f"lessons/{LESSON.folder.name}/{LESSON.program}"


def measured(machine: Runner, *argv: str, calls: int = 400) -> dict[str, Any]:
    measure = (str(calls), "peer-caller", *argv)
    done = on_machine.run(machine.machine, "peer_run", *measure)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_each_call_is_counted_once(machine: Runner) -> None:
    if machine.name == "vm":
        pytest.skip("this machine is emulated, which takes long; the host is measured")
    found = measured(machine, PROGRAM)
    assert found["printed"] == found["calls"] == 400
    assert found["start_seconds"] > 0
    assert 0 < found["cpu_seconds"] < found["storm_seconds"]
    assert found["peak_bytes"] > 10_000_000


def test_a_tool_that_ends_is_said_with_its_last_words(machine: Runner) -> None:
    ends = ("sh", "-c", "echo no kprobes here; exit 1")
    done = on_machine.run(machine.machine, "peer_run", "2", "x", *ends)
    assert done.returncode == 1
    assert done.stderr.strip() == "no event (no kprobes here)"
    assert "Traceback" not in done.stderr
