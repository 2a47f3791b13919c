"""What ./lab bench loss measured: how many events are lost, when, and at what cost."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

import msgspec

from bcclessons.course.results import read_results

PAGES = (2, 8, 64)
BURSTS = (1, 300)
BUSY_US = 40
RATES = (5_000, 10_000, 15_000, 20_000, 30_000, 50_000, 80_000)
FAST_RATES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
"""The rates at which the reader is busy for no time; it then has the most pages."""

Value = Callable[["Run"], float]
"""Takes a figure from a run."""


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Events sent on one CPU and read on another; times in microseconds.

    ``kind`` is "perf" or "ring", ``rate`` the events a second on average, sent ``burst``
    at a time, one directly after the other. Of ``attempts`` events, ``lost`` could not be
    sent, ``told`` of them by lost_cb. The reader is busy with an event for ``busy_us``;
    ``service_us`` is all that one takes while others wait, ``wake_us`` what one takes to
    the callback of a reader that sleeps; both were measured before the run, apart from
    it. ``call_us`` is a system call with the BPF program, ``untraced_us`` without it,
    ``reader_us`` the CPU time of an event that was read, ``delay_us`` the median time
    from sending to callback, and ``late_us`` what one event in a hundred exceeds.
    """

    kind: str
    pages: int
    busy_us: float
    wake_us: float
    service_us: float
    rate: int
    burst: int
    attempts: int
    lost: int
    told: int
    call_us: float
    untraced_us: float
    reader_us: float
    delay_us: float
    late_us: float

    @property
    def lost_percent(self) -> float:
        """The share of the events that were lost, in percent."""
        return 100 * self.lost / self.attempts

    @property
    def sender_us(self) -> float:
        """What sending an event adds to the system call."""
        return self.call_us - self.untraced_us


class Results(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All runs on a machine, on a day in UTC; an event has ``data_bytes`` bytes."""

    date: str
    system: str
    kernel: str
    bcc: str
    cpu: str
    data_bytes: int
    runs: list[Run]


class Constants(msgspec.Struct, frozen=True):
    """What the simulator takes from the runs with a kind of buffer; µs.

    An event takes ``size`` bytes of the buffer. In a burst, ``sending`` one takes so long,
    and ``losing`` one. ``wake`` is until a reader that sleeps reads,
    ``overhead`` what a record takes that the reader does nothing with.
    """

    size: int
    sending: float
    losing: float
    wake: float
    overhead: float


def load(path: Path) -> Results:
    """Read the results. Raise Problem if they cannot be read."""
    return read_results(path, Results, "./lab bench loss")


def encoded(results: Results) -> bytes:
    """Return the results as a file has them, with a run on each line."""
    return msgspec.json.encode(results).replace(b'{"kind"', b'\n{"kind"') + b"\n"


def constants(results: Results, kind: str) -> Constants:
    """Return the medians of a kind's runs that the simulator uses."""
    runs = [run for run in results.runs if run.kind == kind]
    bursts = [run for run in runs if run.burst > 1 and run.busy_us]
    # A header of 8 bytes; in a perf buffer also the size, in 4; all in units of 8.
    data = results.data_bytes + (4 if kind == "perf" else 0)
    sending = statistics.median(run.call_us for run in bursts if not run.lost)
    losing = statistics.median(
        (run.call_us * run.attempts - sending * (run.attempts - run.lost)) / run.lost
        for run in bursts
        if run.pages == PAGES[0]
    )
    times = {
        "sending": sending,
        "losing": losing,
        "wake": statistics.median(run.wake_us for run in runs),
        "overhead": statistics.median(run.service_us - run.busy_us for run in runs),
    }
    size = 8 + -(-data // 8) * 8
    return Constants(size, **{name: round(value, 2) for name, value in times.items()})


def medians(results: Results, value: Value, **setting: object) -> dict[int, float]:
    """Return for each rate the median of a value, of the runs with a setting."""
    found: dict[int, list[float]] = {}
    for run in results.runs:
        if all(getattr(run, name) == each for name, each in setting.items()):
            found.setdefault(run.rate, []).append(value(run))
    return {rate: statistics.median(each) for rate, each in sorted(found.items())}
