"""The end of what a process prints."""

from __future__ import annotations

import resource
import subprocess

from bcclessons.grading.tail import Tail


def tail(script: str) -> str:
    with subprocess.Popen(
        ["sh", "-c", script], stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stderr
        found = Tail(process.stderr)
        process.wait()
        return found.last_line()


def test_the_last_line_is_kept_and_no_more() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (
        tail("head -c 50000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo E >&2") == "E"
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_nothing_is_an_empty_line() -> None:
    assert tail("true") == ""


def test_a_process_that_is_left_is_not_waited_for() -> None:
    assert tail("echo said >&2; sleep 3 &") == "said"
