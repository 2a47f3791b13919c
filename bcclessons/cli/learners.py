"""What learners do: run lessons, check exercises, open a shell, read the site."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bcclessons.console.text import Problem, Text
from bcclessons.course import exercise
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.placement import Place, placement
from bcclessons.grading import checking, feedback
from bcclessons.lab import Lab, Target
from bcclessons.machines import Machine
from bcclessons.machines.host import Host
from bcclessons.machines.vm import client
from bcclessons.setup.paths import CHECKOUT


def overview(lab: Lab) -> None:
    """Print the lessons, what is solved, and the commands."""
    language = lab.console.language
    title = Text(
        ja="BCC Lessons: eBPF プログラムからユーザ空間へのデータの渡し方",
        en="BCC Lessons: how an eBPF program hands data to user space",
    )
    print(title.to(language), end="\n\n")
    for lesson in lab.lessons:
        print(f"  {lesson.label}  {lesson.title.to(language)}")
        print(f"      {lesson.goal.to(language)}")
        exercises = exercise.load_all([lesson])
        if exercises:
            print(f"      {feedback.progress(exercises, lab.solved, language)}")
    print()
    for command, text in (
        ("./lab run 01", Text(ja="レッスンを動かす", en="run a lesson")),
        ("./lab check", Text(ja="演習を確かめる", en="check an exercise")),
        (
            "./lab shell",
            Text(ja="レッスンが動くシェル", en="a shell where lessons run"),
        ),
        ("./lab site", Text(ja="Web サイトを見る", en="read the website")),
        ("./lab doctor", Text(ja="このマシンを調べる", en="examine this machine")),
        ("./lab stop", Text(ja="VM を止める", en="stop the VM")),
        ("./lab test", Text(ja="すべてテストする", en="test everything")),
        ("./lab --help", Text(ja="ほかの使い方", en="more")),
    ):
        print(f"  {command:<14} {text.to(language)}")


def run(lab: Lab, name: str, target: Target, *, demo: bool) -> None:
    """Run a lesson: in two panes in a terminal, else its demo."""
    lesson = lab.lesson(name)
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not demo
    if in_terminal:
        lab.require(
            {"tmux": "tmux"}, Text(ja="画面を 2 つに分けるの", en="Showing two panes")
        )
    with lab.machine(lesson, target) as machine:
        if in_terminal:
            from bcclessons.terminal import panes

            panes.show(machine, lesson, lab.console.language)
        else:
            from bcclessons.terminal import demo as player

            if isinstance(machine, Host):
                # What the demo types; the VM has it.
                programs = (step.command.split()[0] for step in lesson.demo.steps)
                reason = Text(ja="デモを打ち込むの", en="Typing the demo")
                lab.require({name: name for name in programs}, reason)
            player.play(machine, lesson, functools.partial(print, flush=True))


def _chosen(lab: Lab, name: str | None) -> list[Exercise]:
    """Return the exercises that a name means; without one, the next to solve."""
    exercises = exercise.load_all(lab.lessons)
    if name is not None:
        return exercise.find(exercises, name)
    unsolved = [item for item in exercises if not lab.solved.has(item)]
    return unsolved[:1] or exercises[-1:]


def hint(lab: Lab, name: str | None) -> None:
    """Show one more hint of an exercise, the first unsolved of those named."""
    chosen = _chosen(lab, name)
    item = next((item for item in chosen if not lab.solved.has(item)), chosen[0])
    count = lab.solved.next_hints(item)
    print(feedback.hints(item, count, lab.console.language))


def check(lab: Lab, name: str | None, target: Target, *, everything: bool) -> None:
    """Check exercises; exit with 1 unless all are right."""
    chosen = exercise.load_all(lab.lessons) if everything else _chosen(lab, name)
    with lab.machines(target) as machine:
        right = [_check_one(lab, item, machine) for item in chosen]
    if not all(right):
        sys.exit(1)
    exercises = exercise.load_all(lab.lessons)
    print(feedback.coming(exercises, lab.solved, lab.console.language))


def _start(lab: Lab, item: Exercise) -> None:
    """Make the learner's file, unless it is there, and say what is to be done."""
    language = lab.console.language
    if exercise.begin(item):
        print(feedback.task(item, language), feedback.begun(item, language), sep="\n")


def _check_one(lab: Lab, item: Exercise, machine: Callable[[Lesson], Machine]) -> bool:
    """Check the learner's file, print the feedback, and tell whether it is right."""
    language = lab.console.language
    _start(lab, item)
    program = exercise.read_mine(item)
    ready = machine(item.lesson_to_run(lab.lesson(item.label[:2])))
    answer = checking.check(item, program, ready, emulated=isinstance(ready, client.Vm))
    if answer is None:
        lab.solved.note(item, program)
    print(feedback.verdict(item, answer, program, language), flush=True)
    return answer is None


def watch(lab: Lab, name: str | None, target: Target) -> None:
    """Check an exercise each time its file is saved."""
    item = _chosen(lab, name)[0]
    with lab.machines(target) as machine:
        _start(lab, item)
        exercise.read_mine(item)  # a file that cannot be read is said at once
        seen = None
        while True:
            # Before the check: what is saved during it is checked next.
            now = exercise.saved(item)
            # None is an editor that is about to put it back.
            if now not in (None, seen):
                seen = now
                try:
                    _check_one(lab, item, machine)
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
    """Start exercises again; each current file is kept under another name."""
    for item in exercise.find(exercise.load_all(lab.lessons), name):
        kept = exercise.put_aside(item)
        if kept is not None:
            path = kept.relative_to(CHECKOUT)
            lab.console.say(
                Text(
                    ja=f"今までのファイルは {path} に残した．",
                    en=f"The previous file is kept as {path}.",
                )
            )
        exercise.begin(item)
        lab.solved.forget_hints(item)
        print(feedback.task(item, lab.console.language))


def shell(lab: Lab, target: Target) -> None:
    """Open a shell on the machine where lessons run; exit with its status."""
    with lab.machine(None, target) as machine:
        inner = machine.inside(["bash"], root=os.geteuid() == 0)
        terminal = sys.stdin.isatty()
        status = subprocess.run(
            machine.command(inner, folder="lessons", terminal=terminal), check=False
        ).returncode
    sys.exit(status)


def stop(lab: Lab) -> None:
    """Stop this checkout's VMs."""
    stopped = client.stop(lab.workspace)
    if not stopped:
        lab.console.say(Text(ja="動いている VM は無い．", en="No VM is running."))
    for release in stopped:
        lab.console.say(
            Text(
                ja=f"{release.title} の VM を止めた．",
                en=f"Stopped the VM of {release.title}.",
            )
        )


def doctor(lab: Lab, *, as_json: bool) -> None:
    """Show what this machine can do; exit with 1 if some lesson runs nowhere."""
    from bcclessons.doctor import view

    report = lab.report()
    placements = {item.label: placement(report, item) for item in lab.lessons}
    if as_json:
        data = view.as_data(report, placements)
        print(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        view.show(report, lab.lessons, placements, lab.console.language)
    if any(found.place is Place.NOWHERE for found in placements.values()):
        sys.exit(1)


def site(lab: Lab, folder: Path | None, *, offline: bool, port: int) -> None:
    """Serve the website, or build it into a folder."""
    from bcclessons.site import builder

    if folder is not None:
        for path in builder.build(lab.python("site"), folder, offline=offline):
            lab.console.say(Text(ja=f"{path} を作った．", en=f"Made {path}."))
    elif offline:
        raise Problem(
            ja="--offline で作るフォルダを指定する．例: ./lab site --offline --build site",
            en="name the folder to build: ./lab site --offline --build site",
        )
    else:
        sys.exit(builder.serve(lab.python("site"), port))
