"""Send events at set rates on one CPU and read them on another; prints JSON, run by run.

    /usr/bin/python3 -m tools.loss_run SETTINGS

SETTINGS is a list in JSON: the kind of buffer, its pages, how long the reader is busy
with an event in µs, the length of a burst, the rate in events a second. Run as root by
the Python of whichever machine is measured: Python 3.9, its standard library and bcc.

Both sides have real-time priority, so that others hardly disturb a run; a run is short,
after a pause, so that the others get on.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import statistics
import sys
import time
from itertools import groupby, repeat
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from tools import loss_program

_MOST_EVENTS = 12_000
_MOST_SECONDS = 0.6
_TRIES = 5
_TIME = ctypes.POINTER(ctypes.c_uint64)


def _alone_on(cpu: int) -> None:
    """Run on one CPU, before all that has no real-time priority."""
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    gc.disable()


def _send(rate: float, burst: int, count: int) -> float:
    """Call getpgid ``count`` times in bursts; return the microseconds a call took.

    ``rate`` is calls a second, on average; those of a burst follow each other at once.
    """
    now, call = time.perf_counter_ns, os.getpgid
    period = 1e9 * burst / rate
    inside = 0
    begin = now() + 1_000_000
    for number in range(count // burst):
        start = begin + round(number * period)
        if start - now() > 300_000:
            time.sleep((start - now() - 200_000) / 1e9)
        while now() < start:
            pass
        before = now()
        for _ in repeat(None, burst):
            call(0)
        inside += now() - before
    return inside / count / 1e3


def _sender(connection: Connection, readers: Connection) -> None:
    readers.close()  # so that the reader's end is this one's, too
    _alone_on(0)
    while request := connection.recv():
        connection.send(_send(*request))


class _Reader:
    """An open buffer, and what was read from it."""

    def __init__(self, kind: str, pages: int, sender: int) -> None:
        from bcc import BPF

        self.bpf = BPF(text=loss_program.text(kind, pages, sender))
        self.bpf.attach_tracepoint(
            tp="syscalls:sys_enter_getpgid", fn_name="send_event"
        )
        self.pages = pages
        self.busy_ns = 0
        self.sent: list[int] = []
        self.read: list[int] = []
        self.told = 0
        events = self.bpf["events"]
        if kind == "perf":
            events.open_perf_buffer(self._read, page_cnt=pages, lost_cb=self._lost)
            self.poll = self.bpf.perf_buffer_poll
        else:
            events.open_ring_buffer(self._read)
            self.poll = self.bpf.ring_buffer_poll

    def _read(self, cpu: object, data: Any, size: int) -> None:
        now = time.monotonic_ns
        begin = now()
        self.sent.append(ctypes.cast(data, _TIME)[0])
        self.read.append(begin)
        end = begin + self.busy_ns
        while now() < end:
            pass

    def _lost(self, count: int) -> None:
        self.told += count

    def start(self, busy_us: float) -> None:
        """Forget what was counted and read."""
        self.busy_ns = round(busy_us * 1e3)
        self.sent.clear()
        self.read.clear()
        self.told = 0
        self.bpf["counts"].clear()

    def delays(self) -> list[float]:
        """Return the microseconds from sending to reading of each event, sorted."""
        return sorted((b - a) / 1e3 for a, b in zip(self.sent, self.read))

    def stalled(self) -> float:
        """Return for how many microseconds it read nothing while events waited."""
        usual = self.busy_ns + 20_000
        steps = zip(self.read, self.read[1:], self.sent[1:])
        late = (
            after - before - usual for before, after, sent in steps if sent < before
        )
        return sum(each for each in late if each > 0) / 1e3

    def counts(self) -> tuple[int, int]:
        """Return how many events there were, and how many could not be sent."""
        attempts, failed = (each.value for each in self.bpf["counts"].values())
        return attempts, failed


class _Pair:
    """A sender on CPU 0 and a reader on CPU 1."""

    def __init__(self, bursts: set[int]) -> None:
        """Before anything is attached, time the calls in bursts of each length."""
        fork = get_context("fork")
        self._connection, theirs = fork.Pipe()
        ends = theirs, self._connection
        self.sender = fork.Process(target=_sender, args=ends, daemon=True)
        self.sender.start()
        theirs.close()
        self._untraced: dict[int, float] = {}
        for burst in bursts:
            self._connection.send((10_000, burst, 3_000))
            self._untraced[burst] = self._connection.recv()
        _alone_on(1)

    def send(self, reader: _Reader, rate: float, burst: int, count: int) -> float:
        """Send events while the reader reads; return the microseconds a call took."""
        self._connection.send((rate, burst, count))
        while not self._connection.poll():
            reader.poll(20)
        reader.poll(0)
        return float(self._connection.recv())

    def calibrate(self, reader: _Reader, busy_us: float) -> dict[str, float]:
        """Return the microseconds that reading an event takes, and that waking takes.

        The first of events that all are in the buffer before one is read; the second
        of events that come one by one, to a reader that sleeps.
        """
        reader.start(0)
        self.send(reader, 500, 1, 100)
        wake = statistics.median(reader.delays())
        count = min(15 * reader.pages, 240)  # they fit
        times = []
        for _ in range(8):
            reader.start(busy_us)
            self._connection.send((1e6, count, count))
            self._connection.recv()
            reader.poll(0)
            assert len(reader.read) == count
            times.append((reader.read[-1] - reader.read[0]) / (count - 1) / 1e3)
        service = statistics.median(times)
        return {"wake_us": round(wake, 2), "service_us": round(service, 2)}

    def run(
        self, reader: _Reader, busy_us: float, burst: int, rate: int
    ) -> dict[str, Any]:
        """Send events at a rate for a while, and return what was measured.

        Do it again where something took the reader's CPU for more than a millisecond.
        """
        count = min(_MOST_EVENTS, int(rate * _MOST_SECONDS)) // burst * burst
        for _ in range(_TRIES):
            time.sleep(0.3)
            reader.start(busy_us)
            cpu = time.thread_time_ns()
            call_us = self.send(reader, rate, burst, count)
            cpu = time.thread_time_ns() - cpu
            if reader.stalled() < 1_000:
                break
        attempts, lost = reader.counts()
        delays = reader.delays()
        assert attempts == count == len(delays) + lost, "the account does not balance"
        middle, late = (delays[int(len(delays) * part)] for part in (0.5, 0.99))
        return {
            "rate": rate,
            "burst": burst,
            "attempts": attempts,
            "lost": lost,
            "told": reader.told,
            "call_us": round(call_us, 2),
            "untraced_us": round(self._untraced[burst], 2),
            "reader_us": round(cpu / len(delays) / 1e3, 2),
            "delay_us": round(middle, 1),
            "late_us": round(late, 1),
        }


def main(settings: list[list[Any]]) -> None:
    """Print each run as a line of JSON."""
    pair = _Pair({each[3] for each in settings})
    for (kind, pages), some in groupby(settings, lambda each: each[:2]):
        reader = _Reader(kind, pages, pair.sender.pid or 0)
        for busy, plan in groupby(some, lambda each: each[2]):
            found = pair.calibrate(reader, busy)
            for each in plan:
                result = {"kind": kind, "pages": pages, "busy_us": busy, **found}
                print(json.dumps({**result, **pair.run(reader, *each[2:])}), flush=True)
        reader.bpf.cleanup()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
