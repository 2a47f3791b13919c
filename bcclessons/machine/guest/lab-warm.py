"""Compile, load and open what a lesson would, so that its parts are in memory."""

from bcc import BPF

b = BPF(text="BPF_PERF_OUTPUT(events); int warm(void *ctx) { return 0; }")
b.attach_tracepoint(tp="syscalls:sys_enter_execve", fn_name="warm")
b["events"].open_perf_buffer(lambda cpu, data, size: None)
b.perf_buffer_poll(10)
