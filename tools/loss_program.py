"""The BPF program of tools.loss_run: an event of each call of getpgid."""

from __future__ import annotations

DATA_BYTES = 244

_TEXT = """
struct event_t { u64 time; char rest[DATA_BYTES - sizeof(u64)]; };
BUFFER
BPF_ARRAY(counts, u64, 2);

static void add_1(int index)
{
    u64 *count = counts.lookup(&index);
    if (count)
        __sync_fetch_and_add(count, 1);
}

int send_event(void *ctx)
{
    struct event_t event = {};
    if (bpf_get_current_pid_tgid() >> 32 != SENDER)
        return 0;
    add_1(0);
    event.time = bpf_ktime_get_ns();
    if (SEND)
        add_1(1);
    return 0;
}
"""
_BUFFERS = {
    "perf": "BPF_PERF_OUTPUT(events);",
    "ring": "BPF_RINGBUF_OUTPUT(events, PAGES);",
}
_SEND = {
    "perf": "events.perf_submit(ctx, &event, sizeof(event))",
    "ring": "events.ringbuf_output(&event, sizeof(event), 0)",
}


def text(kind: str, pages: int, sender: int) -> str:
    """Return the program with a kind of buffer, for the calls of a process."""
    found = _TEXT.replace("BUFFER", _BUFFERS[kind]).replace("SEND)", f"{_SEND[kind]})")
    found = found.replace("PAGES", str(pages)).replace("SENDER", str(sender))
    return found.replace("DATA_BYTES", str(DATA_BYTES))
