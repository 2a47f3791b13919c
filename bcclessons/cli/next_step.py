"""What a learner types next."""

from __future__ import annotations

from collections.abc import Sequence

from bcclessons.console.text import Text
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.course.progress import Solved


def next_step(
    exercises: Sequence[Exercise],
    solved: Solved,
    after: Exercise | Lesson | None = None,
) -> Text:
    """Return what to type next: for the first unsolved exercise after ``after``.

    That is an exercise that was solved, a lesson that was run, or None for the start.
    A lesson is run before its first exercise is started.
    """
    first = 0
    for index, item in enumerate(exercises):
        if item == after:
            first = index + 1
        elif item.lesson == after:
            first = index
            break
    in_turn = [*exercises[first:], *exercises[:first]]
    rest = next((item for item in in_turn if not solved.has(item)), None)
    if rest is None:
        return Text(
            ja="すべての演習が解けている．一覧: ./lab",
            en="All exercises are solved. To list the lessons: ./lab",
        )
    lesson = rest.lesson
    started = any(i.my_sample.exists() for i in exercises if i.lesson == lesson)
    if lesson == after or started:
        command, title = f"./lab check {rest.label}", rest.title
    else:
        command, title = f"./lab run {lesson.label}", lesson.title
    return Text(ja=f"次: {command}（{title.ja}）", en=f"Next: {command} ({title.en})")
