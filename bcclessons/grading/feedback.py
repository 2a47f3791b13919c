"""Feedback to a learner: the task, what is wrong and where to look, hints, progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcclessons.console.text import Language, Text
from bcclessons.setup.paths import CHECKOUT

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.course.progress import Solved

_LONGEST = 240


@dataclass(frozen=True)
class Feedback:
    """What is wrong with a program.

    ``output`` is a line that it printed, ``line`` the number of one of its own lines.
    ``undecided`` says that it may be right: the machine was too busy to tell; then
    ``retry`` says how to check it again in a terminal.
    """

    text: Text
    output: str | None = None
    line: int | None = None
    undecided: bool = False
    retry: Text | None = None


def task(exercise: Exercise, language: Language) -> str:
    """Return an exercise's title and task, and where the learner's file is."""
    title = f"{exercise.label} {exercise.title.to(language)}"
    file = exercise.my_sample.relative_to(CHECKOUT)
    words = Text(ja=f"書き換えるファイル: {file}", en=f"The file to change: {file}")
    return f"{title}\n  {exercise.task.to(language)}\n  {words.to(language)}"


def first_steps(language: Language) -> str:
    """Return what to do with the learner's file, when it has just been made."""
    words = Text(
        ja="このファイルを作った．TODO の行を直し，同じコマンドをもう一度実行する．"
        "まず，このままの結果を見る．",
        en="This file has just been made. Change the line with TODO, and type the same "
        "command again. This is the result for the file as it is.",
    )
    return f"  {words.to(language)}"


def result(
    exercise: Exercise, feedback: Feedback | None, program: str, language: Language
) -> str:
    """Return the result of a check: solved, or the feedback and how to get a hint."""
    title = f"{exercise.label} {exercise.title.to(language)}"
    if feedback is None:
        return f"{title}: {Text(ja='できた．', en='solved.').to(language)}"
    parts = [feedback.text.then(feedback.retry)]
    if feedback.output is not None:
        parts.append(
            Text(
                ja=f"表示されたもの: {feedback.output}", en=f"Output: {feedback.output}"
            )
        )
    if feedback.line is not None:
        number, lines = feedback.line, program.splitlines()
        code = lines[number - 1].strip() if number <= len(lines) else ""
        parts.append(
            Text(
                ja=f"見るところ: {number} 行目: {code}",
                en=f"Look at line {number}: {code}",
            )
        )
    if feedback.undecided:
        heading = Text(ja="判定できない．", en="undecided: the machine is busy.")
    else:
        heading = Text(ja="まだ．", en="not yet.")
        hint = f"./lab check {exercise.label} --hint"
        parts.append(Text(ja=f"ヒント: {hint}", en=f"For a hint: {hint}"))
    lines = [f"{title}: {heading.to(language)}"]
    lines += [f"  {part.to(language)}" for part in parts]
    return "\n".join(map(printable, lines))


def as_data(
    feedback: Feedback | None, retry_here: Text | None = None
) -> dict[str, Any]:
    """Return a check's result as data: ``solved``, and the fields of Feedback.

    ``text`` ends with how to check again: ``retry_here`` where there is no terminal.
    """
    solved = feedback is None
    feedback = feedback or Feedback(Text(ja="できた．", en="Solved."))
    data = {"solved": solved, **vars(feedback)}
    retry = data.pop("retry")
    data["text"] = feedback.text.then(retry and (retry_here or retry))
    data["output"] = feedback.output and printable(feedback.output)
    return data


def printable(line: str) -> str:
    """Return a line without control characters, cut if it is very long.

    The program that was checked may have printed anything.
    """
    if len(line) > _LONGEST:
        line = f"{line[:_LONGEST]} ..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def hints(exercise: Exercise, count: int, language: Language) -> str:
    """Return the first hints of an exercise; after the last, where to read on."""
    total = len(exercise.hints)
    words = Text(ja="ヒント", en="Hint")
    lines = [
        f"{words.to(language)} {number}/{total}: {hint.to(language)}"
        for number, hint in enumerate(exercise.hints[:count], 1)
    ]
    if count == total:
        page = exercise.lesson.folder.relative_to(CHECKOUT) / "README"
        last = Text(
            ja=f"これが最後のヒントである．説明はレッスンのページにある: {page}.md",
            en=f"That was the last hint. The lesson's page explains it: {page}.en.md",
        )
    else:
        last = Text(
            ja=f"もう 1 つ見る: 同じコマンド．確かめる: ./lab check {exercise.label}",
            en="For one more, type the same command again. To check your file: "
            f"./lab check {exercise.label}",
        )
    lines.append(last.to(language))
    return "\n".join(lines)


def progress(exercises: Sequence[Exercise], solved: Solved, language: Language) -> str:
    """Return which of some exercises are solved, in one line."""
    marks = " ".join(
        f"{item.number}{'+' if solved.has(item) else '-'}" for item in exercises
    )
    done = sum(solved.has(item) for item in exercises)
    words = Text(
        ja=f"演習 {done}/{len(exercises)}", en=f"exercises {done}/{len(exercises)}"
    )
    return f"{words.to(language)}: {marks}"
