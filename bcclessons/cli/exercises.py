"""What learners do with exercises: hints, checking, watching a file, starting again."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from bcclessons.cli.next_step import next_step
from bcclessons.console.text import Problem, Text
from bcclessons.course import learner_file
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.target import Target
from bcclessons.grading import feedback
from bcclessons.grading.check import Observer
from bcclessons.grading.check import check as check_program
from bcclessons.grading.contract import usual_limits
from bcclessons.lab import Lab
from bcclessons.machines import Machine
from bcclessons.setup.paths import CHECKOUT


def _first(lab: Lab, name: str | None) -> Exercise:
    """Return the first unsolved exercise of those named, or of all."""
    chosen = lab.named_exercises(name) if name is not None else lab.exercises
    if not chosen:
        raise Problem(
            ja="読める演習が無い．一覧: ./lab",
            en="there is no exercise that can be read; to list the lessons: ./lab",
        )
    return next((item for item in chosen if not lab.solved.has(item)), chosen[-1])


def check(
    lab: Lab, name: str | None, target: Target, *, hint: bool, everything: bool
) -> None:
    """Check exercises, without a name the next to solve; exit with 1 if one is wrong.

    With ``hint``, show one more hint of the first unsolved of them.
    """
    as_json = lab.console.as_json
    if hint and as_json:
        raise Problem(
            ja="--hint と --json は一緒に使えない．",
            en="--hint and --json cannot be used together.",
        )
    if hint:
        item = _first(lab, name)
        count = lab.solved.next_hints(item)
        print(feedback.hints(item, count, lab.console.language))
        return
    if name is not None and not everything:
        chosen = lab.named_exercises(name)
    else:
        first = _first(lab, None)
        chosen = lab.exercises if everything else [first]
    with lab.machines(target) as machine:
        found = [_check_one(lab, item, machine) for item in chosen]
    if as_json:
        results = [
            {"label": item.label, **feedback.as_data(result)}
            for item, result in zip(chosen, found, strict=True)
        ]
        data = {"exercises": results}
        print(json.dumps(data, ensure_ascii=False, indent=2, default=vars))
    if any(found):
        sys.exit(1)
    if not as_json:
        _say_next(lab, chosen[-1])


def _say_next(lab: Lab, item: Exercise) -> None:
    """Say what to do after an exercise was solved."""
    text = next_step(lab.exercises, lab.solved, item)
    print(text.to(lab.console.language), flush=True)


def _start(lab: Lab, item: Exercise) -> None:
    """Make the learner's file, unless it is there, and say what is to be done."""
    language = lab.console.language
    if learner_file.create(item) and not lab.console.as_json:
        print(feedback.task(item, language), feedback.first_steps(language), sep="\n")


def _check_one(
    lab: Lab, item: Exercise, machine: Callable[[Lesson], Machine]
) -> feedback.Feedback | None:
    """Check the learner's file, print the result for a person, and return it."""
    language = lab.console.language
    _start(lab, item)
    program = learner_file.read(item)
    ready = machine(item.lesson_to_run)
    most = f"{usual_limits(emulated=ready.emulated).ready_seconds:.0f}"
    running = Text(
        ja=f"{item.label} を動かして確かめる（見出しが出るまで最大 {most} 秒）",
        en=f"Running and checking {item.label} (at most {most} s to its header)",
    )
    others = Text(
        ja=f"{item.label}: このマシンでのほかの確認が終わるのを待つ",
        en=f"{item.label}: waiting for another check on this machine to end",
    )
    with lab.console.waiting(others) as stage:

        def started() -> None:
            stage.title = running.to(language)

        found = check_program(item, program, Observer.on(ready), started=started)
    if found is None:
        lab.solved.note(item, program)
    if not lab.console.as_json:
        print(feedback.result(item, found, program, language), flush=True)
    return found


def watch(lab: Lab, name: str | None, target: Target) -> None:
    """Check an exercise, the first unsolved of those named, each time it is saved."""
    item = _first(lab, name)
    with lab.machines(target) as machine:
        _start(lab, item)
        learner_file.read(item)  # a file that cannot be read is said at once
        seen = None
        while True:
            # Before the check: what is saved during it is checked next.
            now = learner_file.revision(item)
            # None is an editor that is about to put it back.
            if now not in (None, seen):
                seen = now
                try:
                    if _check_one(lab, item, machine) is None:
                        _say_next(lab, item)
                except Problem as problem:
                    lab.console.say(problem.text)
                lab.console.say(
                    Text(
                        ja="保存を待つ．Ctrl-C で終わる．",
                        en="Waiting for a save; Ctrl-C ends it.",
                    )
                )
            time.sleep(0.1)


def reset(lab: Lab, name: str) -> None:
    """Start exercises again; each changed file is kept under another name.

    Of a whole lesson, only those that have been started, and after asking.
    """
    items = lab.named_exercises(name, "./lab reset")
    if len(items) > 1:
        items = [item for item in items if item.my_sample.exists()]
        if not items:
            raise Problem(
                ja=f"{name} には，始めた演習がまだ無い．始める: ./lab check {name}/1",
                en=f"no exercise of {name} has been started; to start one: "
                f"./lab check {name}/1",
            )
        labels = ", ".join(item.label for item in items)
        question = Text(ja=f"{labels} を始め直すか", en=f"Start {labels} again?")
        if not lab.console.confirm(question):
            raise Problem(ja="何も変えていない．", en="nothing was changed.")
    for item in items:
        _reset_one(lab, item)
    lab.console.say(
        Text(
            ja=f"次に: ./lab check {items[0].label}",
            en=f"To check it: ./lab check {items[0].label}",
        )
    )


def _reset_one(lab: Lab, item: Exercise) -> None:
    kept = None if learner_file.is_unchanged(item) else learner_file.put_aside(item)
    if kept is not None:
        path = kept.relative_to(CHECKOUT)
        lab.console.say(
            Text(
                ja=f"今までのファイルは {path} に残した．",
                en=f"The previous file is kept as {path}.",
            )
        )
    learner_file.create(item)
    lab.solved.forget_hints(item)
    print(feedback.task(item, lab.console.language))
