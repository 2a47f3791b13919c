"""./lab run in a terminal: two panes, a live lesson, one key to leave."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bcclessons.course.lesson import Lesson, find
from tests.kernel.conftest import Runner
from tests.processes import left_of, started_with

SECONDS = 120


class Terminal:
    """A real terminal of 100 by 30, by tmux, with a shell in it."""

    def __init__(self, folder: Path, cwd: Path) -> None:
        # By its path: a search for it would fill the lesson's screen on the host.
        tmux = shutil.which("tmux")
        assert tmux is not None
        self._tmux = [tmux, "-S", str(folder / "outer"), "-f", "/dev/null"]
        self._call(
            *("new-session", "-d", "-x", "100", "-y", "30", "-c", str(cwd)),
            # What is started in it is known by the folder, in its environment.
            f"env PS1='outer> ' STARTED_BY={folder} bash --norc --noprofile",
        )
        self.wait_for(lambda screen: "outer>" in screen)

    def _call(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={k: v for k, v in os.environ.items() if k != "TMUX"},
        )
        return done.stdout

    def type(self, text: str) -> None:
        """Type a line and press Enter."""
        self._call("send-keys", "-l", text)
        self.press("Enter")

    def press(self, key: str) -> None:
        """Press one key, by tmux's name for it."""
        self._call("send-keys", key)

    def screen(self) -> str:
        """Return what the terminal shows."""
        return self._call("capture-pane", "-p")

    def wait_for(self, fits: Callable[[str], bool]) -> str:
        """Wait until the screen fits, and return it."""
        end = time.monotonic() + SECONDS
        while not fits(screen := self.screen()):
            assert time.monotonic() < end, screen
            time.sleep(0.3)
        return screen

    def close(self) -> None:
        """End the terminal and all that runs in it."""
        self._call("kill-server")


@pytest.fixture
def terminal(tmp_path: Path, checkout: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path, checkout)
    yield made
    made.close()


def has_started(screen: str) -> bool:
    """Tell whether a lesson shows its header, or events that scrolled it away."""
    return "MESSAGE" in screen or "Hello, perf_output!" in screen


@pytest.mark.parametrize(
    ("language", "leave"), [("en", "Ctrl-Q: leave"), ("ja", "Ctrl-Q: 終了")]
)
def test_lesson_above_shell_below_and_ctrl_q(
    machine: Runner,
    lessons: list[Lesson],
    terminal: Terminal,
    language: str,
    leave: str,
) -> None:
    lesson = find(lessons, "02")
    terminal.type(f"./lab --lang {language} run {lesson.label} --{machine.name}")
    screen = terminal.wait_for(has_started)
    assert leave in screen
    assert has_started(screen.partition("────")[0])
    # The shell below has the focus: what is typed there shows up above.
    terminal.type("/bin/echo typed below")
    event = re.compile(r"^\d+ +bash +\d+ +Hello, perf_output!", re.MULTILINE)
    screen = terminal.wait_for(lambda screen: event.search(screen) is not None)
    assert event.search(screen.partition("────")[0])
    # Ctrl-C in the pane above ends the program and leaves a shell to go on in.
    terminal.press("F2")
    terminal.press("C-c")
    terminal.type("echo status $?")
    terminal.wait_for(lambda screen: "status 0" in screen)
    terminal.press("C-q")
    terminal.wait_for(lambda screen: "Ctrl-Q" not in screen)
    terminal.type("echo back with $?")
    terminal.wait_for(lambda screen: "back with 0" in screen)


def hang_up(terminal: Terminal, word: str) -> None:
    """End the terminal, with all that runs in it."""
    del word
    terminal.close()


def hang_up_again_and_again(terminal: Terminal, word: str) -> None:
    """Send ./lab the signal of a closed terminal for as long as it is there."""
    labs = [pid for pid, line in started_with(word).items() if "lab run 02" in line]
    assert labs
    for pid in labs:
        with suppress(ProcessLookupError):
            while True:
                os.kill(pid, signal.SIGHUP)
                time.sleep(0.005)
    terminal.close()


@pytest.mark.parametrize("end", [hang_up, hang_up_again_and_again])
def test_closing_the_terminal_ends_everything(
    machine: Runner,
    lessons: list[Lesson],
    tmp_path: Path,
    checkout: Path,
    end: Callable[[Terminal, str], None],
) -> None:
    terminal = Terminal(tmp_path, checkout)
    terminal.type(f"./lab run 02 --{machine.name}")
    terminal.wait_for(has_started)
    end(terminal, str(tmp_path))
    assert left_of(str(tmp_path), 15) == {}
    if machine.name == "host":
        return
    # Nobody else uses the VM of this checkout.
    until = time.monotonic() + 30
    pattern = shlex.quote(f"[.]/{find(lessons, '02').program}")
    while True:
        left = machine.run(["sh", "-c", f"pgrep -af {pattern} || true"], 30).stdout
        if not left or time.monotonic() > until:
            break
        time.sleep(0.2)
    assert left == ""
