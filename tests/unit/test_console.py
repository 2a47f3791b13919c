"""Steps of a long job, where there is no terminal."""

from __future__ import annotations

import pytest

from bcclessons.console.console import Console
from bcclessons.console.progress import TerminalConsole
from bcclessons.console.text import Language, Text


@pytest.mark.parametrize(
    "console", [Console(Language.EN), TerminalConsole(Language.EN)]
)
def test_a_step_prints_a_line_at_each_quarter(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    with console.stage(Text(ja="取得", en="Fetching"), sized=True) as stage:
        for done, total in ((5, 0), (10, 100), (26, 100), (30, 100), (100, 100)):
            stage.update(done * 1_000_000, total * 1_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "Fetching",
        "  Fetching: 26/100 MB",
        "  Fetching: 100/100 MB",
    ]
