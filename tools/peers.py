"""The lessons and other tools that show each execve, side by side on one machine.

    ./lab bench peers [--vm]

All are run in turn, each as who types it: from its start to its first line, then
20,000 calls of execve by two processes at once, as fast as they can (2,000 where the
CPU is emulated). docs/peers.json has the results.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bcclessons.console.text import Text
from bcclessons.course import peers
from bcclessons.machines.commands import output, versions
from bcclessons.machines.host import Host
from bcclessons.setup.paths import CHECKOUT
from tools import on_machine
from tools.peer_packages import PACKAGES, version

if TYPE_CHECKING:
    from bcclessons.console.console import Console
    from bcclessons.course.lesson import Lesson
    from bcclessons.machines import Machine

RESULTS = CHECKOUT / "docs/peers.json"
_CALLS = 20_000
_EMULATED_CALLS = 2_000
_ONE_LINER = (
    "tracepoint:syscalls:sys_enter_execve "
    '{ printf("%-18ld %-16s %-6d %s\\n", nsecs, comm, pid, "Hello"); }'
)


@dataclass(frozen=True)
class _Tool:
    """A tool that shows each execve; ``pattern`` is that of the line of a call."""

    name: Text
    package: str
    argv: Sequence[str]
    pattern: str
    runs: list[peers.Run] = field(default_factory=list)


def _tools(lessons: Sequence[Lesson]) -> list[_Tool]:
    ours = [
        _Tool(
            Text(ja=f"レッスン {item.label}", en=f"Lesson {item.label}"),
            "python3-bpfcc",
            [f"./lessons/{item.folder.name}/{item.program}"],
            "peer-caller",
        )
        for item in lessons
        if item.label in ("02", "05")
    ]
    second = next(item for item in lessons if item.label == "02")
    both = (*_ONE_WRITE, *_FEW_WAKEUPS)
    ours += [
        _Tool(name, "python3-bpfcc", _changed(second, *changes), "peer-caller")
        for name, changes in (
            (
                Text(
                    ja="レッスン 02，読むたびに 1 回の write",
                    en="Lesson 02, one write a read",
                ),
                _ONE_WRITE,
            ),
            (
                Text(
                    ja="レッスン 02，さらに 64 件ごとに起きる",
                    en="Lesson 02, and woken for 64 events",
                ),
                both,
            ),
        )
    ]
    trace = r"peer-(caller|started)/\d+ .*= 0\s*$"  # where a call ends
    others = {
        "execsnoop-bpfcc": ("execsnoop (BCC)", [], "^peer-started"),
        "execsnoop": ("execsnoop (libbpf)", [], "^peer-started"),
        "bpftrace": ("bpftrace", ["-e", _ONE_LINER], "peer-caller"),
        "perf": ("perf trace", ["trace", "-e", "execve"], trace),
    }
    return ours + [
        _Tool(Text(ja=name, en=name), PACKAGES[program], [program, *options], pattern)
        for program, (name, options, pattern) in others.items()
    ]


# How the program of lesson 02 can take less CPU time, as a change of its text.
_ONE_WRITE = (
    ("    printb(", "    lines.append("),
    ('%-6d %s"', '%-6d %s\\n"'),
    (
        "while True:\n    b.perf_buffer_poll()\n",
        "lines = []\nwhile True:\n    b.perf_buffer_poll()\n"
        "    os.write(1, b''.join(lines))\n    lines.clear()\n",
    ),
)
_FEW_WAKEUPS = (
    (
        "open_perf_buffer(print_event)",
        "open_perf_buffer(print_event, page_cnt=64, wakeup_events=64)",
    ),
    ("b.perf_buffer_poll()", "b.perf_buffer_poll(100); b.perf_buffer_consume()"),
)


def _changed(lesson: Lesson, *changes: tuple[str, str]) -> list[str]:
    """Return the command of a lesson's program with some texts replaced."""
    text = lesson.source.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return ["/usr/bin/python3", "-c", text]


def _start(machine: Machine, lesson: Lesson, runs: int) -> peers.Start:
    program = f"lessons/{lesson.folder.name}/{lesson.program}"
    parts = on_machine.printed(machine, "peer_start", program, str(runs))
    return msgspec.json.decode(parts, type=peers.Start)


def _run(tool: _Tool, machine: Machine, calls: int) -> Text | None:
    """Run a tool once; return why there is no result, in its own last words."""
    measure = (str(calls), tool.pattern, *tool.argv)
    done = on_machine.run(machine, "peer_run", *measure)
    if done.returncode == 0:
        tool.runs.append(msgspec.json.decode(done.stdout, type=peers.Run))
        return None
    last = on_machine.last_words(done)
    return Text(ja=f"動かない: {last}", en=f"does not run: {last}")


def _title(machine: Machine) -> Text:
    system = on_machine.system(machine)
    if isinstance(machine, Host):
        return Text(ja=f"VM ではない {system}", en=f"{system}, in no VM")
    how = ("エミュレーション", "emulated") if machine.emulated else ("KVM", "with KVM")
    return Text(ja=f"{system} の VM（{how[0]}）", en=f"a VM of {system}, {how[1]}")


def measured(
    machine: Machine,
    lessons: Sequence[Lesson],
    runs: int,
    root: Path,
    console: Console,
) -> peers.Place:
    """Run all tools in turn, and return what was measured.

    The packages of the tools are unpacked below the folder ``root``.
    """
    tools = _tools(lessons)
    calls = _EMULATED_CALLS if machine.emulated else _CALLS
    problems: dict[str, Text | None] = {}
    for number in range(1, runs + 1):
        for tool in tools:
            if problems.get(tool.name.en) is None:
                title = Text(
                    ja=f"{tool.name.ja}，{number}/{runs}",
                    en=f"{tool.name.en}, {number}/{runs}",
                )
                with console.stage(title):
                    problems[tool.name.en] = _run(tool, machine, calls)
    second = next(item for item in lessons if item.label == "02")
    return peers.Place(
        title=_title(machine),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        kernel=versions(machine).kernel,
        cpus=int(output(machine, "nproc")),
        tools=[
            peers.Tool(t.name, version(t.package, root), t.runs, problems[t.name.en])
            for t in tools
        ],
        start=_start(machine, second, runs),
    )
