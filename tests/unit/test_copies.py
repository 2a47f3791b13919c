"""What pages repeat: the numbers of lines, and the texts of runs."""

from __future__ import annotations

import pytest

from bcclessons.console.text import Problem
from bcclessons.course import copies, lesson, recording
from bcclessons.setup.paths import CHECKOUT

LESSONS = lesson.load_all(CHECKOUT)
PAGE = lesson.find(LESSONS, "02").folder / "README.md"
PROGRAM = "perf_output_sample"
RUN = recording.load(PAGE.parent / "recordings/run.txt").body


def renewed(markdown: str) -> str:
    return copies.renewed(markdown, PAGE, LESSONS)


@pytest.mark.parametrize("old", ["", "#L7", "#L1-L2"])
@pytest.mark.parametrize(
    ("link", "lines"),
    [
        (f"[`BPF_PERF_OUTPUT(events);`]({PROGRAM}{{}})", "#L20"),
        (f"[`struct data_t {{{{` … `}}}};`]({PROGRAM}{{}})", "#L13-L17"),
        (f'[`b["x"]`]({PROGRAM}{{}} "b.perf_buffer_poll()")', "#L66"),
        (f"""[it]({PROGRAM}{{}} 'b["events"].event(data)')""", "#L51"),
    ],
)
def test_a_link_has_the_numbers_of_its_lines(link: str, lines: str, old: str) -> None:
    assert renewed(f"See {link.format(old)}.") == f"See {link.format(lines)}."


@pytest.mark.parametrize(
    "markdown",
    [f"[`{PROGRAM}`]({PROGRAM})", "[setup](../../docs/setup.md#vm)", "`[x](y)` [z]"],
)
def test_other_links_are_left_alone(markdown: str) -> None:
    assert renewed(markdown) == markdown


def test_a_link_that_names_no_lines_is_a_sentence() -> None:
    with pytest.raises(Problem, match="is on no line") as caught:
        renewed(f"[`no_such_code()`]({PROGRAM})")
    assert str(PAGE) in caught.value.text.ja


@pytest.mark.parametrize("old", ["", "\n```text\nof another time\n```\n"])
def test_the_text_of_a_run_follows_its_link(old: str) -> None:
    text = renewed(f"Before\n\n[A run](recordings/run.txt)\n{old}\nAfter\n")
    assert (
        text == f"Before\n\n[A run](recordings/run.txt)\n\n```text\n{RUN}```\n\nAfter\n"
    )
    assert renewed(text) == text


def test_a_part_of_a_run_is_that_part() -> None:
    last = RUN.splitlines()[-2]
    text = renewed(f'[A run](recordings/run.txt "{last}")\n')
    assert text.endswith(f"\n\n```text\n{last}\n```\n")


def test_without_runs_it_is_as_it_was_written() -> None:
    markdown = "Before\n\n[A run](recordings/run.txt)\n\n```sh\nls\n```\n\n```text\nmine\n```\n"
    assert copies.without_runs(renewed(markdown)) == markdown
