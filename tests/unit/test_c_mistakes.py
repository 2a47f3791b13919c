"""Feedback on what the C part takes from the kernel, and on its silent mistakes."""

from __future__ import annotations

import pytest

from bcclessons.course.exercise import Exercise
from bcclessons.grading import diagnosis, silent
from bcclessons.grading.check import _compare, _load
from bcclessons.grading.contract import CallFacts, Limits, Observation, Request
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.trial import Trial
from tests.kernel.attempts import EXERCISES

HEADER = (
    "error: include/linux/fortify-string.h:608:2: in function trace i32 (i8*): "
    "A call to built-in function 'memcpy' is not supported.\n"
)
ASSEMBLER = (
    "error: invalid operand in inline asm: 'movq %gs:${1:P}, $0' at line 2149076505\n"
)
MAIN = "/virtual/main.c:5:9: error: {}\n"
REFUSED = "bpf: Failed to load program: Invalid argument\n{}\nprocessed 9 insns\n"
LAST = REFUSED.format("last insn is not an exit or jmp")
CAST = REFUSED.format(
    "addr_space_cast insn can only convert between address space 1 and 0"
)
INLINED = REFUSED.format(
    "; return tsk->tgid;\n3: (61) r1 = *(u32 *)(r1 +1236)\n"
    "R1 invalid mem access 'scalar'"
)


def diagnosed(stderr: str, line: str) -> Feedback:
    """Return the feedback on a program whose C part has this line, its third."""
    program = f'b = """\nint trace(void *ctx) {{\n    {line}\n    return 0;\n}}\n"""\n'
    observed = Observation("early", stderr=stderr, status=1)
    found = diagnosis.behaviour(observed, Request(program, "", [], Limits(1, 1, 1)))
    assert found is not None
    assert found.text.ja
    return found


@pytest.mark.parametrize(
    ("stderr", "line", "says"),
    [
        (HEADER, "strcpy(to, from);", "cannot call strcpy()"),
        (LAST, 'snprintf(to, sizeof(to), "f(%s)", from);', "cannot call snprintf()"),
        (
            LAST,
            "x = task_ppid_nr(task);  // not f()",
            "task_ppid_nr() is a function of",
        ),
        (INLINED, "x = task_tgid_nr(task);", "task_tgid_nr() is a function of"),
        (ASSEMBLER, "x = current->tgid;", "current can be used in the kernel only"),
        (CAST, "x = current->tgid;", "current can be used in the kernel only"),
        (LAST, "x = bpf_get_current_task;", "write bpf_get_current_task() to call it"),
        (LAST, "struct t *a; x = a->b;", "pointer a is used before it has a value"),
    ],
)
def test_what_no_bpf_program_can_use_is_named(
    stderr: str, line: str, says: str
) -> None:
    found = diagnosed(stderr, line)
    assert says in found.text.en
    assert found.line == 3


@pytest.mark.parametrize(
    ("stderr", "line"),
    [
        (LAST, "if (x) while (sizeof(y)) bpf_get_prandom_u32();"),
        (LAST, "events.perf_submit(ctx, &data, sizeof(data)); trace(ctx); MACRO(x);"),
        (LAST, "struct t *a = x; struct t *c; f = &c; x = a->b + c->d;"),
    ],
)
def test_what_a_bpf_program_can_use_is_not_blamed(stderr: str, line: str) -> None:
    assert "ends in the middle" in diagnosed(stderr, line).text.en


@pytest.mark.parametrize(
    ("stderr", "says"),
    [
        (
            MAIN.format("array type 'char[16]' is not assignable"),
            "An array cannot be assigned. Copy a string by bpf_probe_read_kernel_str()",
        ),
        (
            MAIN.format(
                "assigning to 'u32' (aka 'unsigned int') from incompatible type "
                "'const kuid_t'"
            ),
            "its member val: add .val",
        ),
        (
            MAIN.format("cannot call non-static helper function"),
            "no function of the kernel",
        ),
        (
            MAIN.format(
                "incompatible pointer to integer conversion assigning to 'u32' from "
                "'struct task_struct *' [-Wint-conversion]"
            ),
            "A pointer is given for an integer",
        ),
        (
            REFUSED.format("R2 min value is negative, either use unsigned"),
            "where to copy to, the size, and where from",
        ),
    ],
)
def test_each_message_has_its_meaning(stderr: str, says: str) -> None:
    assert says in diagnosed(stderr, "x").text.en


def test_a_key_that_is_no_struct_is_explained_by_what_clang_warned_of() -> None:
    stderr = (
        "/virtual/main.c:22:44: warning: incompatible pointer types passing 'struct key_t "
        "*' to parameter of type 'key_t *' (aka 'int *') [-Wincompatible-pointer-types]\n"
        "    u64 *count = counts.lookup(&key);\n"
        "                               ^~~~\n"
        "Traceback (most recent call last):\n"
        '  File "/tmp/my_sample", line 6, in <module>\n'
        "    print(key.uid)\n"
        "AttributeError: 'c_int' object has no attribute 'uid'\n"
    )
    found = diagnosed(stderr, "u64 *count = counts.lookup(&key);")
    assert "begins with the word struct" in found.text.en
    assert found.line == 3


@pytest.mark.parametrize(
    ("c_part", "found"),
    [
        ("if (bpf_get_current_uid_gid() != 1001)", True),
        ("u64 id = bpf_get_current_uid_gid();\nif (id == 1001)", True),
        ("u64 id = bpf_get_current_pid_tgid();\nif (id >> 32 == 7)", False),
        ("u32 id = bpf_get_current_uid_gid();\nif (id == 1001)", False),
        ("if ((u32)(bpf_get_current_uid_gid()) != 1001)", False),
    ],
)
def test_two_numbers_compared_as_one_are_pointed_at(c_part: str, found: bool) -> None:
    feedback = silent.mistake(f'x = """\n{c_part}\n"""\n')
    assert (feedback is not None and "two numbers" in feedback.text.en) is found


@pytest.mark.parametrize(
    ("member", "found"),
    [
        ("char is_exit;", True),
        ("    u32 pid; char is_exit;", True),
        ("char comm[16];", False),
        ("char *name;", False),
        ("unsigned char is_exit;", False),
        ("u8 is_exit;", False),
    ],
)
def test_a_member_that_python_reads_as_bytes_is_named(member: str, found: bool) -> None:
    feedback = silent.mistake(f'x = """\nstruct data_t {{\n{member}\n}};\n"""\n')
    assert (feedback is not None and "a char member" in feedback.text.en) is found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("count++;", True),
        ("*count++;", True),
        ("if (count) *count++;", True),
        ("count += 1;", True),
        ("(*count)++;", False),
        ("*count += 1;", False),
        ("__sync_fetch_and_add(count, 1);", False),
        ("u64 n = 0; n++;", False),
    ],
)
def test_a_pointer_that_is_moved_is_pointed_at(statement: str, found: bool) -> None:
    c_part = f"    u64 *count = counts.lookup(&key);\n    {statement}\n"
    feedback = silent.mistake(f'x = """\n{c_part}"""\n')
    assert (
        feedback is not None and "to the pointer count" in feedback.text.en
    ) is found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("    b.ring_buffer_poll", True),
        ("    b.perf_buffer_poll  # wait", True),
        ("    b.perf_buffer_poll()", False),
        ("    wait = b.perf_buffer_poll", False),
    ],
)
def test_a_poll_that_is_not_called_is_pointed_at(line: str, found: bool) -> None:
    feedback = silent.mistake(f"while True:\n{line}\n")
    assert (feedback is not None and "to call it" in feedback.text.en) is found


def test_an_assertion_of_clang_is_explained_by_what_it_warned_of() -> None:
    stderr = (
        "/virtual/main.c:25:27: warning: incompatible integer to pointer conversion "
        "passing 'unsigned long' to parameter of type 'void *' [-Wint-conversion]\n"
        "    events.ringbuf_output(sizeof(data), &data, 0);\n"
        "                          ^~~~~~~~~~~~\n"
        "python3: clang/AST/Type.h:690: Assertion `!isNull()' failed.\n"
    )
    program = 'b = """\n    events.ringbuf_output(sizeof(data), &data, 0);\n"""\n'
    observed = Observation("early", stderr=stderr, status=-6)
    found = diagnosis.behaviour(observed, Request(program, "", [], Limits(1, 1, 1)))
    assert found is not None
    assert "A pointer is given for an integer" in found.text.en
    assert found.line == 2


def test_bytes_that_python_shows_are_named() -> None:
    program = 'print("PID")\n    print(event.pid, event.comm)\n'
    found = silent.mistake(program, "77 b'learner'")
    assert found is not None
    assert found.text == silent.BYTES_SHOWN
    assert found.line == 2
    assert silent.mistake(program, "77 b'") is None


def test_a_program_started_at_each_event_is_pointed_at() -> None:
    request = Request("\nsubprocess.run(x)\n", "", [], Limits(1, 1, 1))
    found = diagnosis.behaviour(Observation("bomb"), request)
    assert found is not None
    assert "started at each event makes an event itself" in found.text.en
    assert found.line == 2


def compared(label: str, changes: dict[int, tuple[str, str]]) -> Feedback | None:
    """Compare what the right program prints, changed in the line of a call of the step."""
    exercise = next(item for item in EXERCISES if item.label == label)
    steps = [n for n, step in enumerate(exercise.steps) if step.kind == "call"]
    calls = [CallFacts(600 + n, 600 + n, 550 + n, 1, 2, 0, n) for n in steps]
    lines = []
    for call in calls:
        line = _right_line(exercise, call)
        old, new = changes.get(call.step, ("", ""))
        assert old in line
        lines.append(line.replace(old, new) if old else line)
    stdout = "\n".join([exercise.output.ready, *lines])
    trial = Trial.of(exercise, Observation("interrupted", stdout, calls=calls))
    return _compare(_load(exercise.folder / "check.py"), trial, "", "")


def _right_line(exercise: Exercise, call: CallFacts) -> str:
    step = exercise.steps[call.step]
    if exercise.label == "03/2":
        return f"{call.pid} {step.name} {step.ancestors[0]}"
    return f"1 {step.name} {call.pid} {call.ppid} {step.uid}"


@pytest.mark.parametrize(
    ("label", "step", "old", "new", "says"),
    [
        ("03/2", 1, "granny", "mother", "parent's parent is granny"),
        ("03/2", 2, "old-grandfather", "old-gra", "it is cut off"),
        ("03/2", 1, "learner", "granny", "COMM should be learner"),
        ("03/4", 1, " 551 ", " 601 ", "601 is the PID of the process itself"),
        ("03/4", 1, " 551 ", " 39 ", "39 is the value of the lower 8 bits of 551"),
        ("03/4", 1, " 551 ", " 0 ", "PPID should be 551."),
        ("03/4", 1, "551 0", "0 551", "It is in the column UID"),
        ("03/4", 2, " 1001", " 1002", "1002 is the group's number (GID)"),
        ("03/4", 2, " 1001", f" {1002 << 32 | 1001}", "the upper 32 are the GID"),
        ("03/4", 3, " 100003", " 34467", "lower 16 bits of 100003"),
        ("03/4", 3, "learner", "b'learner'", "COMM should be learner"),
    ],
)
def test_what_is_wrong_with_a_value_is_told(
    label: str, step: int, old: str, new: str, says: str
) -> None:
    assert compared(label, {}) is None
    found = compared(label, {step: (old, new)})
    assert found is not None
    assert says in found.text.en
    assert found.text.ja
