"""./lab site: what a maintainer and an instructor type."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bcclessons.course import exercise, lesson
from bcclessons.course.exercise import find
from bcclessons.course.progress import Solved
from tests.site.test_build import copied


def lab(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["./lab", "--lang", "en", "site", *arguments],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_builds_a_folder_and_a_zip_for_a_usb_stick(
    checkout: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "my site"
    for _ in range(2):  # into its own, again
        done = lab(checkout, "--build", str(folder), "--offline")
        assert done.returncode == 0, done.stderr
    assert f"Made {tmp_path}/my site.zip." in done.stderr
    assert (folder / "index.html").is_file()
    with zipfile.ZipFile(tmp_path / "my site.zip") as archive:
        assert "my site/index.html" in archive.namelist()
        assert archive.testzip() is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--offline"], "name the folder to build: ./lab site --offline --build site"),
        (["--build", "{other}"], "holds something else"),
        (["--build", "{file}"], "is not a folder"),
        (["--build", "{new}", "--offline"], "new.zip is not a zip of this site"),
        (["--port", "{port}"], "cannot be used"),
        (["--port", "0"], "see ./lab site --help"),
    ],
)
def test_bad_input_gets_one_sentence_and_nothing_is_lost(
    checkout: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    other, file, new = tmp_path / "other", tmp_path / "file", tmp_path / "new"
    kept = [other / "thesis", file, tmp_path / "new.zip"]
    other.mkdir()
    for path in kept:
        path.write_text("years of work")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        places = {"other": other, "file": file, "new": new, "port": port}
        done = lab(checkout, *(word.format(**places) for word in arguments))
    assert done.returncode in (1, 2)
    # What is done may be announced before it.
    *announced, sentence = done.stderr.splitlines()
    assert said in sentence
    assert all(line.startswith("Building the website") for line in announced)
    assert [path.read_text() for path in kept] == ["years of work"] * 3
    assert not new.exists()


def test_the_checkout_is_never_built_into(checkout: Path, tmp_path: Path) -> None:
    copy = copied_lab(checkout, tmp_path / "copy")
    before = sorted(copy.rglob("*"))
    for folder in ("", "bcclessons/site/theme", "docs/new", "docs"):
        done = lab(copy, "--build", str(copy / folder))
        assert done.returncode == 1, folder
        assert done.stderr.count("\n") == 1
    assert [path for path in copy.rglob("*") if path not in before] == []
    assert all(path.exists() for path in before)


def copied_lab(checkout: Path, copy: Path) -> Path:
    """Copy what ./lab site works with, to be changed."""
    copied(checkout, copy)
    for name in ("lab", "requirements.txt", "requirements-site.txt"):
        shutil.copy(checkout / name, copy / name)
    return copy


def test_a_build_that_fails_says_so(checkout: Path, tmp_path: Path) -> None:
    copy = copied_lab(checkout, tmp_path / "copy")
    page = copy / "docs/setup.en.md"
    page.write_text(page.read_text() + "\n[nowhere](nowhere.md)\n")
    done = lab(copy, "--build", str(tmp_path / "site"))
    assert done.returncode == 1
    line = len(page.read_text().splitlines())
    assert f"docs/setup.en.md:{line}: " in done.stderr
    assert done.stderr.splitlines()[-1].startswith("lab: the site cannot be built")
    assert not (tmp_path / "site").exists()
    older = tmp_path / "older"
    older.mkdir()
    (older / ".bcc-lessons-site").touch()
    assert lab(copy, "--build", str(older)).returncode == 1
    assert older.exists()


@pytest.fixture
def served(checkout: Path, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A copy of the checkout that ./lab site serves, and where."""
    copy = copied_lab(checkout, tmp_path / "copy")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        ["./lab", "site", "--port", str(port)],
        cwd=copy,
        env={
            **os.environ,
            "TMPDIR": str(temporary),
            "XDG_STATE_HOME": str(tmp_path / "state"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        wait_for(address, "BCC Lessons", 30)
        yield copy, address
    finally:
        os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) in (0, 130)
    assert list(temporary.iterdir()) == []


def wait_for(url: str, words: str, seconds: float) -> float:
    """Wait until a page has the words; return after how many seconds it had."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        try:
            with urllib.request.urlopen(url) as answer:  # noqa: S310 (our own server)
                if words in answer.read().decode():
                    return time.monotonic() - begin
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{url} has no {words!r} after {seconds} s")


def test_what_lab_has_found_right_has_its_dot(
    served: tuple[Path, str], tmp_path: Path
) -> None:
    copy, address = served
    item = find(exercise.load_all(lesson.load_all(copy)), "02/2")[0]
    item.my_sample.write_bytes(item.solution.read_bytes())
    setup = address + "setup/"
    wait_for(setup, ">○○○○○○<", 15)
    solved = Solved({"XDG_STATE_HOME": str(tmp_path / "state")})
    solved.note(item, item.my_sample.read_text())
    wait_for(setup, ">○●○○○○<", 15)


def test_a_save_is_seen_at_once(served: tuple[Path, str]) -> None:
    copy, address = served
    lesson = address + "lessons/02_perf_output/"
    took = []
    prose = copy / "lessons/02_perf_output/README.md"
    prose.write_text(prose.read_text() + "\n書き足した一文である．\n")
    took.append(wait_for(lesson, "書き足した一文", 15))
    program = copy / "lessons/02_perf_output/perf_output_sample"
    program.write_text(program.read_text() + "# a line at the end\n")
    took.append(wait_for(lesson, "a line at the end", 15))
    data = copy / "lessons/02_perf_output/lesson.toml"
    text, count = re.subn("perf バッファでデータを渡す", "変えた題", data.read_text())
    assert count
    data.write_text(text)
    took.append(wait_for(lesson, "02 変えた題", 15))
    # A quiet machine takes 2.5 s for six lessons; a busy one gets more.
    assert min(took) < 6
