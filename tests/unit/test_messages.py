"""What BCC, clang and the verifier wrote on four releases, and the feedback on it.

``messages/recorded.json`` holds what a program of lesson 02 printed with some of its
lines changed, on Debian 11 (BCC 0.18), 12 (0.26), 13 (0.31) and unstable (0.37); of the
verifier's logs without most of the states.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bcclessons.grading import compiler, diagnosis
from bcclessons.grading.contract import Limits, Observation, Request
from bcclessons.grading.source import Source

DATA: dict[str, Any] = json.loads(
    (Path(__file__).parent / "messages" / "recorded.json").read_text()
)
RECORDED = [
    pytest.param(name, recorded, id=f"{name}-{recorded['releases'][0]}")
    for name, case in DATA["cases"].items()
    for recorded in case["recorded"]
    if not (recorded["status"] is None and not recorded["stderr"].strip())
]


def program_of(name: str) -> str:
    """Return the program of a case: the common one with its changes, from the last."""
    lines = DATA["program"].splitlines(keepends=True)
    for at, count, new in reversed(DATA["cases"][name]["changes"]):
        lines[at : at + count] = [new]
    return "".join(lines)


@pytest.mark.parametrize(("name", "recorded"), RECORDED)
def test_a_message_is_explained_and_led_to_its_line(
    name: str, recorded: dict[str, Any]
) -> None:
    case, status = DATA["cases"][name], recorded["status"]
    observed = Observation(
        "interrupted" if status is None else "early",
        stderr=recorded["stderr"],
        status=status,
    )
    request = Request(program_of(name), "", [], Limits(1, 1, 1))
    found = diagnosis.behaviour(observed, request) or compiler.warning(
        recorded["stderr"], Source(request.program)
    )
    assert found is not None
    assert case["says"] in found.text.en
    assert found.text.ja != found.text.en
    if case["line"] is None:
        return
    assert found.line == case["line"]
