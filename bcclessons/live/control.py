"""What a page asks for, and what is done: its file, runs, checks, hints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from bcclessons.console.text import Problem, Text
from bcclessons.course import learner_file
from bcclessons.course.exercise import Exercise
from bcclessons.grading import feedback
from bcclessons.grading.check import Observer
from bcclessons.grading.contract import usual_limits
from bcclessons.live import files, messages
from bcclessons.live.check_process import check_apart

if TYPE_CHECKING:
    from bcclessons.live.session import Page, Session

# More runs and checks of one learner than this do not wait.
_MOST_ASKED = 8
_TOO_MUCH = Text(
    ja="待っている実行や確認が多すぎる．終わってから押し直す．",
    en="too many runs and checks are waiting; try again when they are done.",
)
_FAILED = Text(
    ja="サーバの中でエラーが起きた．もう一度実行する．",
    en="the server failed to do this; try again.",
)


class Control:
    """One page's control connection. What takes long runs as a task of its own."""

    def __init__(self, session: Session, page: Page) -> None:
        self._session = session
        self._page = page

    def handle(self, message: messages.Message) -> None:
        """Do what a page asks for; what goes wrong is told to it."""
        match message:
            case messages.Hello():
                self._page.language = message.language
                self._page.lesson = message.lesson
                self._session.join(self._page)
            case messages.Open():
                self._page.opened.add(message.exercise)
                self._now(message.exercise, self._open)
            case messages.Save():
                self._now(message.exercise, lambda item: self._save(item, message))
            case messages.Hint():
                self._now(message.exercise, self._hint)
            case messages.Reset():
                self._now(message.exercise, self._reset)
            case messages.Check():
                self._later(self._check(message.exercise))
            case messages.Run():
                self._later(self._run(message.what))
            case messages.Ping():
                self._page.tell("pong")

    def _now(self, label: str, act: Callable[[Exercise], None]) -> None:
        try:
            act(self._session.exercise(label))
        except Problem as problem:
            self._page.tell("problem", text=problem.text)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        asked = self._session.asked
        if len(asked) >= _MOST_ASKED:
            work.close()
            self._page.tell("problem", text=_TOO_MUCH)
            return

        async def told() -> None:
            try:
                await work
            except Problem as problem:
                self._page.tell("problem", text=problem.text)
            except Exception:  # what the learner's machine may have made up, too
                logging.exception("a page's request failed")
                self._page.tell("problem", text=_FAILED)

        task = asyncio.create_task(told())
        asked.add(task)
        task.add_done_callback(asked.discard)

    def _open(self, exercise: Exercise) -> None:
        self._session.tell_file(exercise, self._page)

    def _save(self, exercise: Exercise, message: messages.Save) -> None:
        label = exercise.label
        other = files.save(exercise, message.text, message.base)
        if other is None:
            revision = files.Content.of(message.text).revision
            self._page.tell("saved", exercise=label, revision=revision)
        else:
            self._page.tell("conflict", exercise=label, **other._asdict())

    def _hint(self, exercise: Exercise) -> None:
        count = self._session.machine.solved.next_hints(exercise)
        hints = [hint.to(self._page.language) for hint in exercise.hints]
        self._page.tell(
            "hint", exercise=exercise.label, texts=hints[:count], of=len(hints)
        )
        self._session.tell("state", **self._session.state())

    def _reset(self, exercise: Exercise) -> None:
        changed = not learner_file.is_unchanged(exercise)
        kept = learner_file.put_aside(exercise) if changed else None
        learner_file.create(exercise)
        self._session.machine.solved.forget_hints(exercise)
        name = kept.name if kept else None
        self._session.tell("reset", exercise=exercise.label, kept=name)
        self._session.tell_file(exercise)
        self._session.tell("state", **self._session.state())

    async def _run(self, what: str) -> None:
        label, _, number = what.partition("/")
        lesson = self._session.lesson(label)
        if number:
            exercise = self._session.exercise(what)
            learner_file.create(exercise)
            folder = ("exercises", exercise.folder.name)
            name = await self._session.run(lesson, folder, exercise.my_sample.name)
        else:
            name = await self._session.run(lesson, (), lesson.program)
        self._session.tell("running", name=name)

    async def _check(self, label: str) -> None:
        session = self._session
        exercise = session.exercise(label)
        learner_file.create(exercise)

        def progress(text: Text) -> None:
            session.tell("checking", exercise=label, text=text)

        async with session.checking, session.machine.turn():
            program = learner_file.read(exercise)
            machine = await session.ready(exercise.lesson_to_run)
            seconds = usual_limits(emulated=machine.emulated).ready_seconds
            running = Text(
                ja=f"動かして確かめる（見出しが出るまで最大 {seconds:.0f} 秒）",
                en=f"running and checking it (at most {seconds:.0f} s to its header)",
            )
            progress(Text(ja="確かめる順番を待つ", en="waiting for its turn"))
            found = await check_apart(
                exercise, program, Observer.on(machine), lambda: progress(running)
            )
        if found is None:
            session.machine.solved.note(exercise, program)
        result = feedback.as_data(found, session.retry)
        session.tell("verdict", exercise=label, **result)
        session.tell("state", **session.state())
