"""The learner's file in the page and on disk: neither overwrites the other unasked."""

from __future__ import annotations

import shutil
import stat
import time
from typing import Any

import pytest

from tests.live.conftest import Control, Live

LABEL = "02/1"


def opened(control: Control) -> dict[str, Any]:
    control.send("open", exercise=LABEL)
    return control.expect("file", exercise=LABEL)


def save(control: Control, text: str, base: object) -> None:
    control.send("save", exercise=LABEL, text=text, base=base)


def checked(control: Control) -> dict[str, Any]:
    """Check the file; again, where the machine was too busy to tell."""
    for _ in range(6):
        control.send("check", exercise=LABEL)
        control.expect("checking")
        verdict = control.expect("verdict")
        if not verdict["undecided"]:
            break
    return verdict


def test_the_file_is_made_from_the_start(fresh: Live) -> None:
    with fresh.control() as control:
        file = opened(control)
    path = fresh.my_sample(LABEL)
    assert file["text"] == path.read_text() == path.with_name("start").read_text()


def test_what_is_saved_is_on_disk_and_can_still_be_run(fresh: Live) -> None:
    with fresh.control() as control:
        file = opened(control)
        save(control, file["text"] + "# 日本語\n", file["revision"])
        saved = control.expect("saved")
        save(control, file["text"] + "# again\n", saved["revision"])
        control.expect("saved")
    path = fresh.my_sample(LABEL)
    assert path.read_text() == file["text"] + "# again\n"
    assert path.stat().st_mode & stat.S_IXUSR


def test_every_page_sees_what_another_saves(fresh: Live) -> None:
    with fresh.control() as one, fresh.control("ja") as two:
        file = opened(one)
        opened(two)
        save(one, "new\n", file["revision"])
        revision = one.expect("saved")["revision"]
        assert two.expect("file", 10, revision=revision)["text"] == "new\n"


@pytest.mark.parametrize("way", ["in place", "renamed"])
def test_what_an_editor_saves_is_seen(fresh: Live, way: str) -> None:
    path = fresh.my_sample(LABEL)
    with fresh.control() as control:
        opened(control)
        if way == "in place":
            path.write_text("from an editor\n")
        else:
            path.with_name("my_sample~").write_text("from an editor\n")
            path.with_name("my_sample~").rename(path)
        control.expect("file", 10, text="from an editor\n")


def test_neither_is_lost_when_both_change(fresh: Live) -> None:
    path = fresh.my_sample(LABEL)
    with fresh.control() as control:
        file = opened(control)
        path.write_text("from an editor\n")
        save(control, "from the page\n", file["revision"])
        conflict = control.expect("conflict", 10)
        assert conflict["text"] == path.read_text() == "from an editor\n"
        save(control, "from the page\n", conflict["revision"])
        control.expect("saved")
    assert path.read_text() == "from the page\n"


def test_a_reset_keeps_the_file(fresh: Live) -> None:
    path = fresh.my_sample(LABEL)
    with fresh.control() as control:
        file = opened(control)
        save(control, "mine\n", file["revision"])
        control.expect("saved")
        control.send("reset", exercise=LABEL)
        assert control.expect("reset")["kept"] == "my_sample.1"
        control.expect("file", text=file["text"])
    assert path.with_name("my_sample.1").read_text() == "mine\n"


def test_an_empty_file_can_be_saved_over(fresh: Live) -> None:
    with fresh.control() as control:
        file = opened(control)
        save(control, "", file["revision"])
        revision = control.expect("saved")["revision"]
        assert "./lab reset 02/1" in control.expect("problem", 10)["text"]
        save(control, "new\n", revision)
        control.expect("saved")


def test_what_is_too_large_is_refused(fresh: Live) -> None:
    with fresh.control() as control:
        file = opened(control)
        save(control, "x" * 300_000, file["revision"])
        assert "it was not saved" in control.expect("problem")["text"]
    assert fresh.my_sample(LABEL).read_text() == file["text"]


def test_a_file_that_is_no_text_is_left_alone(fresh: Live) -> None:
    path = fresh.my_sample(LABEL)
    path.write_bytes(b"\xff\xfe")
    with fresh.control("ja") as control:
        control.send("open", exercise=LABEL)
        assert "読めない" in control.expect("problem")["text"]
        save(control, "new\n", "")
        assert "読めない" in control.expect("problem")["text"]
    assert path.read_bytes() == b"\xff\xfe"


def test_an_exercise_that_is_not_there(fresh: Live) -> None:
    with fresh.control() as control:
        control.send("open", exercise="02/99")
        assert control.expect("problem")["text"].startswith("there is no exercise")


def test_a_check_says_what_is_wrong_and_then_that_it_is_solved(fresh: Live) -> None:
    path = fresh.my_sample(LABEL)
    with fresh.control() as control:
        file = opened(control)
        verdict = checked(control)
        assert not verdict["solved"]
        assert "TIME(s) should be" in verdict["text"]
        line = file["text"].splitlines()[verdict["line"] - 1]
        assert "printb" in line or "event.time" in line
        shutil.copy(path.with_name("solution"), path)
        assert checked(control)["solved"]
        control.expect("state", solved=[LABEL])


# Each further letter doubles what it takes.
SLOW = """
import re
def check(trial):
    re.match("(a+)+$", "a" * 60 + "b")
"""


def test_a_check_that_takes_long_holds_up_no_page(fresh: Live) -> None:
    path = fresh.my_sample(LABEL).with_name("check.py")
    check = path.read_text()
    path.write_text(SLOW)
    with fresh.control() as control, fresh.control() as other:
        control.send("check", exercise=LABEL)
        control.expect("checking")
        waits = []
        for _ in range(40):
            asked = time.monotonic()
            other.send("ping")
            other.expect("pong")
            waits.append(time.monotonic() - asked)
            time.sleep(0.2)
        assert max(waits) < 1
        problem = control.expect("problem")["text"]
        assert "took too long to check what the program printed" in problem
        path.write_text(check)
        assert not checked(control)["solved"]


def test_hints_come_one_by_one(fresh: Live) -> None:
    with fresh.control("ja") as control:
        for count in (1, 2):
            control.send("hint", exercise=LABEL)
            hint = control.expect("hint")
            assert len(hint["texts"]) == min(count, hint["of"])
        assert control.expect("state")["hints"] == {LABEL: 2}
