"""Cases for what the pages say that the lessons' programs themselves do not show."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bcclessons.grading import execve
from tests.kernel.on_machine.calls import drain, forked
from tests.kernel.on_machine.run import Lesson
from tests.kernel.on_machine.system import Observation, held_programs

if TYPE_CHECKING:
    from tests.kernel.on_machine.run import Asked

# A program that counts the calls of execve of one user, for each way to attach it.
COUNTING = """
BPF_ARRAY(by_WAY, u64, 1);
int count_at_WAY(void *ctx) {
    int zero = 0;
    u64 *count = by_WAY.lookup(&zero);
    if (count && (u32)bpf_get_current_uid_gid() == USER)
        __sync_fetch_and_add(count, 1);
    return 0;
}
"""
USER = 54321
CALLERS, CALLS = 8, 500


def unseen(asked: Asked) -> Observation:
    """Start programs in ways that the lesson's tracepoint does not see."""
    with Lesson(asked) as lesson:
        lesson.wait_ready()
        script = asked.program.parent / "unseen_programs.py"
        started = subprocess.run([script], capture_output=True, text=True, check=True)
        drain(lesson)
        lesson.send(signal.SIGINT)
        return lesson.finish(started=started.stdout)


def skipped(asked: Asked) -> Observation:
    """Count calls of execve by a tracepoint and by a kprobe, many of them on one CPU.

    ``skipped`` is how many runs of the two the kernel says that it skipped.
    ``by_kprobe`` is None where there are no kprobes.
    """
    from bcc import BPF  # type: ignore[import-not-found, import-untyped, unused-ignore]

    text = "".join(COUNTING.replace("WAY", way) for way in ("tracepoint", "kprobe"))
    b = BPF(text=text, cflags=[f"-DUSER={USER}"])
    b.attach_tracepoint(tp="syscalls:sys_enter_execve", fn_name="count_at_tracepoint")
    kprobes = True
    try:
        name = b.get_syscall_fnname("execve")
        b.attach_kprobe(event=name, fn_name="count_at_kprobe")
    except Exception:  # bcc raises nothing more special
        kprobes = False
    for _ in range(asked.times):
        _call_execve_at_once()
    return {
        "calls": asked.times * CALLERS * CALLS,
        "by_tracepoint": _value(b["by_tracepoint"]),
        "by_kprobe": _value(b["by_kprobe"]) if kprobes else None,
        "skipped": sum(held_programs(os.getpid()).values()),
    }


def _value(table: Any) -> int:
    return int(table[0].value)


def _call_execve_at_once() -> None:
    def call() -> None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        os.setresuid(USER, USER, USER)
        missing: Callable[[], int] = execve.prepared(b"/nonexistent", [b"x"])
        for _ in range(CALLS):
            missing()

    for child in [forked(call) for _ in range(CALLERS)]:
        os.waitpid(child, 0)
