"""A port that is taken: what the servers say to do."""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress

import pytest

from bcclessons.console.text import Problem
from bcclessons.live import server

ADDRESS = "127.0.0.1"


def test_the_port_that_is_named_is_free() -> None:
    with ExitStack() as stack:
        taken = stack.enter_context(server.listening(ADDRESS, 0))
        port = taken.getsockname()[1]
        with suppress(Problem):  # it is another's, then
            stack.enter_context(server.listening(ADDRESS, port + 1))
        with pytest.raises(Problem) as told:
            server.listening(ADDRESS, port)
        text = told.value.text
        named = {
            re.sub(r".* --port (\d+)$", r"\1", said) for said in (text.ja, text.en)
        }
        assert len(named) == 1
        free = int(named.pop())
        assert free not in (port, port + 1)
        stack.enter_context(server.listening(ADDRESS, free))


def test_where_no_higher_port_is_free_another_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "_LAST_PORT", 0)
    with server.listening(ADDRESS, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=rf"--port (?!{port}$)\d+$"):
            server.listening(ADDRESS, port)
