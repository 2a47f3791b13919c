"""Notes what an event goes through: see journey.toml.

The changed program imports this, and writes a note, in JSON, at each point of the
way. Run afterwards with the name of a recording, it prints the values and the views
that journey.md shows.
"""

import ctypes
import json
import struct
import sys
import threading
import time

NOTES = "/run/journey.jsonl"
# struct perf_event_mmap_page, linux/perf_event.h
DATA_HEAD = 1024
LOST = 2  # PERF_RECORD_LOST
MOMENTS = ("start", "half", "full", "drained", "last")
NOTED = ("time", "pid", "comm")


def note(kind, **values):
    """Write a note; ``now``, it is of this moment, in ns since boot."""
    values = {"kind": kind, "now": time.monotonic_ns(), **values}
    with open(NOTES, "a") as notes:
        notes.write(json.dumps(values) + "\n")


# In the program.


def rings(b):
    """Return the address of each CPU's ring: its first page, before the data."""
    with open("/proc/self/maps") as maps:
        starts = {
            int(line.split("-")[0], 16) for line in maps if "[perf_event]" in line
        }
    found = {}
    for (table, cpu), reader in b.perf_buffers.items():
        if table == id(b["events"]):
            # BCC's struct perf_reader has the address among its first members.
            words = (ctypes.c_uint64 * 8).from_address(getattr(reader, "value", reader))
            found[cpu] = next(word for word in words if word in starts)
    return found


def ring(start):
    """Return head, tail, the offset of the data, and its size."""
    return struct.unpack("4Q", ctypes.string_at(start + DATA_HEAD, 32))


def read(start, at, size):
    """Return some bytes of a ring; ``at`` counts on, like head and tail."""
    _, _, offset, whole = ring(start)
    data = ctypes.string_at(start + offset, whole)
    return bytes(data[(at + i) % whole] for i in range(size))


def state(b):
    return {cpu: ring(start) for cpu, start in rings(b).items()}


def polls(b):
    note("polls", rings=state(b))


def arrived(b, cpu, data, size):
    now = time.monotonic_ns()
    start = rings(b)[cpu]
    _, tail, offset, whole = ring(start)
    header = read(start, tail, 8)
    note(
        "arrived",
        now=now,
        cpu=cpu,
        rings=state(b),
        address=data,
        expected=start + offset + tail % whole + 12,
        size=size,
        data=ctypes.string_at(data, size).hex(),
        record=read(start, tail, struct.unpack("IHH", header)[2]).hex(),
        before=read(start, tail - 24, 24).hex() if tail >= 24 else "",
    )


def print_event(b, event, line):
    from bcc import printb

    printb(line)
    end = time.monotonic_ns()
    kind = type(event)
    note(
        "printed",
        end=end,
        members=[
            [name, getattr(kind, name).offset, getattr(kind, name).size]
            for name, *_ in kind._fields_
        ],
        sizeof=ctypes.sizeof(kind),
        values={name: show(getattr(event, name)) for name in NOTED},
        line=line.decode(),
        stages=stages(b, event),
    )


def stages(b, event):
    """Return what data held after each step, in hexadecimal."""
    try:
        found = {key.value: value for key, value in b["stages"].items()}
    except KeyError:  # the slow recording has none
        return []
    return [
        ctypes.string_at(ctypes.addressof(found[key]), ctypes.sizeof(type(event))).hex()
        for key in range(event.pid * 4, event.pid * 4 + 3)
    ]


def print_slowly(b, event, line):
    time.sleep(0.1)
    print_event(b, event, line)


def watch(b):
    """Note each change of the rings from now on."""

    def sample():
        before = None
        while True:
            now = state(b), b["not_sent"][0].value, b["error"][0].value
            if now != before:
                note("sample", rings=now[0], not_sent=now[1], error=now[2])
                before = now
            time.sleep(0.002)

    threading.Thread(target=sample, daemon=True).start()


def show(value):
    return repr(value) if isinstance(value, bytes) else str(value)


# Afterwards.


def member(name, offset, size, value=""):
    return {"name": name, "offset": offset, "size": size, "value": value}


def with_padding(members, size):
    """Return members with the bytes that belong to none, which are padding."""
    found, at = [], 0
    for each in [*members, member("", size, 0)]:
        if at < each["offset"]:
            found.append(member("padding", at, each["offset"] - at))
        at = each["offset"] + each["size"]
        found += [each] if each["name"] else []
    return found


def bytes_view(data, members):
    return {"kind": "bytes", "hex": data, "members": members}


def rings_view(rings, cpu):
    return {
        "kind": "rings",
        "rings": [
            {"cpu": int(n), "size": size, "head": head, "tail": tail}
            for n, (head, tail, _, size) in sorted(rings.items())
        ],
        "cpu": cpu,
    }


def plain(value):
    """Return a value as it is printed: bytes without b and quotes."""
    return value[2:-1] if value.startswith("b") else value


def line_view(line, values):
    """Return a line whose columns are known by the members that they show."""
    parts, rest = [], line
    for name in ("time", "comm", "pid"):
        before, text, rest = rest.partition(plain(values[name]))
        parts += [["", before], [name, text]]
    parts = [part for part in [*parts, ["", rest]] if part[1]]
    return {"kind": "line", "parts": parts}


def notes():
    with open(NOTES) as lines:
        return [json.loads(line) for line in lines]


def journey():
    found = notes()
    arrived = next(each for each in found if each["kind"] == "arrived")
    printed = next(each for each in found if each["kind"] == "printed")
    assert arrived["address"] == arrived["expected"]
    cpu, values = str(arrived["cpu"]), printed["values"]
    began = int(values["time"])
    polls = [each for each in found if each["kind"] == "polls"]
    before = [each for each in polls if each["now"] < began][-1]
    after = next(each for each in polls if each["now"] > printed["end"])
    size = printed["sizeof"]
    data = arrived["data"][: size * 2]
    members = layout(printed)
    views = {}
    for done, stage in enumerate([*printed["stages"], data]):
        assigned = {name: values[name] for name in NOTED[:done]}
        shown = [{**each, "value": assigned.get(each["name"], "")} for each in members]
        view = {**bytes_view(stage, shown), "new": NOTED[done - 1] if done else ""}
        views[NOTED[done - 1] if done else "zero"] = view
    views["record"] = record_view(arrived["record"], members)
    views["event"] = bytes_view(data, members)
    views["line"] = line_view(printed["line"], values)
    for name, each in (("before", before), ("ring", arrived), ("after", after)):
        views[name] = rings_view(each["rings"], arrived["cpu"])
    views["times"] = {
        "kind": "times",
        "times": [
            ["perf_buffer_poll()", before["now"] - began],
            ["bpf_ktime_get_ns()", 0],
            ["print_event()", arrived["now"] - began],
        ],
    }
    head, tail, _, whole = arrived["rings"][cpu]
    result = {
        **{name: plain(text) for name, text in values.items()},
        **{each["name"] + "_size": str(each["size"]) for each in members},
        **{each["name"] + "_offset": str(each["offset"]) for each in members},
        "cpu": cpu,
        "cpus": str(len(arrived["rings"])),
        "sizeof": str(size),
        "size": str(arrived["size"]),
        "record_size": str(head - tail),
        "ring_size": str(whole),
        "head": str(head),
        "tail": str(tail),
        "new_tail": str(after["rings"][cpu][1]),
        "address": hex(arrived["address"]),
        "latency": "%.1f" % ((arrived["now"] - began) / 1e6),
        "slept": "%.1f" % ((began - before["now"]) / 1e9),
    }
    return {"values": result, "views": views}


def layout(printed):
    """Return the members of the struct, with their values, and its padding."""
    return with_padding(
        [
            member(*each, printed["values"].get(each[0], ""))
            for each in printed["members"]
        ],
        printed["sizeof"],
    )


def record_view(record, members):
    """Return the record in the ring: a header, a size, the struct, and padding."""
    kind, misc, size, length = struct.unpack("IHHI", bytes.fromhex(record)[:12])
    header = [
        member("header.type", 0, 4, str(kind)),
        member("header.misc", 4, 2, str(misc)),
        member("header.size", 6, 2, str(size)),
        member("size", 8, 4, str(length)),
    ]
    data = [{**each, "offset": each["offset"] + 12} for each in members]
    known = [*header, *data]
    end = known[-1]["offset"] + known[-1]["size"]
    known.append(member("record padding", end, size - end))
    return bytes_view(record, known)


def slow():
    found = notes()
    arrivals = [each for each in found if each["kind"] == "arrived"]
    printed = [each for each in found if each["kind"] == "printed"]
    samples = [each for each in found if each["kind"] == "sample"]
    cpu = str(arrivals[-1]["cpu"])
    samples = [{**each, **dict(zip(("head", "tail"), each["rings"][cpu]))} for each in samples]
    whole = samples[-1]["rings"][cpu][3]
    size = len(arrivals[0]["record"]) // 2
    # The burst begins where more is in the ring than the event being printed.
    first = next(i for i, n in enumerate(samples) if n["head"] - n["tail"] > size)
    lost = next(i for i, each in enumerate(samples) if each["not_sent"])
    begin = samples[first]["now"]

    def used(each):
        return each["head"] - each["tail"]

    def at(each):
        return round((each["now"] - begin) / 1e6, 1)

    half = next(each for each in samples[first:] if used(each) > whole / 2)
    # Records of lost events: each stands before the first event that fits again.
    reports = [
        each for before, each in zip(arrivals, arrivals[1:])
        if ring_tail(each, cpu) > ring_tail(before, cpu) + size
    ]
    kind, misc, length, ident, count = struct.unpack("IHHQQ", bytes.fromhex(reports[0]["before"]))
    assert kind == LOST
    members = [
        member("header.type", 0, 4, str(kind)),
        member("header.misc", 4, 2, str(misc)),
        member("header.size", 6, 2, str(length)),
        member("id", 8, 8, str(ident)),
        member("lost", 16, 8, str(count)),
    ]
    counts = [struct.unpack("2Q", bytes.fromhex(each["before"])[8:])[1] for each in reports]
    drained = next(each for each in samples[lost:] if not used(each))
    last = samples[-1]
    moments = [samples[first], half, samples[lost], drained, last]
    gaps = [b["now"] - a["now"] for a, b in zip(arrivals, arrivals[1:])]
    times = [int(each["values"]["time"]) for each in printed]
    between = [b - a for a, b in zip(times, times[1:])]
    views = {
        "level": {
            "kind": "level",
            "size": whole,
            "samples": [
                [at(each), used(each), each["not_sent"]]
                for i, each in enumerate(samples[first:])
                # About sixty of them, and those that steps are about.
                if i % max(1, len(samples) // 60) == 0 or each in moments
            ],
            "marks": dict(zip(MOMENTS, map(at, moments))),
        },
        "lost": bytes_view(reports[0]["before"], members),
    }
    result = {
        "cpu": cpu,
        "ring_size": str(whole),
        "record_size": str(size),
        "fit": str(whole // size),
        "used": str(max(map(used, samples))),
        "full_after": "%.1f" % (at(samples[lost]) / 1e3),
        "drained_after": "%.1f" % (at(drained) / 1e3),
        "read_every": "%.0f" % (sorted(gaps)[len(gaps) // 2] / 1e6),
        "written_every": "%.0f" % (sorted(between)[len(between) // 2] / 1e6),
        "not_sent": str(samples[-1]["not_sent"]),
        "error": str(samples[-1]["error"]),
        "lost": str(count),
        "reported": str(sum(counts)),
        "reports": str(len(counts)),
        "lost_size": str(length),
    }
    return {"values": result, "views": views}


def ring_tail(arrived, cpu):
    return arrived["rings"][cpu][1]


if __name__ == "__main__":
    print(json.dumps({"journey": journey, "journey-slow": slow}[sys.argv[1]]()))
