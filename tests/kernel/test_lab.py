"""./lab as its users type it, on real machines."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest

from bcclessons.course.lesson import Lesson, find, load_all
from bcclessons.course.run import Step
from bcclessons.grading.processes import alone_on_machine
from bcclessons.machines import debian
from bcclessons.setup.paths import CHECKOUT
from tests.kernel.conftest import Runner
from tests.kernel.lesson_run import skip_unless_host_runs
from tests.processes import left_of

SECONDS = 240


def wait_for_line(stream: IO[str], start: str) -> None:
    """Read up to a line that starts so; what is waited for is said before."""
    assert any(line.startswith(start) for line in stream)


def lab(
    checkout: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["./lab", *arguments],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, "LANG": "en_US.UTF-8", **environment},
        check=False,
    )


@pytest.mark.parametrize("label", [item.label for item in load_all(CHECKOUT)])
def test_demo_prints_the_lessons_events(
    machine: Runner, label: str, lessons: list[Lesson], checkout: Path
) -> None:
    lesson = find(lessons, label)
    if machine.name == "host":
        skip_unless_host_runs(lesson)
    with alone_on_machine():  # nobody else reads the host's trace pipe meanwhile
        done = lab(checkout, "run", lesson.label, "--demo", f"--{machine.name}")
    assert done.returncode == 0, done.stderr
    # After an empty line, lesson 06 prints its account.
    header, *events = done.stdout.partition("\n\n")[0].splitlines()
    assert header == lesson.output.ready
    # What is indented belongs to the line above.
    matches = [
        re.fullmatch(lesson.output.line, line) for line in events if line[0] != " "
    ]
    assert all(matches), events
    # What the seed's run shows for ls, then less through lesspipe. The name that
    # trace_pipe itself gives is not reliable; the lesson's text has the true one.
    names = [
        match[0].rpartition("comm=")[2] if "comm=" in match[0] else match["comm"]
        for match in matches
        if match
    ]
    if lesson.demo.steps != [Step("ls"), Step(f"less {lesson.program}", "q")]:
        assert names
    elif machine.name == "vm":  # on the host, others start programs too
        chain = ["bash", "bash", "less", "sh", "bash", "lesspipe", "lesspipe"]
        assert names == chain
    else:
        assert {"bash", "less"} <= set(names)
    assert re.search("^Running on ", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("run", "03", "--demo"), ("check", "02/1")])
def test_it_is_never_silent_for_long(
    machine: Runner, checkout: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    if machine.name != "vm":
        pytest.skip("this machine is the host: nothing takes long there")
    copy = tmp_path / "copy"  # in which nobody has started an exercise
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git", "my_sample"))
    with subprocess.Popen(
        ["./lab", *command, "--vm"],
        cwd=copy,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as one:
        assert one.stdout is not None
        times = [time.monotonic(), *(time.monotonic() for _ in one.stdout)]
    times.append(time.monotonic())
    # Two seconds, and what a busy machine adds.
    assert max(after - before for before, after in pairwise(times)) < 4


def test_a_check_says_that_it_waits_for_another(
    machine: Runner, lessons: list[Lesson], checkout: Path, tmp_path: Path
) -> None:
    if machine.name != "host":
        pytest.skip("this machine is the VM, and this test holds the host's lock")
    skip_unless_host_runs(find(lessons, "02"))
    copy = tmp_path / "copy"  # in which nobody has started an exercise
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git", "my_sample"))
    with alone_on_machine():
        one = subprocess.Popen(
            ["./lab", "--lang", "en", "check", "02/1", "--host"],
            cwd=copy,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert one.stderr is not None
        wait_for_line(one.stderr, "02/1: waiting for another check on this machine")
    shown, _ = one.communicate(timeout=SECONDS)
    # A busy machine decides nothing, and says so.
    assert re.search("02/1 Show seconds: (not yet|undecided)", shown)


def test_demo_runs_on_the_release_that_is_asked_for(
    machine: Runner, checkout: Path
) -> None:
    if machine.name != "vm":
        pytest.skip("this machine is the host: a release is that of a VM")
    # The default one, so that this needs no further image.
    done = lab(checkout, "run", "02", "--demo", "--on", debian.RELEASES[0].name)
    assert done.returncode == 0, done.stderr
    title = re.escape(debian.RELEASES[0].title)
    assert re.search(rf"(?m)^Running on the VM \({title}, kernel \S+\): ", done.stderr)


def test_demo_leaves_nothing_behind(machine: Runner, checkout: Path) -> None:
    before = Path("/proc/mounts").read_text()
    lab(checkout, "run", "02", "--demo", f"--{machine.name}")
    assert Path("/proc/mounts").read_text() == before
    status = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"],
        cwd=checkout, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "__pycache__" not in status.stdout


def test_two_at_once(machine: Runner, lessons: list[Lesson], checkout: Path) -> None:
    command = ["./lab", "run", "02", "--demo", f"--{machine.name}"]
    both = [
        subprocess.Popen(
            command,
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for one in both:
        output, _ = one.communicate(timeout=SECONDS)
        assert one.returncode == 0
        assert output.startswith(find(lessons, "02").output.ready)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ended_in_the_middle_it_leaves_no_lesson(
    machine: Runner, checkout: Path, number: signal.Signals, tmp_path: Path
) -> None:
    one = subprocess.Popen(
        ["./lab", "run", "02", "--demo", f"--{machine.name}"],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LANG": "C", "STARTED_BY": str(tmp_path)},
    )
    assert one.stderr is not None
    wait_for_line(one.stderr, "Running on")
    time.sleep(0.2)
    one.send_signal(number)
    _, said = one.communicate(timeout=60)
    assert one.returncode == 128 + number
    assert "Traceback" not in said
    if machine.name == "host":
        assert left_of(str(tmp_path), 30) == {}
        return
    # Nobody else uses the VM of this checkout.
    program = ["sh", "-c", "pgrep -f '[p]erf_output_sample' || true"]
    end = time.monotonic() + 60
    while machine.run(program, 30).stdout and time.monotonic() < end:
        time.sleep(0.2)
    assert machine.run(program, 30).stdout == ""


def test_sudo_in_the_shell_gives_bcc_its_headers(
    machine: Runner, checkout: Path
) -> None:
    program = (
        "from bcc import BPF; BPF(text='int f(void *ctx) { return 0; }'); print(1)"
    )
    typed = f'sudo /usr/bin/python3 -c "{program}"'
    done = subprocess.run(
        ["./lab", "shell", f"--{machine.name}"],
        cwd=checkout,
        input=f"{typed}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "1\n", done.stderr


def kill_qemu(checkout: Path) -> None:
    """End QEMU as a fault of its own would."""
    found = subprocess.run(
        ["pgrep", "-f", f"qemu-system.*{checkout}"],
        capture_output=True,
        text=True,
        check=True,
    )
    os.kill(int(found.stdout.split()[0]), signal.SIGKILL)


def type_stop(checkout: Path) -> None:
    """End the VM as its user does."""
    subprocess.run(["./lab", "stop"], cwd=checkout, check=True)


@pytest.mark.parametrize(
    "command", [("run", "02", "--demo", "--vm"), ("shell", "--vm")]
)
@pytest.mark.parametrize(
    ("end", "says"),
    [
        (kill_qemu, "lab: the VM has ended unexpectedly; its logs are in /"),
        (type_stop, "lab: the VM was stopped by ./lab stop; to start it again, run"),
    ],
)
def test_a_vm_that_ends_under_its_user_is_said_in_a_sentence(
    machine: Runner,
    checkout: Path,
    tmp_path: Path,
    command: tuple[str, ...],
    end: Callable[[Path], None],
    says: str,
) -> None:
    if machine.name != "vm":
        pytest.skip("this machine is the host: it has no VM to kill")
    # A copy of the checkout has a VM of its own: killing it disturbs no other test.
    copy = tmp_path / "copy of the checkout"
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
    one = subprocess.Popen(
        ["./lab", *command],
        cwd=copy,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LANG": "C"},
    )
    assert one.stderr is not None
    wait_for_line(one.stderr, "Running on the VM")
    end(copy)
    _, said = one.communicate(timeout=30)
    assert one.returncode == 1
    assert said.splitlines()[-1].startswith(says)
    assert "Traceback" not in said
