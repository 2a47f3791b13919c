"""Which tests a worker of ./lab test takes next."""

from __future__ import annotations

from tests.conftest import CHECKOUT, LONGEST_SCOPES, next_scope


def test_the_longest_go_first_and_others_as_they_come() -> None:
    waiting = ["tests/unit/test_b.py", "tests/unit/test_a.py", *LONGEST_SCOPES[::-1]]
    taken = []
    while waiting:
        taken.append(next_scope(waiting))
        waiting.remove(taken[-1])
    assert tuple(taken[:-2]) == LONGEST_SCOPES
    assert taken[-2:] == ["tests/unit/test_b.py", "tests/unit/test_a.py"]


def test_what_takes_long_is_there() -> None:
    names = {name for name in LONGEST_SCOPES if "/" in name}
    assert [name for name in names if not (CHECKOUT / name).is_file()] == []
