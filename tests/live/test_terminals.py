"""Terminals over WebSockets: real shells and programs, slow pages, pages that return."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from bcclessons.live.kept_output import KEPT_BYTES
from bcclessons.live.terminal import WINDOW_BYTES
from tests.live.conftest import Live, Tty, serving
from tests.processes import started_with
from tests.site.test_lab_site import copied_lab

HEADER = r"TIME\(s\) +COMM +PID +MESSAGE"


def sync(tty: Tty, word: str) -> None:
    """Have the shell print a word that was not typed as such."""
    tty.type(f"echo {word[0]}''{word[1:]}\r")
    tty.expect(rf"[\r\n]{word}\r\n")


def test_a_lesson_runs_and_its_events_come(live: Live) -> None:
    with (
        live.control() as control,
        live.terminal("02.lesson") as lesson,
        live.terminal("02.shell") as shell,
    ):
        control.send("run", what="02")
        control.expect("running", name="02.lesson")
        lesson.expect(HEADER)
        shell.type("sh -c 'echo PID $$; exec /bin/true'\r")
        pid = shell.expect(r"PID \d+").split()[1]
        lesson.expect(rf"(?m)^\d+ +\S+ +{pid} +Hello, perf_output!")
        lesson.type("\x03")
        lesson.expect(r"\^C[\s\S]*[$#] ")


def test_a_page_that_returns_has_the_same_screen(live: Live) -> None:
    with live.terminal("01.shell") as shell:
        sync(shell, "remembered")
        before = shell.drawn
    with live.terminal("01.shell") as again:
        again.expect("remembered")
        assert again.told[1]["replay"] >= len(before)
        assert again.drawn.startswith(before)
        sync(again, "goes-on")


def test_two_pages_show_the_same(live: Live) -> None:
    with live.terminal("03.shell") as one, live.terminal("03.shell") as two:
        sync(one, "typed-in-one")
        two.expect(r"[\r\n]typed-in-one\r\n")
        two.resize(90, 20)
        sync(one, "after")
        assert {"size": [90, 20]} in one.told
        one.type("stty size\r")
        one.expect("20 90")


def test_utf_8_comes_through_whatever_is_cut(live: Live) -> None:
    with live.terminal("02.shell") as shell:
        shell.type("python3 -c \"print('あいう漢字' * 30000 + 'E' + 'ND')\"\r")
        shell.expect("END", 60)
        assert "�" not in shell.drawn.decode()
        for byte in "日本".encode():
            shell._socket.send(bytes([byte]))
        shell.expect("日本")
        shell.type("\x03")
        sync(shell, "usable")


def test_endless_output_is_bounded_and_ctrl_c_ends_it_at_once(live: Live) -> None:
    with live.terminal("02.shell") as shell:
        sync(shell, "before")
        shell.type("yes\r")
        try:
            hold_up(live, shell)
        finally:
            shell._socket.send('{"ack": 100000000}')
            begin = time.monotonic()
            shell.type("\x03")
        shell.expect(r"\^C")
        assert time.monotonic() - begin < 1
        sync(shell, "usable")


def hold_up(live: Live, shell: Tty) -> None:
    """Draw nothing of endless output: see that no more than the window comes."""
    shell.expect("y\r\ny")
    seen = 0
    with pytest.raises(TimeoutError):  # noqa: PT012
        while True:
            seen += len(shell.read(1, acknowledge=False))
    assert seen <= WINDOW_BYTES + 2 * 32 * 1024
    # So the program waits, and the server keeps no more of it.
    (program,) = running(live, r"^yes$")
    (server,) = running(live, r"python\S* -m bcclessons\.live ")
    memory, used = resident(server), cpu_ticks(program)
    time.sleep(1)
    assert resident(server) - memory < 5_000_000
    assert cpu_ticks(program) == used


def running(live: Live, pattern: str) -> list[int]:
    """Return the processes of a server whose command fits a pattern."""
    found = started_with(str(live.temporary)).items()
    return [
        pid
        for pid, command in found
        if re.search(pattern, command) and not command.startswith(("flock", "setpriv"))
    ]


def resident(pid: int) -> int:
    """Return the memory of a process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def cpu_ticks(pid: int) -> int:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_slow_page_does_not_hold_up_another(live: Live) -> None:
    with live.terminal("02.shell") as slow, live.terminal("02.shell") as quick:
        quick.expect(r"[$#] ")
        quick.type("seq 200000 | tail -c 1000000; echo d''one\r")
        quick.expect(r"[\r\n]done\r\n", 60)
        # It begins anew with what is kept, once it has drawn what it was sent.
        slow._socket.send('{"ack": 100000000}')
        slow.expect("done", 30)
        assert len(slow.drawn) <= KEPT_BYTES + 100
        assert re.match(rb"(\x1b\[\?\d+[hl])*\d+\r\n", slow.drawn)


def test_megabytes_of_typing_do_no_harm(checkout: Path, tmp_path: Path) -> None:
    # In a server of its own: the shell has to draw some of it.
    copy = copied_lab(checkout, tmp_path / "copy")
    with serving(copy, tmp_path) as live, live.terminal("02.shell") as shell:
        sync(shell, "before")
        shell.type("sleep 2\r")
        for _ in range(50):
            shell.type("x" * 50_000)
        time.sleep(2.5)
        shell.type("\x03")
        assert live.get("/").status == 200
