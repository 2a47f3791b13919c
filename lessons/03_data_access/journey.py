"""Notes which memory an event's values are from: see journey.toml.

The changed program imports this, and writes a note, in JSON, for each event. Run
afterwards with the name of a recording, it prints the values and the views that
journey.md shows.
"""

import json
import sys

NOTES = "/run/journey.jsonl"


def note(kind, event, **more):
    values = {name: getattr(event, name) for name, *_ in type(event)._fields_}
    values = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in values.items()
    }
    with open(NOTES, "a") as notes:
        notes.write(json.dumps({"kind": kind, **values, **more}) + "\n")


# In the program.


def print_event(event, line):
    from bcc import printb

    printb(line)
    note("event", event, line=line.decode())


def executed(event):
    note("executed", event)


# Afterwards.


def place(space, name, address, value="", error=""):
    return {
        "space": space,
        "name": name,
        "address": f"0x{address:016x}",
        "value": value,
        "error": error,
    }


def last_event():
    """Return the last event, and the execve that came of it."""
    with open(NOTES) as lines:
        found = [json.loads(line) for line in lines]
    event = [each for each in found if each["kind"] == "event"][-1]
    executed = [
        each
        for each in found
        if each["kind"] == "executed" and each["pid"] == event["pid"]
    ]
    return event, executed[-1]


def result(event, executed, places):
    """Return the values, and views of the places, each with those before it."""
    views = {}
    shown = {}  # by name: what is read a second time takes the place of the first
    for name, each in places:
        shown[each["name"]] = each
        views[name] = {
            "kind": "memory",
            "places": list(shown.values()),
            "new": each["name"],
        }
    parts, rest = [], event["line"]
    names = ("pid", "uid", "comm", "ppid", "parent")
    for name in names:
        before, text, rest = rest.partition(str(event[name]))
        parts += [["", before], [name, text]]
    file, _, arg = rest.strip().partition(" ")
    blank = rest[: len(rest) - len(rest.lstrip())]
    parts += [["", blank], ["file", file], ["", " "], ["arg", arg]]
    views["line"] = {"kind": "line", "parts": [part for part in parts if part[1]]}
    values = {
        name: f"0x{value:016x}" if name.endswith("_at") else str(value)
        for name, value in event.items()
    }
    values["task_offset"] = str(event["link_at"] - event["task_at"])
    values["later"] = "%.1f" % ((executed["time"] - event["time"]) / 1e6)
    values["executed"] = executed["file"]
    return {"values": values, "views": views}


def journey():
    event, executed = last_event()
    return result(
        event,
        executed,
        [
            ("data", place("stack", "&data", event["data_at"])),
            ("task", place("kernel", "task", event["task_at"], "struct task_struct")),
            ("ppid", place("kernel", "&parent->tgid", event["tgid_at"], str(event["ppid"]))),
            ("parent", place("kernel", "parent->comm", event["name_at"], event["parent"])),
            ("file", place("user", "args->filename", event["file_at"], event["file"])),
            ("argv", place("user", "args->argv", event["argv_at"], f"0x{event['arg_at']:016x}")),
            ("arg", place("user", "arg", event["arg_at"], event["arg"])),
        ],
    )


def fault():
    event, executed = last_event()
    file = place("user", "args->filename", event["file_at"])
    return result(
        event,
        executed,
        [
            ("before", file),
            ("fault", {**file, "error": str(event["file_len"])}),
            ("arg", place("user", "arg", event["arg_at"], event["arg"])),
            ("after", {**file, "value": executed["file"]}),
        ],
    )


if __name__ == "__main__":
    print(json.dumps({"journey": journey, "journey-fault": fault}[sys.argv[1]]()))
