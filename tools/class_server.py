"""A class's server that is measured: started, asked for its board, killed."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bcclessons.setup.paths import CHECKOUT

_TICKS = os.sysconf("SC_CLK_TCK")


class VmCost(NamedTuple):
    """The memory of a VM in bytes (PSS): QEMU's, and with its supervisor and ssh."""

    qemu: int
    total: int


class ClassServer:
    """./lab class with its data in a folder. A context manager: it runs in the block."""

    def __init__(self, state: Path, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.origin = f"http://{self.host}"
        self._state = state
        self._port = port
        self._cookie = ""

    def __enter__(self) -> ClassServer:
        self._process = subprocess.Popen(
            ["./lab", "class", "--lang", "en", "--port", str(self._port)],
            cwd=CHECKOUT,
            env={**os.environ, "XDG_STATE_HOME": str(self._state)},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        said = ""
        for line in self._process.stderr:
            said += line
            if "Learners open" in line:
                break
        token = re.search(r"token=(\S+)", said)
        if token is None:
            raise RuntimeError(said)
        answer = self._get(f"/class/instructor?token={token[1]}")
        self._cookie = str(answer.headers["set-cookie"]).partition(";")[0]
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def _get(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request("GET", path, headers={"Cookie": self._cookie})
        answer = connection.getresponse()
        self._body = answer.read().decode()
        connection.close()
        return answer

    def board_seconds(self) -> float:
        """Return how long the board takes, with a connection of its own."""
        begin = time.monotonic()
        if self._get("/class/board/content?lang=en").status != 200:
            raise RuntimeError("no board")
        return time.monotonic() - begin

    def learners(self) -> int:
        """Return how many learners the board shows."""
        self._get("/class/board/content?lang=en")
        return self._body.count('<th scope="row">')

    def _processes(self) -> dict[str, list[Path]]:
        """Return the processes of each VM, by its folder."""
        found: dict[str, list[Path]] = {}
        folder = os.fsencode(self._state)
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                seat = re.search(rb"%b\S*?/learners/\d+" % re.escape(folder), line)
                is_vm = line.startswith((b"qemu", b"ssh")) or b"vm.supervisor" in line
                if seat and is_vm:
                    found.setdefault(seat[0].decode(), []).append(entry)
        return found

    def costs(self) -> list[VmCost]:
        """Return what each VM takes."""
        costs = []
        for processes in self._processes().values():
            sizes = {entry: _memory(entry) for entry in processes}
            qemu = sum(
                size
                for entry, size in sizes.items()
                if (entry / "cmdline").read_bytes().startswith(b"qemu")
            )
            costs.append(VmCost(qemu, sum(sizes.values())))
        return costs

    def cpu_share(self, seconds: float) -> float:
        """Return how much of a CPU all VMs take, with nothing to do."""
        qemus = [each for every in self._processes().values() for each in every]
        before = sum(map(_ticks, qemus))
        time.sleep(seconds)
        return (sum(map(_ticks, qemus)) - before) / _TICKS / seconds

    def kill(self) -> int:
        """Kill the server; return how many VMs are left after a while."""
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                if b"live.classroom" in line and os.fsencode(self._state) in line:
                    os.kill(int(entry.name), signal.SIGKILL)
        end = time.monotonic() + 20
        while self._processes() and time.monotonic() < end:
            time.sleep(0.1)
        return len(self._processes())


def _memory(process: Path) -> int:
    """Return a process's proportional set size, in bytes."""
    found = re.search(r"^Pss:\s+(\d+)", (process / "smaps_rollup").read_text(), re.M)
    return int(found[1]) * 1024 if found else 0


def _ticks(process: Path) -> int:
    numbers = (process / "stat").read_text().rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])
