#!/usr/bin/python3
"""Notes what a call goes through: see journey.toml.

The changed program imports this, and writes a note, in JSON, at each point of the
way. Run afterwards with the name of the recording, it prints the values and the
views that journey.md shows.
"""

import ctypes
import itertools
import json
import os
import re
import struct
import sys
import time
from contextlib import suppress

NOTES = "/run/journey.jsonl"
QUIET = 200_000_000  # ns
# What the kernel has of an entry, from its hash on (struct htab_elem, kernel/bpf/
# hashtab.c): the key begins at a multiple of 8, and so does the value.
HASH, KEY, VALUE = 0, 8, 32


def note(kind, **values):
    """Write a note; ``now``, it is of this moment, in ns since boot."""
    values = {"kind": kind, "now": time.monotonic_ns(), **values}
    with open(NOTES, "a") as notes:
        notes.write(json.dumps(values) + "\n")


# In the program.


def keep_shells_on(cpu):
    """Wait for the shells of both windows, and keep them on a CPU."""
    while len(found := shells()) < 2:
        time.sleep(0.1)
    for pid in found:
        os.sched_setaffinity(pid, {cpu})


def shells():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError), open(f"/proc/{pid}/comm") as name:  # unless it has ended
            found += [int(pid)] if name.read() == "bash\n" else []
    return found


def sleep(b):
    """Sleep for a second; after the first call, until no other is a moment ago."""
    is_first = not len(b["counts"])
    note("sleeps")
    time.sleep(1)
    while not is_first and has_recent(b):
        time.sleep(0.05)


def has_recent(b):
    return any(time.monotonic_ns() - (key.value >> 3) < QUIET for key in b["stages"])


def items(b):
    now = time.monotonic_ns()
    found = b["counts"].items()
    entries = [
        {
            "key": bytes(key).hex(),
            "key_at": ctypes.addressof(key),
            "count": count.value,
            "count_at": ctypes.addressof(count),
        }
        for key, count in found
    ]
    note("read", now=now, entries=entries, stages=stages(b), layout=layout(found))
    return found


def stages(b):
    return sorted(
        [key.value >> 3, key.value & 7, value.cpu, value.pid, value.at, content(value)]
        for key, value in b["stages"].items()
    )


def content(value):
    at = ctypes.addressof(value) + type(value).bytes.offset
    return ctypes.string_at(at, type(value).bytes.size).hex()


def layout(found):
    """Return the members of the key that was read first: names, offsets and sizes."""
    kinds = [type(key) for key, _ in found[:1]]
    return [
        [name, getattr(kind, name).offset, getattr(kind, name).size]
        for kind in kinds
        for name, *_ in kind._fields_
    ]


def print_line(line):
    from bcc import printb

    printb(line)
    note("printed", line=line.decode())


# Afterwards.


class Call:
    """A call of execve: when, where and by whom, its key, and what was at each point."""

    def __init__(self, stages):
        self.time, _, self.cpu, self.pid, _, _ = stages[0]
        self.content = [bytes.fromhex(stage[5]) for stage in stages]
        self.count_at = stages[-1][4] + VALUE
        self.key = self.content[2][:20]
        self.uid, comm = struct.unpack("I16s", self.key)
        self.comm = comm.rstrip(b"\0").decode()
        self.before, self.after = (
            struct.unpack_from("Q", entry, VALUE)[0] for entry in self.content[3:]
        )


def member(name, offset, size, value=""):
    return {"name": name, "offset": offset, "size": size, "value": value}


def bytes_view(data, members, new=""):
    return {"kind": "bytes", "hex": data.hex(), "members": members, "new": new}


def key_members(layout, values, offset=0):
    return [
        member(name, offset + at, size, values.get(name, "")) for name, at, size in layout
    ]


def entry_view(entry, layout, values, new=""):
    """Return an entry of the map in the kernel: its hash, its key, and its value."""
    (hashed,) = struct.unpack_from("I", entry, HASH)
    (count,) = struct.unpack_from("Q", entry, VALUE)
    members = [
        member("hash", HASH, 4, str(hashed)),
        member("padding", HASH + 4, 4),
        *key_members(layout, values, KEY),
        member("padding", VALUE - 4, 4),
        member("count", VALUE, 8, str(count)),
    ]
    return bytes_view(entry, members, new)


def place(space, name, address, value):
    return {"space": space, "name": name, "address": f"0x{address:016x}", "value": value}


def lines_view(lines):
    """Return lines whose columns are known by what they show."""
    names = ("uid", "", "comm", "", "count")
    parts = []
    for line in lines:
        columns = re.split("( +)", line)
        parts += [*map(list, zip(names, columns)), ["", "\n"]]
    return {"kind": "line", "parts": parts[:-1]}


def calls_view(calls):
    """Return calls, one a line, known by the CPUs that they were made on."""
    parts = []
    for call in calls:
        text = f"CPU {call.cpu}  {call.uid} {call.comm:<8} {call.before} → {call.after}"
        parts += [[f"CPU {call.cpu}", text], ["", "\n"]]
    return {"kind": "line", "parts": parts[:-1]}


def notes():
    """Return the notes of each kind."""
    found = {"sleeps": [], "read": [], "printed": []}
    with open(NOTES) as lines:
        for each in map(json.loads, lines):
            found[each["kind"]].append(each)
    return found


def journey():
    found = notes()
    by_time = itertools.groupby(found["read"][-1]["stages"], key=lambda each: each[0])
    first, *others = [Call(list(group)) for _, group in by_time]
    read = next(each for each in found["read"] if each["entries"])
    slept = [each for each in found["sleeps"] if each["now"] < read["now"]][-1]
    (entry,) = read["entries"]
    assert bytes.fromhex(entry["key"]) == first.key == first.content[3][KEY:][:20]
    line, *lines = [each["line"] for each in found["printed"]]
    layout = read["layout"]
    named = {"uid": str(first.uid), "comm": repr(first.comm.encode())}
    views = {}
    for point, name in enumerate(("zero", "uid", "comm")):
        known = dict(list(named.items())[:point])
        data = first.content[point][: len(first.key)]
        new = name if point else ""
        views[name] = bytes_view(data, key_members(layout, known), new)
    views["entry"] = entry_view(first.content[3], layout, named)
    views["added"] = entry_view(first.content[4], layout, named, "count")
    views["memory"] = {
        "kind": "memory",
        "places": [
            place("kernel", "count", first.count_at, str(first.after)),
            place("user", "count", entry["count_at"], str(entry["count"])),
        ],
        "new": "",
    }
    views["times"] = {
        "kind": "times",
        "times": [
            ["time.sleep(1)", slept["now"] - first.time],
            ["count_execve()", 0],
            ["items()", read["now"] - first.time],
        ],
    }
    views["line"] = lines_view([line])
    views["others"] = calls_view(others)
    views["lines"] = lines_view(lines)
    values = {
        "pid": str(first.pid),
        "cpu": str(first.cpu),
        "uid": str(first.uid),
        "comm": first.comm,
        "key_size": str(len(first.key)),
        "address": hex(first.count_at),
        "calls": str(len(others)),
        "lines": str(len(lines)),
    }
    return {"values": values, "views": views}


if __name__ == "__main__":
    print(json.dumps({"journey": journey}[sys.argv[1]]()))
