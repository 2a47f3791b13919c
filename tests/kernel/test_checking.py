"""Programs that misbehave: each is stopped, gets feedback, and leaves nothing."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from bcclessons.course.exercise import Exercise
from bcclessons.grading.check import Observer
from bcclessons.grading.check import check as check_program
from bcclessons.grading.contract import EMULATED, FAST, Limits, Request
from tests.kernel import observed
from tests.kernel.attempts import EXERCISES
from tests.kernel.conftest import Runner

EXERCISE = next(item for item in EXERCISES if item.label == "02/1")
START = EXERCISE.start.read_text()
# What TRACEPOINT_PROBE() adds moves the lines that clang and the verifier count.
PROBE = next(i for i in EXERCISES if i.label == "03/3").start.read_text()
SUBMIT = "    events.perf_submit(ctx, &data, sizeof(data));\n"
READY = f'print("{EXERCISE.output.ready}", flush=True)\n'
PYTHON = "#!/usr/bin/python3\n"


def line_of(fragment: str) -> int:
    """Return the number of the first line of the start with a fragment."""
    return START[: START.index(fragment)].count("\n") + 1


@dataclass(frozen=True)
class Bad:
    """A program, what is said of it in English, and the line to look at, if any.

    It has ``ready`` seconds for its header, if not those of LIMITS.
    """

    program: str
    says: str
    line: int | None = None
    ready: float | None = None


BAD = {
    "hangs": Bad(  # no BCC has to be loaded for that
        f"{PYTHON}import time\ntime.sleep(1000)\n", "header did not", ready=3.0
    ),
    "floods": Bad(
        f"{PYTHON}{READY}while True:\n    print('x' * 70)\n", "more than 1 MB"
    ),
    "floods stderr": Bad(
        f"{PYTHON}import sys\nwhile True:\n    print('x' * 70, file=sys.stderr)\n",
        "more than 1 MB",
    ),
    "dies": Bad(f"{PYTHON}{READY}1 / 0\n", "ZeroDivisionError: division by zero", 3),
    "ends": Bad(f"{PYTHON}{READY}", "without a message"),
    "ends in a sentence": Bad(f"{PYTHON}raise SystemExit('no more')\n", "no more"),
    "ignores Ctrl-C": Bad(
        f"{PYTHON}import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"{READY}time.sleep(1000)\n",
        "3 seconds after Ctrl-C it was still running",
        3,
    ),
    "ends in a traceback": Bad(
        f"{PYTHON}import time\n{READY}time.sleep(1000)\n", "Ctrl-C made it print"
    ),
    "leaves a process": Bad(
        f"{PYTHON}import os, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        f"        time.sleep(1000)\n    os._exit(0)\n"
        f"{READY}time.sleep(1000)\n",
        "It left 1 process behind",
    ),
    "forks without end": Bad(
        f"{PYTHON}import os, time\n{READY}for _ in range(12):\n    os.fork()\n"
        "time.sleep(1000)\n",
        "it made more than 500 processes",
        5,
    ),
    "makes processes without end": Bad(  # one after another, however long that takes
        f"{PYTHON}import os\nwhile True:\n    os.fork() or os._exit(0)\n",
        "it made more than 500 processes",
    ),
    "prints what is no number": Bad(
        START.replace("%-18ld", "%-18lx"), "should be the seconds since boot"
    ),
    "prints rubbish": Bad(
        f"{PYTHON}import os, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        f"{READY}os.write(1, bytes(range(256)) + b'\\n')\ntime.sleep(1000)\n",
        "has no line",
    ),
    "cannot be started": Bad("print('no first line')\n", "first line must be", 1),
    "is no Python": Bad(f"{PYTHON}def (:\n", "Python cannot read it", 2),
    "begins with a BOM": Bad("\ufeff" + START, "byte order mark", 1),
    "holds a NUL": Bad(f"{PYTHON}\0\n", "Python cannot read it"),
    "does not compile": Bad(
        START.replace("data.pid = pid_tgid", "data.pid = pid_tgi"),
        "undeclared identifier 'pid_tgi'",
        START.splitlines().index("    data.pid = pid_tgid >> 32;") + 1,
    ),
    "is refused": Bad(
        START.replace(
            "data.pid = pid_tgid >> 32;", "data.pid = ((u32 *)&data)[pid_tgid & 1023];"
        ),
        "verifier refused",
    ),
    "does not compile in a probe": Bad(
        PROBE.replace("args->filename", "args->filenam"),
        "no member named 'filenam'",
        PROBE[: PROBE.index("args->filename")].count("\n") + 1,
    ),
    "is refused in a probe": Bad(
        PROBE.replace(
            "    data.file_len =",
            "    data.pid += *args->filename;\n    data.file_len =",
        ),
        "verifier refused",
        PROBE[: PROBE.index("    data.file_len =")].count("\n") + 1,
    ),
    "has another header": Bad(
        START.replace("TIME(s)            COMM", "TIME(s)  COMM"), "header did not"
    ),
    "raises in the callback": Bad(
        START.replace("    printb(", "    event.nothing\n    printb("),
        "has no attribute 'nothing'",
        START[: START.index("    printb(")].count("\n") + 1,
    ),
    "has Windows line ends": Bad(START.replace("\n", "\r\n"), "Windows line ends", 1),
    "has a member that event() does not know": Bad(
        START.replace("u32 pid;", "pid_t pid;"),
        "type pid_t. Use u8 to u64, s8 to s64, int, or char[]. Write int.",
        line_of("u32 pid;"),
    ),
    "sends a pointer": Bad(
        START.replace("u32 pid;", "u32 pid;\n    char *name;")
        .replace("    events.perf", "    data.name = (char *)8;\n    events.perf")
        .replace("event.comm,", "event.name,"),
        "killed by SIGSEGV",
        line_of("u32 pid;") + 1,
    ),
    "breaks a string of C": Bad(
        START.replace(SUBMIT, f'    bpf_trace_printk("hello\\n");\n{SUBMIT}'),
        "Double the backslash",
        line_of(SUBMIT),
    ),
    "calls a function of the C library": Bad(
        START.replace(SUBMIT, f"    if (strlen(data.comm) > 15) return 0;\n{SUBMIT}"),
        "no function strlen()",
        line_of(SUBMIT),
    ),
    "has floating point in C": Bad(
        START.replace("bpf_ktime_get_ns()", "bpf_ktime_get_ns() / 1e9"),
        "no floating point",
        line_of("bpf_ktime_get_ns()"),
    ),
    "needs more stack": Bad(
        START.replace("u32 pid;", "u32 pid;\n    char path[512];"),
        "512 bytes",
        line_of("u32 pid;") + 1,
    ),
    "names another table": Bad(
        START.replace('b["events"].open', 'b["evnts"].open'),
        "KeyError: 'evnts'. The C part defines no table evnts. It defines events.",
        line_of('b["events"].open'),
    ),
    "sends no struct": Bad(
        START.replace("&data, sizeof(data)", "&data.pid, sizeof(data.pid)"),
        "can read a struct only",
        line_of(SUBMIT),
    ),
    "names another tracepoint": Bad(
        PROBE.replace("sched_process_exec", "sched_process_execs").replace(
            "sys_enter_execve", "sys_enter_execves"
        ),
        "This kernel has no tracepoint",
        PROBE[: PROBE.index("TRACEPOINT_PROBE(")].count("\n") + 1,
    ),
    "opens too large a buffer": Bad(
        START.replace("buffer(print_event", "buffer(print_event, page_cnt=1 << 20"),
        "overflows in BCC",
        line_of("open_perf_buffer"),
    ),
    "reads another struct": Bad(
        START.replace(
            '    event = b["events"].event(data)\n',
            "    import ctypes as c\n    class D(c.Structure):\n        _fields_ = "
            '[("pid", c.c_ulong), ("time", c.c_ulong), ("comm", c.c_char * 16)]\n'
            "    event = c.cast(data, c.POINTER(D)).contents\n",
        ),
        "none with a PID of the calls made",
    ),
    "prints nothing": Bad(
        f"{PYTHON}import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        f"{READY}time.sleep(1000)\n",
        "has no line",
    ),
}


LIMITS = {
    "host": replace(FAST, ready_seconds=5.0),
    "vm": replace(EMULATED, ready_seconds=20.0, header_seconds=5.0),
}
# Prints the processes of a checked program whose check has ended, so that its file is
# gone, and those of this name. Other checks may run beside.
FIND = """
import os, pathlib, sys
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        words = (process / "cmdline").read_bytes().split(b"\\0")
        name = (process / "comm").read_text().strip()
    except OSError:
        continue
    ours = any(x.endswith(b"/my_sample") and not os.path.exists(x) for x in words)
    if ours or name == sys.argv[1]:
        print(process.name, words)
"""


def left_on(machine: Runner, name: str = "no such name") -> str:
    """Return the processes that a check has left, and those of a name."""
    return machine.run(["/usr/bin/python3", "-c", FIND, name], 30).stdout


@pytest.mark.parametrize("name", BAD)
def test_it_is_stopped_and_gets_feedback(machine: Runner, name: str) -> None:
    bad = BAD[name]
    limits = LIMITS[machine.name]
    limits = replace(limits, ready_seconds=bad.ready or limits.ready_seconds)
    ready, steps = EXERCISE.output.ready, EXERCISE.steps

    def judged_by(observer: Observer) -> None:
        begin = time.monotonic()
        # On a busy machine, it is not run again if it fails as it should.
        found = check_program(
            EXERCISE,
            bad.program,
            observer,
            limits,
            enough=lambda found: bad.says in found.text.en,
        )
        assert time.monotonic() - begin < 40
        assert found is not None
        assert bad.says in found.text.en
        if bad.line is not None:
            assert found.line == bad.line
        assert found.text.ja != found.text.en
        assert found.output != ""
        assert left_on(machine) == ""

    observed.judge(machine, Request(bad.program, ready, steps, limits), judged_by)


@pytest.mark.parametrize("how", ["killed", "alone"])
def test_an_observer_that_is_cut_short_leaves_nothing(
    machine: Runner, how: str
) -> None:
    """It is killed itself; or whoever asked has ended, whichever way."""
    if machine.name == "vm" and how == "killed":
        pytest.skip("this machine is the VM: what is killed there is the same program")
    name = f"t{uuid.uuid4().hex[:12]}"
    program = (
        f"{PYTHON}import os, time\nopen('/proc/self/comm', 'w').write('{name}')\n"
        "os.fork() or (os.setsid(), os.fork())\ntime.sleep(1000)\n"
    )
    limits = Limits(ready_seconds=60, header_seconds=60, quiet_seconds=1)
    argv = ["/usr/bin/python3", "-B", "-m", "bcclessons.grading.observer"]
    with subprocess.Popen(
        machine.machine.command(argv, root=True),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(Request(program, "x", [], limits).to_json())
        process.stdin.flush()
        while not left_on(machine, name):
            time.sleep(0.05)
        if how == "killed":
            process.kill()
        else:
            process.stdin.close()
            process.wait(20)
    end = time.monotonic() + 5
    while left_on(machine, name) and time.monotonic() < end:
        time.sleep(0.05)
    assert left_on(machine, name) == ""


def test_two_checks_at_once_do_not_disturb_each_other(machine: Runner) -> None:
    """Lesson 01 reads the trace pipe, of which a machine has one."""
    exercise = next(item for item in EXERCISES if item.label == "01/1")
    program = exercise.solution.read_text()
    with ThreadPoolExecutor(2) as pool:
        checks = [
            pool.submit(check_program, exercise, program, machine.observer)
            for _ in range(2)
        ]
    assert [check.result() for check in checks] == [None, None]


# Starts programs without end, until its standard input ends.
STORM = """
import os, select
while not select.select([0], [], [], 0)[0]:
    for _ in range(20):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
"""


# Calls execve without end, and makes no process. Its pauses are for other workers' tests.
CALLS = """
import ctypes, select
execve = ctypes.CDLL(None).execve
while not select.select([0], [], [], 0.02)[0]:
    for _ in range(200):
        execve(b"/not/there", None, None)
"""


@pytest.mark.parametrize(
    ("label", "storm"),
    [("02/1", STORM), ("02/3", STORM), ("02/1", CALLS)],
    ids=["02/1", "02/3", "02/1-calls"],
)
def test_a_right_program_on_a_busy_machine_is_not_called_wrong(
    machine: Runner, label: str, storm: str
) -> None:
    if machine.name == "vm":
        pytest.skip("this machine is not the host, where the storm is")
    exercise = next(item for item in EXERCISES if item.label == label)
    argv = machine.machine.command(["/usr/bin/python3", "-c", storm], root=True)
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as others:
        found = check_program(exercise, exercise.solution.read_text(), machine.observer)
        flood, dies = (
            check_program(EXERCISE, BAD[name].program, machine.observer, LIMITS["host"])
            for name in ("floods", "dies")
        )
        assert others.poll() is None
    assert found is None or found.undecided
    assert flood is not None
    assert "more than 1 MB" in flood.text.en
    assert dies is not None
    assert "ZeroDivisionError" in dies.text.en


def exercise_in(folder: Path) -> Exercise:
    """Return the exercise 02/1 in a folder of its own."""
    shutil.copytree(EXERCISE.folder, folder)
    return msgspec.structs.replace(EXERCISE, folder=folder)


def test_a_program_may_use_other_files_of_its_folder(
    machine: Runner, tmp_path: Path
) -> None:
    exercise = exercise_in(tmp_path / "1_seconds")
    program = EXERCISE.solution.read_text()
    (exercise.folder / "trace.c").write_text(program.split('"""')[1])
    program = program.replace("text=bpf_text", 'src_file="trace.c"')
    assert check_program(exercise, program, machine.observer) is None


def test_a_file_that_hides_bcc_is_named(machine: Runner, tmp_path: Path) -> None:
    exercise = exercise_in(tmp_path / "1_seconds")
    (exercise.folder / "bcc.py").write_text("")
    found = check_program(exercise, EXERCISE.solution.read_text(), machine.observer)
    assert found is not None
    assert "There is bcc.py in the folder" in found.text.en
