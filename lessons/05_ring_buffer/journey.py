#!/usr/bin/python3
"""Notes what an event goes through: see journey.toml.

The changed program imports this, and writes a note, in JSON, at each point of the
way. Run afterwards with the name of a recording, it prints the values and the views
that journey.md shows.
"""

import ctypes
import json
import mmap
import os
import re
import struct
import sys
import time
from contextlib import suppress

NOTES = "/run/journey.jsonl"
HEADER = 8  # BPF_RINGBUF_HDR_SZ, linux/bpf.h
BUSY = 1 << 31  # BPF_RINGBUF_BUSY_BIT
NOTED = ("time", "pid", "comm")


def note(kind, **values):
    """Write a note; ``now``, it is of this moment, in ns since boot."""
    values = {"kind": kind, "now": time.monotonic_ns(), **values}
    with open(NOTES, "a") as notes:
        notes.write(json.dumps(values) + "\n")


# In the program.


def ring():
    """Return where the ring is mapped, its size, and how far it is written and read.

    libbpf maps a page with the consumer's position, which it may write, and, for
    reading alone, one with the producer's, with all data behind it, twice.
    """
    pages = {}
    with open("/proc/self/maps") as maps:
        for line in maps:
            if line.rstrip().endswith("anon_inode:bpf-map"):
                start, end = (int(each, 16) for each in line.split()[0].split("-"))
                pages[line.split()[1]] = start, end - start
    consumer, _ = pages["rw-s"]
    producer, length = pages["r--s"]
    return {
        "data": producer + mmap.PAGESIZE,
        "size": (length - mmap.PAGESIZE) // 2,
        "produced": ctypes.c_uint64.from_address(producer).value,
        "consumed": ctypes.c_uint64.from_address(consumer).value,
    }


def polls():
    note("polls", ring=ring())


def arrived(data, size):
    record = ctypes.string_at(data - HEADER, HEADER + size)
    note("arrived", ring=ring(), address=data, size=size, record=record.hex())


def print_event(b, event, line):
    from bcc import printb

    printb(line)
    end = time.monotonic_ns()
    kind = type(event)
    note(
        "printed",
        end=end,
        members=[[name, (at := getattr(kind, name)).offset, at.size] for name, *_ in kind._fields_],
        sizeof=ctypes.sizeof(kind),
        values={name: str(getattr(event, name)) for name in NOTED},
        line=line.decode(),
        stages=stages(b, event),
    )


def stages(b, event):
    """Return what was kept of an event, in order."""
    found = sorted((key.value, value) for key, value in b["stages"].items())
    return [
        {
            "at": value.at,
            "produced": value.produced,
            "consumed": value.consumed,
            "cpu": value.cpu,
            "bytes": ctypes.string_at(ctypes.addressof(value) + type(value).bytes.offset, 40).hex(),
        }
        for key, value in found
        if key >> 3 == event.pid
    ]


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


# Afterwards.


def member(name, offset, size, value=""):
    return {"name": name, "offset": offset, "size": size, "value": value}


def layout(printed, values):
    """Return the members of the struct, with some of their values, and its padding."""
    found = [member(*each, values.get(each[0], "")) for each in printed["members"]]
    end = found[-1]["offset"] + found[-1]["size"]
    return [*found, member("padding", end, printed["sizeof"] - end)]


def record_view(record, printed, values, new=""):
    """Return a record of the ring: its header, and the struct."""
    length, page = struct.unpack("2I", bytes.fromhex(record)[:HEADER])
    shown = f"{length & ~BUSY} | BUSY_BIT" if length & BUSY else str(length)
    header = [member("header.len", 0, 4, shown), member("header.pg_off", 4, 4, str(page))]
    data = [{**each, "offset": each["offset"] + HEADER} for each in layout(printed, values)]
    return {"kind": "bytes", "hex": record, "members": [*header, *data], "new": new}


def ring_view(ring, size):
    at = {"cpu": None, "size": size, "head": ring["produced"], "tail": ring["consumed"]}
    return {"kind": "rings", "rings": [at], "cpu": 0}


def plain(value):
    """Return a value as it is printed: bytes without b and quotes."""
    return value[2:-1] if value.startswith("b") else value


def line_view(line):
    """Return a line whose columns are known by the members that they show."""
    *columns, blank, message = re.split("( +)", line, maxsplit=3)
    parts = [*zip(("time", "", "comm", "", "pid"), columns), ("", blank + message)]
    return {"kind": "line", "parts": parts}


def order_view(arrived, printed):
    """Return the records of the ring, one a line, known by their CPUs."""
    parts = []
    for each, event in zip(arrived, printed):
        at = each["address"] - HEADER - each["ring"]["data"]
        end = at + len(each["record"]) // 2
        cpu = event["stages"][0]["cpu"]
        comm, pid = plain(event["values"]["comm"]), event["values"]["pid"]
        shown = f"{at:3}–{end - 1:<3}  CPU {cpu}  {comm:<8} {pid}"
        parts += [[f"CPU {cpu}", shown], ["", "\n"]]
    return {"kind": "line", "parts": parts[:-1]}


def notes():
    """Return the notes of each kind."""
    found = {"polls": [], "arrived": [], "printed": []}
    with open(NOTES) as lines:
        for each in map(json.loads, lines):
            found[each["kind"]].append(each)
    return found


def common(arrived, printed):
    """Return the values of an event, and the views that both recordings have."""
    values = {
        **{name: plain(text) for name, text in printed["values"].items()},
        "cpu": str(printed["stages"][0]["cpu"]),
        "size": str(arrived["size"]),
        "padding_size": str(layout(printed, {})[-1]["size"]),
        "length": str(printed["sizeof"]),
        "header_size": str(HEADER),
        "record_size": str(len(arrived["record"]) // 2),
        "address": hex(arrived["address"]),
    }
    views = {
        "record": record_view(arrived["record"], printed, printed["values"]),
        "line": line_view(printed["line"]),
    }
    return values, views


def journey():
    found = notes()
    arrived, printed = found["arrived"][0], found["printed"][0]
    values, views = common(arrived, printed)
    began = int(printed["values"]["time"])
    before = [each for each in found["polls"] if each["now"] < began][-1]
    after = next(each for each in found["polls"] if each["now"] > printed["end"])
    members = layout(printed, printed["values"])
    kept = printed["stages"][0]["bytes"][: printed["sizeof"] * 2]
    for name, data in (("data", kept), ("event", arrived["record"][HEADER * 2 :])):
        views[name] = {"kind": "bytes", "hex": data, "members": members}
    for name, each in (("before", before), ("ring", arrived), ("after", after)):
        views[name] = ring_view(each["ring"], arrived["ring"]["size"])
    views["times"] = {
        "kind": "times",
        "times": [
            ["ring_buffer_poll()", before["now"] - began],
            ["bpf_ktime_get_ns()", 0],
            ["print_event()", arrived["now"] - began],
        ],
    }
    views["order"] = order_view(found["arrived"], found["printed"])
    values["other_cpu"] = str(found["printed"][-1]["stages"][0]["cpu"])
    values["consumed"] = str(after["ring"]["consumed"])
    values["latency"] = "%.1f" % ((arrived["now"] - began) / 1e6)
    values["slept"] = "%.1f" % ((began - before["now"]) / 1e9)
    return {"values": values, "views": views}


def reserve():
    found = notes()
    arrived, printed = found["arrived"][0], found["printed"][0]
    values, views = common(arrived, printed)
    first, last = printed["stages"][0], printed["stages"][-1]
    views["reserved"] = ring_view(first, arrived["ring"]["size"])
    for done, stage in enumerate(printed["stages"]):
        assigned = {name: printed["values"][name] for name in NOTED[:done]}
        name, new = (NOTED[done - 1],) * 2 if done else ("busy", "header.len")
        views[name] = record_view(stage["bytes"], printed, assigned, new)
    views["record"]["new"] = "header.len"
    places = []
    for space, address, record in (
        ("kernel", first["at"] + HEADER, last["bytes"]),
        ("user", arrived["address"], arrived["record"]),
    ):
        (value,) = struct.unpack_from("Q", bytes.fromhex(record), HEADER)
        at = {"space": space, "name": "data", "address": f"0x{address:016x}"}
        places.append({**at, "value": str(value)})
    views["memory"] = {"kind": "memory", "places": places}
    return {"values": values, "views": views}


if __name__ == "__main__":
    print(json.dumps({"journey": journey, "journey-reserve": reserve}[sys.argv[1]]()))
