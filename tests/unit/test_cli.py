"""./lab as it is typed: help, languages, and one clear sentence for bad input."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from bcclessons.console.text import Language, cells, language_of, language_wanted

JAPANESE = {"LANG": "ja_JP.UTF-8"}
ENGLISH = {"LANG": "en_US.UTF-8"}


def lab(
    checkout: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    unset = {"LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES"}
    return subprocess.run(
        [checkout / "lab", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={k: v for k, v in os.environ.items() if k not in unset} | environment,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "status", "english", "japanese"),
    [
        (["run", "999"], 1, "no lesson '999'", "「999」は無い"),
        (["run", ""], 1, "no lesson ''", "「」は無い"),
        (["run", "9" * 5000], 1, "no lesson", "は無い"),
        (["run"], 2, "./lab run 02", "./lab run 02"),
        (["run", "02", "extra"], 2, "./lab run --help", "./lab run --help"),
        (["rum", "02"], 2, "./lab --help", "./lab --help"),
        (["doctor", "--jsn"], 2, "--jsn", "--jsn というオプションは無い"),
        (["--lang", "fr"], 2, "./lab --help", "./lab --help"),
        (["bench", "--runs", "0"], 2, "--runs", "--runs"),
        (
            ["run", "02", "--on", "debian-1"],
            1,
            "there is debian-13, debian-12",
            "debian-11",
        ),
        (["shell", "--on", ""], 1, "no release ''", "「」は無い"),
        (["test", "--on", "sid"], 1, "type --on debian-13", "例: --on debian-13"),
        (["run", "02", "--host", "--vm"], 1, "one or the other", "どちらか"),
        (["run", "02", "--vm", "--host"], 1, "one or the other", "どちらか"),
        (
            ["bench", "--host", "--on", "debian-11"],
            1,
            "--on in a VM",
            "--on は VM",
        ),
        (["site", "--port", "65535"], 2, "--port", "--port の値"),
        (["site", "--offline"], 1, "name the folder to build", "フォルダを指定する"),
        (["reset"], 2, "./lab reset 02/1", "./lab reset 02/1"),
        (["site", "--build"], 2, "see ./lab site --help", "使い方: ./lab site --help"),
        (["site", "x"], 2, "see ./lab site --help", "使い方: ./lab site --help"),
        (["bench", "x"], 2, "'loss', 'peers'; see ./lab bench", "引数の値が正しく"),
        (["record"], 2, "./lab record 02", "./lab record 02"),
        (["record", "999"], 1, "type ./lab record 01", "例: ./lab record 01"),
        (["record", "02", "nothing"], 1, "there is run, lost", "あるのは run, lost"),
        (["record", "02", "no"], 1, "type ./lab record 02 run", "./lab record 02 run"),
        (["record", "02", "--host"], 2, "--host", "--host"),
        (
            ["record", "--journey", "999"],
            1,
            "type ./lab record --journey 01",
            "例: ./lab record --journey 01",
        ),
        (
            ["record", "--journey", "perf", "run"],
            1,
            "no argument but a lesson: type ./lab record --journey 02",
            "引数を取らない．例: ./lab record --journey 02",
        ),
        (
            ["test", "--matrix", "-k", "storm"],
            1,
            "no arguments for pytest: type ./lab test --matrix",
            "引数と一緒には使えない．例: ./lab test --matrix",
        ),
    ],
)
def test_bad_input_gets_one_sentence(
    checkout: Path, arguments: list[str], status: int, english: str, japanese: str
) -> None:
    for environment, words in ((ENGLISH, english), (JAPANESE, japanese)):
        done = lab(checkout, *arguments, **environment)
        assert done.returncode == status
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith("lab: ")
        assert words in line


@pytest.mark.parametrize("environment", [{}, {"LANG": "C"}, {"LC_ALL": "POSIX"}])
def test_without_a_language_it_speaks_english(
    checkout: Path, environment: dict[str, str]
) -> None:
    assert lab(checkout, **environment).stdout.isascii()
    japanese = lab(checkout, "--lang", "ja", **environment)
    assert "レッスン" in japanese.stdout


def test_it_says_what_there_is_and_what_to_type(checkout: Path) -> None:
    done = lab(checkout, **ENGLISH)
    assert done.returncode == 0
    for command in ("run 01", "shell", "doctor", "stop", "test", "--help"):
        assert f"./lab {command}" in done.stdout


@pytest.mark.parametrize(
    "command", ["run", "shell", "doctor", "stop", "test", "bench", "record"]
)
def test_every_command_has_help_in_both_languages(checkout: Path, command: str) -> None:
    english = lab(checkout, command, "--help", **ENGLISH)
    japanese = lab(checkout, command, "--help", **JAPANESE)
    assert english.returncode == japanese.returncode == 0
    assert english.stdout.isascii()
    assert english.stdout.startswith(f"Usage: ./lab {command}")
    assert japanese.stdout.startswith(f"使い方: ./lab {command}")


@pytest.mark.parametrize("command", [[], ["run"], ["check"], ["site"], ["test"]])
def test_help_fits_a_terminal_in_columns(checkout: Path, command: list[str]) -> None:
    for environment in (ENGLISH, JAPANESE):
        shown = lab(checkout, *command, "--help", **environment).stdout
        lines = shown.splitlines()
        assert max(map(cells, lines)) <= 80
        assert sum(line.startswith("  --on ") for line in lines) <= 1
        start = lines.index("Options:" if environment is ENGLISH else "オプション:")
        option = next(x for x in lines[start:] if x.startswith("  --lang [ja|en]"))
        column = len(option) - len(option[16:].lstrip())
        for line in lines[start + 1 : start + 4]:
            assert line[column - 2 : column] == "  "
            assert line[column] != " "


@pytest.mark.parametrize(
    ("arguments", "japanese"),
    [
        (["rum"], "「rum」というコマンドは無い"),
        (["run", "02", "extra"], "引数が多すぎる"),
        (["site", "--port", "x"], "--port の値が正しくない"),
        (["site", "--port"], "--port には値が要る: --port PORT"),
        (["site", "--vm=3"], "--vm は値を取らない"),
    ],
)
def test_no_english_of_click_in_japanese(
    checkout: Path, arguments: list[str], japanese: str
) -> None:
    message = lab(checkout, *arguments, **JAPANESE).stderr
    assert japanese in message
    assert not re.search("[A-Za-z]+ [a-z]+ [a-z]+", message)


def test_it_runs_from_any_folder_and_through_a_link(
    checkout: Path, tmp_path: Path
) -> None:
    link = tmp_path / "my lab"
    link.symlink_to(checkout / "lab")
    done = subprocess.run([link], cwd="/", capture_output=True, text=True, check=True)
    assert "./lab run 01" in done.stdout


def test_a_cache_that_cannot_be_made_is_said(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = lab(checkout, XDG_CACHE_HOME=str(tmp_path / "file"), **ENGLISH)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "XDG_CACHE_HOME" in line


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, Language.JA),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, Language.EN),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, Language.JA),
        ({"LANGUAGE": "ja:en", "LANG": "en_US.UTF-8"}, Language.JA),
        ({"LANG": ""}, Language.EN),
        ({}, Language.EN),
    ],
)
def test_language_of_the_environment(
    environment: dict[str, str], language: Language
) -> None:
    assert language_of(environment) is language


def test_lang_option_wins_wherever_it_stands() -> None:
    for arguments in (["--lang", "en", "run"], ["run", "02", "--lang=en"]):
        assert language_wanted(arguments, JAPANESE) is Language.EN
    assert language_wanted(["--lang"], JAPANESE) is Language.JA
    assert language_wanted(["record", "02", "ja"], ENGLISH) is Language.EN
