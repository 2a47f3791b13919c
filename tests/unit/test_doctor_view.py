"""How the doctor's report looks, in a terminal and as data."""

from __future__ import annotations

import json
import re

import pytest

from bcclessons.console.text import Language, cells
from bcclessons.course.lesson import Lesson
from bcclessons.doctor import view
from bcclessons.doctor.placement import placement
from tests.unit.fakes import Machine


def shown(
    machine: Machine,
    lessons: list[Lesson],
    language: Language,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    """Return the lines that are shown of a machine, without colours."""
    report = machine.report()
    placements = {item.label: placement(report, item) for item in lessons}
    view.show(report, lessons, placements, language)
    return re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("language", list(Language))
def test_where_all_is_well_it_fits_a_terminal(
    stock: Machine,
    lessons: list[Lesson],
    language: Language,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stock.add_vm_tools()
    stock.write("/dev/kvm")
    lines = shown(stock, lessons[:3], language, capsys)
    lines = [line for line in lines if str(stock.cache) not in line]  # a long path
    assert len(lines) <= 24
    assert lines[-1] in (
        "すべてのレッスンが動く．足りないものは無い．",
        "All lessons run. Nothing is missing.",
    )
    assert not any("→" in line for line in lines)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("language", list(Language))
def test_lines_break_between_words_and_commands_do_not(
    bare: Machine,
    lessons: list[Lesson],
    language: Language,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare.add_apt()
    lines = shown(bare, lessons, language, capsys)
    commands = [line for line in lines if line.lstrip().startswith("→ ")]
    assert max(map(cells, commands)) > 80
    assert "        → apt-get install python3-bpfcc" in commands
    rest = [x for x in lines if x not in commands and str(bare.cache)[:20] not in x]
    assert max(map(cells, rest)) <= 80
    text = " ".join(line.strip() for line in rest)
    if language is Language.EN:
        assert "BCC compiles a lesson's C part against kernel headers" in text
    assert lines[-1] == (
        "すべてのレッスンが動く．上の「無い」「異常」は，直さなくてもよい．"
        if language is Language.JA
        else "All lessons run. What is missing or broken above need not be fixed."
    )


def test_lessons_that_do_not_run_are_named(
    bare: Machine, lessons: list[Lesson], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(bare, lessons[:3], Language.EN, capsys)
    assert lines[-1] == (
        "Some lessons do not run: 01, 02, 03. The commands after → fix that."
    )
    assert any(len(line) > 150 for line in lines), "for a program, lines are whole"


def test_the_data_is_json(stock: Machine, lessons: list[Lesson]) -> None:
    report = stock.report()
    placements = {item.label: placement(report, item) for item in lessons}
    data = json.loads(json.dumps(view.as_data(report, placements)))
    assert data["lessons"]["02"]["place"] == "host"
    checks = {check["name"]: check for check in data["checks"]}
    assert checks["root"]["state"] == "ok"
    assert checks["kvm"]["found"]["en"] == "there is no /dev/kvm"
    assert checks["qemu"]["fix"].startswith("apt-get install ")
