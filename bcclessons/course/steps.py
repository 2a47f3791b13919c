"""What is done while a program runs. Also imported on machines: Python 3.9."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Step:
    """What is done while the program runs.

    "call" has a child call execve, ``times`` times (of a file that is not there, for
    otherwise the first call is its last): with this file and argv, as this user and
    group, under this ``name``, below ``ancestors`` of these names (the outermost
    first). With ``caller_thread`` a second thread of the child calls it, with
    ``parent_thread`` a second thread of the parent forks the child. ``absent`` names
    what is on pages that are not in memory: "file", "argv[1]"; ``gap_after`` what no
    memory that can be read comes after. With ``each_on_next_cpu``, each of several calls is on another CPU than the one before.
    "marker" writes ``text`` to the trace buffer, as another program would, and "echo"
    does so with the last line that the program has printed added to it. "stop" stops
    the program, and "go_on" has it go on. "settle" waits until it prints nothing more,
    "wait" lets it run for ``seconds``: one that prints now and then is never settled.
    """

    kind: Literal["call", "marker", "echo", "stop", "go_on", "settle", "wait"]
    file: str = "/bin/true"
    argv: list[str] = field(default_factory=lambda: ["true"])
    uid: int = 0
    gid: int = 0
    name: str = "learner"
    ancestors: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    gap_after: list[str] = field(default_factory=list)
    caller_thread: bool = False
    parent_thread: bool = False
    each_on_next_cpu: bool = False
    times: int = 1
    text: str = ""
    seconds: float = 0.0
