"""What ./lab bench loss measures, on this host: events that are lost, and that are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kernel.conftest import Runner
from tools import on_machine


def measured(machine: Runner, *settings: list[Any]) -> list[dict[str, Any]]:
    if machine.name == "vm":
        pytest.skip("this machine is emulated; the host is measured")
    done = on_machine.run(machine.machine, "loss_run", json.dumps(settings))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", ["perf", "ring"])
def test_what_does_not_fit_is_lost(machine: Runner, kind: str) -> None:
    slow, burst = measured(machine, [kind, 2, 40, 1, 2_000], [kind, 2, 40, 300, 5_000])
    assert slow["attempts"] == 1_200
    assert burst["attempts"] == 3_000
    assert slow["lost"] < 60  # of an event in 500 µs, unless the machine stops
    # 31 events fit; few are read before the burst has ended.
    assert 200 * 10 < burst["lost"] <= 269 * 10
    assert (burst["told"] > 0) == (kind == "perf")
    for each in (slow, burst):
        assert 40 < each["service_us"] < 80
        assert 0 < each["delay_us"] <= each["late_us"]
