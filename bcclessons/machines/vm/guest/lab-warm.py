"""Compile, load and open what a lesson would, so that its parts are in memory."""

from bcc import BPF

b = BPF(
    text="""
#include <linux/sched.h>
BPF_PERF_OUTPUT(events);
TRACEPOINT_PROBE(syscalls, sys_enter_execve) { return 0; }
"""
)
b["events"].open_perf_buffer(lambda cpu, data, size: None)
b.perf_buffer_poll(10)
