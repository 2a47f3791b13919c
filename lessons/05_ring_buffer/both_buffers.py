#!/usr/bin/python3
"""Send events of execve through a perf buffer, and through a ring buffer.

sudo ./both_buffers.py 20000 has so many calls made on CPU 0, and prints how many were
lost and what a call cost, for a reader on the same CPU and for one on another. Then
CPU 0 calls as fast as it can, and CPU 1 only now and then: how many of those few are
lost?
"""

import ctypes
import os
import resource
import sys
import time

from bcc import BPF

TEXT = """
struct data_t {
    u64 time;
    u32 pid;
    char comm[16];
};
DEFINE;
int on_execve(void *ctx) {
    struct data_t data = {};
    data.time = bpf_ktime_get_ns();
    data.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&data.comm, sizeof(data.comm));
    SEND;
    return 0;
}
"""
PAGES = 8
RING = "BPF_RINGBUF_OUTPUT(events, %d)" % PAGES
HOW = {
    "perf": (
        "BPF_PERF_OUTPUT(events)",
        "events.perf_submit(ctx, &data, sizeof(data))",
    ),
    "ring": (RING, "events.ringbuf_output(&data, sizeof(data), 0)"),
    "ring, woken": (
        RING,
        "events.ringbuf_output(&data, sizeof(data), BPF_RB_FORCE_WAKEUP)",
    ),
}
LIBC = ctypes.CDLL(None)
ARGV = (ctypes.c_char_p * 2)(b"absent", None)
US = 1e6


def cpu(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def caller(on_cpu, calls, seconds=0.0, pause=0.0):
    """Return the PID of a child that calls execve for a file that is not there."""
    pid = os.fork()
    if not pid:
        os.sched_setaffinity(0, {on_cpu})
        time.sleep(0.2)
        end = time.monotonic() + (seconds or 3600)
        while calls and time.monotonic() < end:
            LIBC.execve(b"/nonexistent", ARGV, None)
            calls -= 1
            if pause:
                time.sleep(pause)
        os._exit(0)
    return pid


def run(how, reader, make_calls, work=0.0):
    """Have calls made; return the events of each PID, and the callers' and own CPU."""
    define, send = HOW[how]
    b = BPF(text=TEXT.replace("DEFINE", define).replace("SEND", send))
    seen = {}

    def print_event(_, data, size):
        event = b["events"].event(data)
        seen[event.pid] = seen.get(event.pid, 0) + 1
        if work:
            time.sleep(work)

    b.attach_tracepoint(tp="syscalls:sys_enter_execve", fn_name="on_execve")
    if how == "perf":
        b["events"].open_perf_buffer(
            print_event, page_cnt=PAGES, lost_cb=lambda count: None
        )
        poll = b.perf_buffer_poll
    else:
        b["events"].open_ring_buffer(print_event)
        poll = b.ring_buffer_poll
    os.sched_setaffinity(0, reader)
    before = cpu(resource.RUSAGE_CHILDREN), cpu(resource.RUSAGE_SELF)
    pids = make_calls()
    running = set(pids)
    while running:
        poll(timeout=50)
        running -= {os.waitpid(pid, os.WNOHANG)[0] for pid in running}
    poll(timeout=50)
    after = cpu(resource.RUSAGE_CHILDREN), cpu(resource.RUSAGE_SELF)
    b.cleanup()
    return [seen.get(pid, 0) for pid in pids], after[0] - before[0], after[1] - before[1]


calls = int(sys.argv[1])
print("READER  BUFFER       %-16s CALLER, us  READER, us" % ("LOST OF %d" % calls),
      flush=True)
for on_cpu in (0, 1):
    for how in HOW:
        (seen,), of_caller, own = run(how, {on_cpu}, lambda: [caller(0, calls)])
        print("CPU %d   %-12s %-16d %-11.2f %.2f" % (
            on_cpu, how, calls - seen, of_caller / calls * US, own / calls * US),
            flush=True)
print("\nBUFFER       LOST OF 20 ON CPU 1", flush=True)
for how in HOW:
    (_, seen), _, _ = run(
        how, {0, 1}, lambda: [caller(0, 1 << 30, seconds=1.2), caller(1, 20, pause=0.05)],
        work=0.002)
    print("%-12s %d" % (how, 20 - seen), flush=True)
