"""Every call that a lesson's program makes is explained, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bcclessons.console.text import Language
from bcclessons.course import lesson
from bcclessons.course.lesson import Lesson
from bcclessons.course.translation import translation

CHECKOUT = Path(__file__).resolve().parents[2]
LESSONS = lesson.load_all(CHECKOUT)

# What the field calls each of them: helpers and macros in C; what is called of bcc.
_C_CALLS = re.compile(
    r"\b(bpf_\w+|BPF_\w+|TRACEPOINT_PROBE|__sync\w+)\(|\b(?:events|counts)\.(\w+)\("
)
_PYTHON_CALLS = re.compile(
    r"\bb\.(\w+)\(|\bb\[\"\w+\"\]\.(\w+)\(|(?<![.\w])(BPF|printb)\("
)
HELPERS = {
    "bpf_trace_printk", "bpf_ktime_get_ns", "bpf_get_current_pid_tgid",
    "bpf_get_current_uid_gid", "bpf_get_current_comm", "bpf_get_current_task",
    "bpf_probe_read_kernel", "bpf_probe_read_kernel_str", "bpf_probe_read_user", "bpf_probe_read_user_str",
    "BPF_PERF_OUTPUT", "perf_submit", "open_perf_buffer", "perf_buffer_poll", "event",
    "BPF_HASH", "lookup_or_try_init", "__sync_fetch_and_add", "items",
    "BPF_RINGBUF_OUTPUT", "ringbuf_output", "open_ring_buffer", "ring_buffer_poll",
}  # fmt: skip
"""What the course is to teach."""


def calls(item: Lesson) -> set[str]:
    """Return the names of the calls in a program's C and in its Python."""
    source = item.source.read_text(encoding="utf-8")
    before, c_text, after = re.split(r'^bpf_text = """|^"""', source, flags=re.M)
    found = _C_CALLS.findall(c_text) + _PYTHON_CALLS.findall(before + after)
    return {name for groups in found for name in groups if name}


def page(path: str, language: Language) -> str:
    """Return a page's Markdown; ``path`` is without the suffix of its language."""
    file = translation(CHECKOUT / f"{path}.md", language)
    return file.read_text(encoding="utf-8")


def test_the_programs_make_every_call_of_the_course() -> None:
    assert set().union(*map(calls, LESSONS)) >= HELPERS


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
def test_each_call_has_an_entry_that_names_the_lesson(
    item: Lesson, language: Language
) -> None:
    text = page("docs/reference", language)
    entries = re.split(r"^### ", text, flags=re.M)[1:]
    for name in calls(item):
        own = [e for e in entries if re.match(rf"`?{name}\b", e)]
        assert len(own) == 1, name
        # It refers to the line of the lesson.
        assert f"../lessons/{item.folder.name}/{item.program}" in own[0], name


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
def test_each_call_is_explained_on_this_lessons_page_or_an_earlier_one(
    item: Lesson, language: Language
) -> None:
    text = "".join(
        page(f"lessons/{one.folder.name}/README", language)
        for one in LESSONS
        if one.number <= item.number
    )
    for name in calls(item):
        assert re.search(rf"(?<!\w){name}\b", text), name


@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
def test_each_program_is_run_on_real_kernels(item: Lesson) -> None:
    name = item.program.removesuffix("_sample")
    assert (CHECKOUT / f"tests/kernel/test_{name}.py").is_file()
