"""What is done to one value of a map that all CPUs use: told only where it is certain."""

from __future__ import annotations

import pytest

from bcclessons.grading import shared
from bcclessons.grading.feedback import Feedback

ARRAY = "BPF_ARRAY(missed, u64, 1);"
LOOKUP = "    u64 *count = missed.lookup(&first);"


def of_c(*lines: str) -> str:
    """Return a program with this C text, whose first line is line 2 of the file."""
    return "\n".join(['b = BPF(text="""', *lines, '""")', ""])


def line_of(found: Feedback | None) -> int | None:
    return None if found is None else found.line


@pytest.mark.parametrize(
    "addition",
    [
        "    if (count) (*count)++;",
        "    if (count) ++*count;",
        "    if (count) ++(*count);",
        "    if (count) *count += 1;",
        "    *count += 2;",
        "    ( *count ) += 1;",
        "    if (!count) return 0; else *count += 1;",
        "    *count = *count + 1;",
        "    *count = 1 + *count;",
        "    (*count) = (*count) + 1;",
        "    count[0]++;",
        "    count[0] += 1;",
        "    u64 sum = *count + 1; missed.update(&first, &sum);",
        "    missed.increment(first);",
        "    missed.increment(first, 1); // atomic?",
    ],
)
@pytest.mark.parametrize(
    "definition",
    [
        ARRAY,
        "BPF_HASH(missed, int, u64, 1);",
        'BPF_TABLE("array", int, u64, missed, 1);',
        "BPF_ARRAY( missed, unsigned long long , 1 );",
    ],
)
def test_a_plain_addition_is_found(definition: str, addition: str) -> None:
    program = of_c(definition, "int f(void *ctx) {", LOOKUP, addition, "}")
    assert line_of(shared.plain_addition(program)) == 5


@pytest.mark.parametrize(
    ("definition", "lines"),
    [
        (ARRAY, [LOOKUP, "    __sync_fetch_and_add(count, 1);"]),
        (ARRAY, [LOOKUP, "    lock_xadd(count, 1);"]),
        (ARRAY, ["    missed.atomic_increment(first);"]),
        (ARRAY, [LOOKUP, "    // not (*count)++;", "    __sync_add_and_fetch(count, 1);"]),
        (ARRAY, [LOOKUP, "    /* *count += 1; */", "    *count = 1;"]),
        (ARRAY, [LOOKUP, "    if (*count + 1 > 9) return 0;"]),
        (ARRAY, [LOOKUP, "    u64 next = *count + 1;"]),
        ("BPF_PERCPU_ARRAY(missed, u64, 1);", [LOOKUP, "    (*count)++;"]),
        ('BPF_TABLE("percpu_array", int, u64, missed, 1);', [LOOKUP, "    *count += 1;"]),
        # A key, or an index, may tell the CPUs apart.
        ("BPF_ARRAY(missed, u64, 256);", [LOOKUP, "    (*count)++;"]),
        ("BPF_HASH(missed, u32, u64);", [LOOKUP, "    (*count)++;"]),
        ("BPF_HASH(missed);", ["    missed.increment(pid);"]),
        # The pointer may be another's.
        (ARRAY, [LOOKUP, "    count = mine.lookup(&first);", "    (*count)++;"]),
        (ARRAY, [LOOKUP, "    u64 calls = 0;", "    calls++;"]),
        (ARRAY, ["    other.increment(first);"]),
        ("", [LOOKUP, "    (*count)++;"]),
    ],
)  # fmt: skip
def test_what_may_be_right_is_left_alone(definition: str, lines: list[str]) -> None:
    program = of_c(definition, "int f(void *ctx) {", *lines, "}")
    assert shared.plain_addition(program) is None


BUILT = [
    "    struct data_t *data = scratch.lookup(&first);",
    "    data->pid = 1;",
    "    events.perf_submit(ctx, data, sizeof(*data));",
]


def test_an_event_in_a_value_of_all_cpus_is_found() -> None:
    program = of_c("BPF_ARRAY(scratch, struct data_t, 1);", "int f() {", *BUILT, "}")
    assert line_of(shared.event_in_one_value(program)) == 2
    ring = program.replace("perf_submit(ctx, data", "ringbuf_output(data")
    assert line_of(shared.event_in_one_value(ring)) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BPF_ARRAY", "BPF_PERCPU_ARRAY"),
        ("data_t, 1", "data_t, 64"),
        ("BPF_ARRAY(scratch, ", "BPF_HASH(scratch, u64, "),
        ("(ctx, data,", "(ctx, &copy,"),
        ("data->pid = 1;", ""),
    ],
)
def test_an_event_elsewhere_is_left_alone(old: str, new: str) -> None:
    text = of_c("BPF_ARRAY(scratch, struct data_t, 1);", "int f() {", *BUILT, "}")
    changed = text.replace(old, new)
    if new.startswith("BPF_HASH"):
        changed = changed.replace("data_t, 1)", "data_t)")
    assert shared.event_in_one_value(changed) is None
