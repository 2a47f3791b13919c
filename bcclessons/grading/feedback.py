"""What is said to a learner: the task, what is wrong and where to look, hints, progress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bcclessons.console.text import Language, Text
from bcclessons.setup.paths import CHECKOUT

if TYPE_CHECKING:
    from bcclessons.course.exercise import Exercise
    from bcclessons.course.progress import Solved
    from bcclessons.grading.checking import Answer


_LONGEST = 240


def task(exercise: Exercise, language: Language) -> str:
    """Return an exercise's title and task, and where the learner's file is."""
    title = f"{exercise.label} {exercise.title.to(language)}"
    file = exercise.mine.relative_to(CHECKOUT)
    words = Text(ja=f"書き換えるファイル: {file}", en=f"The file to change: {file}")
    return f"{title}\n  {exercise.task.to(language)}\n  {words.to(language)}"


def begun(exercise: Exercise, language: Language) -> str:
    """Return what is said when the learner's file has just been made."""
    words = Text(
        ja="このファイルを作った．TODO の行を直し，同じコマンドをもう一度実行する．"
        "まず，このままの結果を見る．",
        en="This file has just been made. Change the line with TODO, and type the same "
        "command again. First, see what comes of it as it is.",
    )
    return f"  {words.to(language)}"


def verdict(
    exercise: Exercise, answer: Answer | None, program: str, language: Language
) -> str:
    """Return what is said of a program that was checked."""
    if answer is None:
        words = Text(ja="できた．", en="solved.")
        return f"{exercise.label} {exercise.title.to(language)}: {words.to(language)}"
    words = Text(ja="まだ．", en="not yet.")
    said = [
        f"{exercise.label} {exercise.title.to(language)}: {words.to(language)}",
        f"  {answer.text.to(language)}",
    ]
    if answer.came is not None:
        words = Text(ja="表示されたもの", en="What came")
        said.append(f"  {words.to(language)}: {answer.came}")
    if answer.number is not None:
        lines = program.splitlines()
        line = lines[answer.number - 1] if answer.number <= len(lines) else ""
        words = Text(
            ja=f"見るところ: {answer.number} 行目", en=f"Look at line {answer.number}"
        )
        said.append(f"  {words.to(language)}: {line.strip()}")
    words = Text(ja="ヒント", en="For a hint")
    said.append(f"  {words.to(language)}: ./lab check {exercise.label} --hint")
    return "\n".join(map(_for_a_terminal, said))


def _for_a_terminal(line: str) -> str:
    """Return a line without what would steer the terminal, and not longer than a few.

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
        page = exercise.folder.parents[1].relative_to(CHECKOUT) / "README"
        last = Text(
            ja=f"これが最後のヒントである．説明はレッスンのページにある: {page}.md",
            en=f"That was the last hint. The lesson's page explains it: {page}.en.md",
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


def coming(
    exercises: Sequence[Exercise], after: Exercise, solved: Solved, language: Language
) -> str:
    """Return what to do after an exercise was solved: the next unsolved, if any."""
    labels = [item.label for item in exercises]
    index = labels.index(after.label) + 1
    in_turn = [*exercises[index:], *exercises[:index]]
    rest = next((item for item in in_turn if not solved.has(item)), None)
    if rest is None:
        return Text(ja="すべての演習が解けている．", en="All exercises are solved.").to(
            language
        )
    words = Text(ja="次", en="Next")
    return (
        f"{words.to(language)}: ./lab check {rest.label}（{rest.title.ja}）"
        if (language is Language.JA)
        else f"Next: ./lab check {rest.label} ({rest.title.en})"
    )
