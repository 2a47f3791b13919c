"""A PID namespace with a program in it. For machines: Python 3.9.

When the first process of a PID namespace ends, the kernel kills all others in it at
once, and lets none be made; and that process is killed when the observer ends. So
nothing is left, whatever the program did. It sees the machine's own /proc.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Callable, NoReturn

from bcclessons.grading.processes import die_with_parent, new_pid_namespace

STARTED = "started"
"""The first message of the namespace's first process, if it is not an error."""

REPORT = 0
"""Sent in place of a signal's number to end the program, and have the report."""

_LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
"""The number of the process that was made last in this namespace."""


def exit_after(do: Callable[[], object]) -> NoReturn:
    """Do something in a child that was forked, and end it, whatever happens."""
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        die_with_parent()
        do()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def hold(path: Path, most: int, control: socket.socket, out: int, err: int) -> None:
    """Make the namespace and its first process, and wait for the end of that."""
    new_pid_namespace()
    first = os.fork()
    if not first:
        exit_after(lambda: _be_first(path, most, control, out, err))
    control.close()
    os.close(out)
    os.close(err)
    os.waitpid(first, 0)


def _be_first(
    path: Path, most: int, control: socket.socket, out: int, err: int
) -> None:
    """Be the namespace's first process: start the program, pass signals on, report."""
    # It must see a fork bomb before that has all of a slow machine.
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        program = subprocess.Popen(
            [path],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=path.parent,
            env=_environment(),
            start_new_session=True,
            preexec_fn=lambda: _begin(control),
        )
    except OSError as error:
        control.send(str(error.strerror).encode())
        return
    os.close(out)
    os.close(err)
    control.send(STARTED.encode())
    ended = os.pidfd_open(program.pid)
    bomb = False
    while not bomb:
        ready, _, _ = select.select([control.fileno(), ended], [], [], 0.1)
        if ended in ready:
            break
        if control.fileno() in ready:
            number = control.recv(1)
            if not number:
                return
            if number[0] == REPORT:
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, number[0])
        last = _last_pid()
        bomb = last is not None and last > most
    report = {
        "bomb": bomb,
        "made": _last_pid() or 0,
        "status": None if bomb else program.poll(),
        "left": _kill_rest(),
    }
    control.send(json.dumps(report).encode())


def _begin(control: socket.socket) -> None:
    """Send the number that the program has outside its namespace, before it runs."""
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    control.send(os.readlink("/proc/self").encode())


def _last_pid() -> int | None:
    try:
        return int(_LAST_PID.read_text())
    except OSError:  # a kernel without CONFIG_CHECKPOINT_RESTORE
        return None


def _kill_rest() -> int:
    """Kill all other processes of the namespace; return how many there were.

    For a second at most: the kernel kills the rest when this process ends.
    """
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # those that have ended already
            pass
    count = 0
    end = time.monotonic() + 1
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        while time.monotonic() < end:
            os.kill(-1, signal.SIGKILL)
            os.waitpid(-1, 0)
            count += 1
    return count


def _environment() -> dict[str, str]:
    """Return this environment as sudo makes it: without what steers Python.

    But what print() writes comes at once, as it does on the learner's own terminal.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return {**kept, "PYTHONUNBUFFERED": "1"}
