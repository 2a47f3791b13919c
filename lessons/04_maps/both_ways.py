#!/usr/bin/python3
"""Count calls of execve by user and name: in the kernel, and from events in Python.

sudo ./both_ways.py 50000 makes so many calls on each CPU, and prints what they cost.
"""

import collections
import resource
import subprocess
import sys
import time

from bcc import BPF

KEY = """
struct key_t {
    u32 uid;
    char comm[16];
};
"""
MAKE_KEY = """
    struct key_t key = {};
    key.uid = bpf_get_current_uid_gid();
    bpf_get_current_comm(&key.comm, sizeof(key.comm));
"""
COUNT = KEY + """
BPF_HASH(counts, struct key_t, u64, 1024);
int on_execve(void *ctx) {""" + MAKE_KEY + """
    u64 zero = 0;
    u64 *count = counts.lookup_or_try_init(&key, &zero);
    if (count)
        __sync_fetch_and_add(count, 1);
    return 0;
}
"""
SEND = KEY + """
BPF_PERF_OUTPUT(events);
int on_execve(void *ctx) {""" + MAKE_KEY + """
    events.perf_submit(ctx, &key, sizeof(key));
    return 0;
}
"""


def cpu(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def call(wait):
    """Have the calls made; return how many, and the callers' and the reader's CPU."""
    callers, reader = cpu(resource.RUSAGE_CHILDREN), cpu(resource.RUSAGE_SELF)
    command = ["./many_calls.py", sys.argv[1]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            wait()
        calls = int(process.stdout.read().split()[0])
    wait()
    callers = cpu(resource.RUSAGE_CHILDREN) - callers
    return calls, callers, cpu(resource.RUSAGE_SELF) - reader


def row(how, counted, calls, callers, reader):
    print("%-10s %8d of %-8d %8.2f s %10.2f us" % (
        how, counted, calls, reader, callers / calls * 1e6), flush=True)


def attached(text):
    b = BPF(text=text)
    b.attach_tracepoint(tp="syscalls:sys_enter_execve", fn_name="on_execve")
    return b


print("HOW         COUNTED    CALLS        READER  CALLER, A CALL", flush=True)
row("nothing", 0, *call(lambda: time.sleep(0.1)))

b = attached(COUNT)
cost = call(lambda: time.sleep(0.1))
found = {(k.uid, k.comm): v.value for k, v in b["counts"].items()}
row("count", found[0, b"many_calls.py"], *cost)
b.cleanup()

b = attached(SEND)
found = collections.Counter()


def add(cpu, data, size):
    event = b["events"].event(data)
    found[event.uid, event.comm] += 1


b["events"].open_perf_buffer(add, page_cnt=64, lost_cb=lambda count: None)
cost = call(lambda: b.perf_buffer_poll(timeout=100))
row("send", found[0, b"many_calls.py"], *cost)
