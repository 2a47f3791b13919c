"""tmux and the demo, with programs of the shell in place of lessons."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from bcclessons.console.text import Language, Problem
from bcclessons.course.lesson import Lesson, find
from bcclessons.course.output import Output
from bcclessons.terminal import demo, panes, tmux
from bcclessons.terminal.cast import Event, asciicast
from tests.processes import left_of

SIZE = os.terminal_size((80, 24))


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.mark.parametrize("columns", [20, 40, 80])
@pytest.mark.parametrize("language", list(Language))
def test_the_key_to_leave_is_always_on_the_screen(
    lessons: list[Lesson], private: Path, language: Language, columns: int
) -> None:
    settings = panes.settings(find(lessons, "02"), language)
    size = os.terminal_size((columns, 15))
    with tmux.session(settings, size, [["sleep", "60"]]) as command:
        terminal = pexpect.spawn(
            command[0],
            [*command[1:], "attach-session"],
            dimensions=(15, columns),
            env={**tmux.environment(), "TERM": "xterm-256color"},
            encoding="utf-8",
        )
        leave = {Language.JA: "Ctrl-Q: 終了", Language.EN: "Ctrl-Q: leave"}[language]
        terminal.expect_exact(leave, timeout=10)
        if columns > 20:
            terminal.expect_exact("F2: ", timeout=10)
        terminal.send("\x11")
        terminal.expect(pexpect.EOF, timeout=10)
        terminal.close()
    assert [*private.iterdir()] == []


def test_a_session_that_does_not_start_is_said_and_leaves_nothing(
    private: Path,
) -> None:
    too_small = os.terminal_size((0, 0))
    with (
        pytest.raises(Problem, match="tmux does not start"),
        tmux.session([], too_small, [["true"]]),
    ):
        pass
    assert [*private.iterdir()] == []


def test_a_folder_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    with (
        pytest.raises(Problem, match="tmux does not start"),
        tmux.session([], SIZE, [["true"]]),
    ):
        pass


def test_a_full_disk_is_said(private: Path) -> None:
    full = private / "full"
    full.mkdir()
    script = (
        "import os, sys, tempfile\n"
        "from bcclessons.console.text import Problem\n"
        "from bcclessons.terminal import tmux\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "try:\n"
        "    with tmux.session([], os.terminal_size((80, 24)), [['true']]): pass\n"
        "except Problem as problem: print(problem)\n"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c",
         'mount -t tmpfs -o size=4k,nr_inodes=9 full "$1" && '
         'head -c 4096 /dev/zero >"$1/other" && exec "$2" -c "$3" "$1"',
         "sh", str(full), sys.executable, script],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.startswith("tmux does not start (No space left on device)")
    assert [*full.iterdir()] == []


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("xterm", "xterm"),
        ("screen-256color", "screen-256color"),
        ("no-such-terminal", "xterm-256color"),
    ],
)
def test_a_terminal_that_is_not_described_is_taken_for_an_xterm(
    monkeypatch: pytest.MonkeyPatch, name: str, used: str
) -> None:
    monkeypatch.setenv("TERM", name)
    assert tmux.terminal_type() == used


@pytest.mark.parametrize("name", ["", "dumb", "unknown"])
def test_a_terminal_without_a_cursor_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TERM", name)
    with pytest.raises(Problem, match=r"\./lab run 02 --demo"):
        tmux.terminal_type()


def test_the_demo_waits_for_an_event_not_for_a_second_header_line() -> None:
    script = "echo A; echo B; sleep 1.5; echo event 1; sleep 60"
    process = pexpect.spawn("sh", ["-c", script], echo=False)
    shown: list[str] = []
    program = demo._Program(process, Output("A", r"^event \d$"), shown.append)
    program.may_show.set()
    begin = time.monotonic()
    program.wait_until_quiet()
    assert shown == ["A", "B", "event 1"]
    assert time.monotonic() - begin < 4
    process.close(force=True)


# Shows a session on its terminal, as ./lab does, and says how that ended.
ATTACHED = """
import os, sys, tempfile, time
from bcclessons.console.text import Problem
from bcclessons.terminal import tmux
tempfile.tempdir = sys.argv[1]
with tmux.session([], os.terminal_size((80, 24)), [["sleep", "60"]]) as command:
    try: tmux.attach(command)
    except Problem as problem: print("said:", problem, flush=True); time.sleep(0.5)
"""


@pytest.fixture(params=["xterm-256color", "xterm-kitty", "xterm-ghostty"])
def attached(
    request: pytest.FixtureRequest, private: Path
) -> Iterator[pexpect.spawn[str]]:
    """A process that shows a session, in a terminal that is described here or not."""
    process = pexpect.spawn(
        sys.executable,
        ["-c", ATTACHED, str(private)],
        dimensions=(24, 80),
        env={**tmux.environment(), "TERM": request.param},
        encoding="utf-8",
        timeout=10,
    )
    process.expect_exact("[0] 0:")  # tmux's own status line
    yield process
    process.close(force=True)


def test_a_killed_client_of_tmux_is_said_and_the_terminal_is_as_before(
    attached: pexpect.spawn[str], private: Path
) -> None:
    (socket,) = private.glob("*/tmux")
    clients = ["tmux", "-S", str(socket), "list-clients", "-F", "#{client_pid}"]
    done = subprocess.run(clients, capture_output=True, text=True, check=True)
    os.kill(int(done.stdout), signal.SIGKILL)
    # tmux's own server may write at the same time, within a sentence of ours.
    attached.expect_exact("\x1b[?1049l\x1b[?25h\x1b[?1000;")
    attached.expect_exact("(SIGKILL)")
    assert termios.tcgetattr(attached)[3] & termios.ECHO
    attached.expect(pexpect.EOF)
    assert [*private.iterdir()] == []


def test_what_is_killed_while_it_shows_a_session_leaves_nothing(
    attached: pexpect.spawn[str], private: Path
) -> None:
    assert left_of(str(private), 0) != {}
    attached.kill(signal.SIGKILL)
    assert left_of(str(private)) == {}
    assert [*private.iterdir()] == []


def test_it_runs_within_another_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    assert "TMUX" not in tmux.environment()


TYPED = [
    Event(1.0, "o", "$ "),
    Event(2.0, "o", "ls"),
    Event(3.0, "m", "ls"),
    Event(3.2, "o", "a  b"),
    Event(13.0, "m", "less"),
    Event(15.0, "o", "end"),
]


@pytest.mark.parametrize(
    ("events", "longest", "times"),
    [
        (TYPED, 60, [0.01, 0.01, 0.5, 0.7, 10.5, 12.5]),
        (TYPED, 5, [0.01, 0.01, 0.5, 0.6, 5.5, 7.5]),  # the wait plays faster
        (TYPED, 1, [0.01, 0.01, 0.5, 0.52, 1.5, 2.5]),
        ([], 1, []),
    ],
)
def test_a_cast_begins_with_what_was_typed_first(
    events: list[Event], longest: float, times: list[float]
) -> None:
    header, *lines = map(json.loads, asciicast(events, SIZE, longest).splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
    assert [at for at, _, _ in lines] == times
    assert [line[1:] for line in lines] == [list(event[1:]) for event in events]
