"""What ./lab check and the observer on a machine say to each other: a line of JSON each.

Imported on machines, too: Python 3.9 and its standard library.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bcclessons.course.steps import Step

Ending = Literal[
    "not started",  # the kernel does not start it
    "early",  # it ended before its header
    "by itself",  # it ended after its header, before Ctrl-C
    "hung",  # it was stopped: no header in time
    "flooded",  # it was stopped: too many bytes
    "bomb",  # it was stopped: too many processes
    "deaf",  # it was stopped: it ran on after Ctrl-C
    "interrupted",  # it ended by Ctrl-C
]


STARTED = "started"
"""The observer's first line: no other check runs on the machine any more."""


@dataclass(frozen=True)
class Limits:
    """What a program may take, on a machine of some speed.

    It has ``ready_seconds`` for its header, but ``header_seconds`` once it has started
    to print. It is quiet when it has printed nothing for ``quiet_seconds``. After
    Ctrl-C it has ``end_seconds``. The whole trial takes at most ``most_seconds``.
    """

    ready_seconds: float
    header_seconds: float
    quiet_seconds: float
    end_seconds: float = 3.0
    most_seconds: int = 100
    most_bytes: int = 1_000_000
    most_processes: int = 500


# An emulated machine is slow to compile, and to print.
FAST = Limits(ready_seconds=20.0, header_seconds=5.0, quiet_seconds=0.25)
EMULATED = Limits(ready_seconds=60.0, header_seconds=30.0, quiet_seconds=0.6)


def usual_limits(*, emulated: bool) -> Limits:
    """Return what a program may take on a machine of this speed."""
    return EMULATED if emulated else FAST


@dataclass(frozen=True)
class Request:
    """A program to run: its text, its header, the steps to take while it runs.

    ``files`` are the learner's other files of its folder, by name, in base64.
    """

    program: str
    ready: str
    steps: list[Step]
    limits: Limits
    files: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return it as a line."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_json(cls, line: str) -> Request:
        """Read what ``to_json`` wrote."""
        data = json.loads(line)
        steps = [Step(**step) for step in data.pop("steps")]
        return cls(steps=steps, limits=Limits(**data.pop("limits")), **data)


@dataclass(frozen=True)
class CallFacts:
    """What is true of the calls of execve made by the step of this number, from 0.

    ``tid`` is the number of the thread that made them. ``before`` and ``after``, those
    of all of them, are in nanoseconds since boot, by CLOCK_MONOTONIC; ``result`` is 0,
    or minus the error's number.
    """

    pid: int
    tid: int
    ppid: int
    before: int
    after: int
    result: int
    step: int


@dataclass(frozen=True)
class Load:
    """What else the machine did in the ``seconds`` of a trial.

    ``processes`` were made by others, threads among them, who made ``calls`` of execve.
    The program was ready to run, and had no CPU, for ``waited`` seconds.
    """

    seconds: float = 0.0
    processes: int = 0
    calls: int = 0
    waited: float = 0.0


@dataclass(frozen=True)
class Observation:
    """How a program ended, what it printed, and what was true meanwhile.

    ``reason`` is why it is not started, ``left`` the number of processes that it
    left behind, ``status`` its exit status, or minus the number of the signal that
    killed it; None where it was stopped.
    """

    ending: Ending
    stdout: str = ""
    stderr: str = ""
    calls: list[CallFacts] = field(default_factory=list)
    left: int = 0
    reason: str = ""
    status: int | None = None
    load: Load = Load()

    def to_json(self) -> str:
        """Return it as a line."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_json(cls, line: str) -> Observation:
        """Read what ``to_json`` wrote. Raise ValueError for anything else."""
        data: dict[str, Any] = json.loads(line)
        calls = [CallFacts(**call) for call in data.pop("calls")]
        return cls(calls=calls, load=Load(**data.pop("load")), **data)
