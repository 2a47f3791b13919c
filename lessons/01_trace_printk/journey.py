#!/usr/bin/python3
"""Notes what is in the trace pipe, and is the second tracer: see journey.toml.

The changed program imports this, and writes a note, in JSON, at each read. With
"start", this is a second program that writes to the same pipe, in the background.
With the name of the recording, it prints the values and the views that journey.md
shows.
"""

import json
import os
import re
import sys
import time

NOTES = "/run/journey.jsonl"
TRACE = "/sys/kernel/tracing/trace"  # reading it takes nothing away
SECOND = "second_tracer"
LINE = re.compile(
    r"(?P<task>.{16})-(?P<pid>\d+) +(?P<cpu>\[\d+\]) (?P<flags>\S+) +(?P<ts>[\d.]+): "
    r"bpf_trace_printk: (?P<msg>.*)"
)


def note(kind, **values):
    with open(NOTES, "a") as notes:
        notes.write(json.dumps({"kind": kind, **values}) + "\n")


def pipe():
    with open(TRACE) as lines:
        return [line.rstrip("\n") for line in lines if not line.startswith("#")]


# In the program.


def reader(b):
    """Return what reads a line in place of BCC's, and notes the pipe before and after.

    Like BCC's, it takes all that there is, and returns it line by line.
    """
    file = b.trace_open()
    taken = []

    def readline(nonblocking=False):
        while not taken:
            while not (before := pipe()):
                time.sleep(0.01)
            time.sleep(0.3)  # until the other tracer has written, too
            before = pipe()
            data = os.read(file.fileno(), 8192)
            taken.extend(data.splitlines())
            note("read", before=before, data=data.decode(), after=pipe())
        return taken.pop(0)

    return readline


def print_line(line):
    from bcc import printb

    printb(line)
    note("printed", line=line.decode())


# The second tracer.


def start():
    """Attach in the background; return once it writes to the pipe."""
    from bcc import BPF

    b = BPF(
        text="""
int trace_execve(void *ctx) {
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    bpf_trace_printk("second_tracer pid=%d", pid);
    return 0;
}
"""
    )
    b.attach_tracepoint(tp="syscalls:sys_enter_execve", fn_name="trace_execve")
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    os._exit(0)


# Afterwards.


def line_view(parts):
    return {"kind": "line", "parts": [part for part in parts if part[1]]}


def split(line):
    """Return a line of the pipe in parts, by the names of BCC's fields."""
    found = LINE.fullmatch(line)
    parts, at = [], 0
    for name in ("task", "pid", "cpu", "flags", "ts", "msg"):
        text = found[name].lstrip()
        parts += [["", line[at : found.end(name) - len(text)]], [name, text]]
        at = found.end(name)
    return parts


def who(line):
    return SECOND if SECOND in line else "trace_printk_sample"


def journey():
    with open(NOTES) as lines:
        notes = [json.loads(line) for line in lines]
    read = [each for each in notes if each["kind"] == "read"][-1]
    raw = read["data"].splitlines()
    own = next(line for line in raw if who(line) != SECOND)
    fields = {name: text for name, text in split(own) if name}
    message = re.fullmatch(r"time=(\d+) pid=(\d+) comm=(.*)", fields["msg"])
    time_, pid, comm = message.groups()
    printed = [each["line"] for each in notes if each["kind"] == "printed"]
    printed = printed[-len(raw) :]
    views = {
        "message": line_view(
            [
                *[["", "time="], ["time", time_]],
                *[["", " pid="], ["pid", pid]],
                *[["", " comm="], ["comm", comm]],
            ]
        ),
        "line": line_view(split(own)),
        "pipe": line_view([[who(line), line + "\n"] for line in read["before"]]),
        "after": line_view([[who(line), line + "\n"] for line in read["after"]]),
        "printed": line_view([[who(line), line + "\n"] for line in printed]),
    }
    values = {
        "time": time_,
        "pid": pid,
        "comm": comm,
        "length": str(len(fields["msg"])),
        "task": fields["task"].strip(),
        "cpu": str(int(fields["cpu"].strip("[]"))),
        "ts": fields["ts"],
        "before": str(len(read["before"])),
        "after": str(len(read["after"])),
        "taken": str(len(raw)),
    }
    return {"values": values, "views": views}


if __name__ == "__main__":
    if sys.argv[1] == "start":
        start()
    print(json.dumps({"journey": journey}[sys.argv[1]]()))
