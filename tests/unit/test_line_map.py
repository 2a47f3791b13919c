"""Lesson 02's lines: what stands where, for the page and the classroom name them."""

from __future__ import annotations

import re

import pytest

from bcclessons.course import lesson as lesson_file
from bcclessons.course.lesson import Lesson
from bcclessons.course.lineref import LineRefError, Lines, resolve

LINES = {
    1: "#!/usr/bin/python3",
    13: "struct data_t {",
    14: "    u64 time;",
    15: "    u32 pid;",
    16: "    char comm[16];  // TASK_COMM_LEN",
    17: "};",
    20: "BPF_PERF_OUTPUT(events);",
    24: "    struct data_t data = {};",
    26: "    data.time = bpf_ktime_get_ns();",
    29: "    u64 pid_tgid = bpf_get_current_pid_tgid();",
    30: "    data.pid = pid_tgid >> 32;",
    33: "    bpf_get_current_comm(&data.comm, sizeof(data.comm));",
    36: "    events.perf_submit(ctx, &data, sizeof(data));",
    49: "def print_event(cpu, data, size):",
    51: '    event = b["events"].event(data)',
    53: '    printb(b"%-18ld %-16s %-6d %s" % (event.time, event.comm, event.pid,',
    54: '           b"Hello, perf_output!"))',
    57: 'b["events"].open_perf_buffer(print_event)',
    66: "    b.perf_buffer_poll()",
}


@pytest.fixture(scope="module")
def lesson(lessons: list[Lesson]) -> Lesson:
    """Return lesson 02."""
    return lesson_file.find(lessons, "02")


@pytest.fixture(scope="module")
def source(lesson: Lesson) -> str:
    """Return the text of its program."""
    return lesson.source.read_text(encoding="utf-8")


@pytest.mark.parametrize("number", LINES)
def test_a_line_holds_what_it_always_held(source: str, number: int) -> None:
    assert source.splitlines()[number - 1] == LINES[number]


def test_all_members_are_assigned_on_lines_26_to_33(source: str) -> None:
    lines = source.splitlines()
    members = {re.findall(r"\w+(?=[;[])", line)[0] for line in lines[13:16]}
    assert members == {"time", "pid", "comm"}
    assigned = r"data\.(\w+) = |bpf_get_current_comm\(&data\.(\w+)"
    places = {
        found[1] or found[2]: number
        for number, line in enumerate(lines, 1)
        if (found := re.search(assigned, line))
    }
    assert places == {"time": 26, "pid": 30, "comm": 33}


@pytest.mark.parametrize(
    ("fragment", "lines"),
    [
        ("BPF_PERF_OUTPUT(events);", (20, 20)),
        ("struct data_t { … };", (13, 17)),
        ("struct data_t data = {};", (24, 24)),
        ("data.time = bpf_ktime_get_ns();", (26, 26)),
        ("bpf_ktime_get_ns()", (26, 26)),
        ("u64 pid_tgid … >> 32;", (29, 30)),
        ("data.time = … bpf_get_current_comm(", (26, 33)),
        ("events.perf_submit(ctx, &data, sizeof(data));", (36, 36)),
        ("def print_event(cpu, data, size):", (49, 49)),
        ('printb( … b"Hello, perf_output!"))', (53, 54)),
        ("b.perf_buffer_poll()", (66, 66)),
        ("  b.perf_buffer_poll()  ", (66, 66)),
    ],
)
def test_a_fragment_has_its_lines(
    source: str, fragment: str, lines: tuple[int, int]
) -> None:
    assert resolve(source, fragment) == Lines(*lines)


def test_a_whole_line_wins_over_a_part() -> None:
    assert resolve("f(x); g();\n  f(x);\n", "f(x);") == Lines(2, 2)


@pytest.mark.parametrize(
    ("fragment", "message"),
    [
        ("kprobe", "`kprobe` is on no line"),
        ("struct data_t", "`struct data_t` is on lines 13, 24"),
        ("struct data_t { … kprobe", "`kprobe` is on no line after 13"),
        ("b.perf_buffer_poll() … };", "`};` is on no line after 66"),
        ("struct data_t … };", "`struct data_t` is on lines 13, 24"),
        ("", "is no fragment"),
        ("   ", "is no fragment"),
        (" … };", "is no fragment"),
    ],
)
def test_a_fragment_that_does_not_fit_says_why(
    source: str, fragment: str, message: str
) -> None:
    with pytest.raises(LineRefError, match=re.escape(message)):
        resolve(source, fragment)
