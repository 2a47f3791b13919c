"""What is said where a check fails in a way that nobody has foreseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcclessons.console.text import Problem
from bcclessons.grading.check import _compare, _load
from bcclessons.grading.trial import Line, Trial


def test_a_value_that_cannot_be_read_is_feedback_not_a_traceback() -> None:
    trial = Trial([], "", "", lines=[Line("1f learner", {"time": "1f"})])

    def run_check(trial: Trial) -> None:
        int(trial.lines[0]["time"])

    feedback = _compare(run_check, trial, "")
    assert feedback is not None
    assert "invalid literal" in feedback.text.en
    assert feedback.output == "1f learner"


@pytest.mark.parametrize("text", [None, "def check(:\n", "import nothing\n", "x = 1\n"])
def test_a_check_that_cannot_be_read_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "check.py").write_text(text)
    with pytest.raises(Problem, match=r"check\.py cannot be read .* git checkout"):
        _load(tmp_path / "check.py")
