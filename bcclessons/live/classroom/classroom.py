"""A class: its folder on disk, its learners, their sessions and VMs."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import exercise, lesson
from bcclessons.live.classroom.board import as_csv
from bcclessons.live.classroom.database import Database
from bcclessons.live.classroom.fleet import Fleet, delete
from bcclessons.live.classroom.learners import Learner, Learners
from bcclessons.live.classroom.machine import LearnersMachine
from bcclessons.live.classroom.progress import ClassProgress
from bcclessons.live.classroom.session import LearnerSession
from bcclessons.live.progress import PageConsole
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.files import unwritable

_FILE = "class.db"
_FOLDERS = "learners"
RUNNING = Text(
    ja="クラスは動いている．その ./lab class を Ctrl-C で止めてから，もう一度実行する．",
    en="the class is running; end that ./lab class with Ctrl-C, and run this again.",
)


class Classroom:
    """A class that runs. Its methods belong to the event loop."""

    def __init__(self, folder: Path, workspace: Workspace) -> None:
        """Open the class in a folder; ``workspace`` is the host's, to make VMs from."""
        self._database = Database(folder / _FILE)
        self.learners = Learners(self._database)
        self.progress = ClassProgress(self._database)
        self._folder = folder / _FOLDERS
        self.fleet = Fleet(self._folder, workspace)
        self.sessions: dict[int, LearnerSession] = {}
        self.lessons = lesson.load_all(workspace.checkout)
        self.exercises = exercise.load_all(self.lessons)
        self.token = self._setting("token", secrets.token_urlsafe(24))
        self._checkout = workspace.checkout
        self._delete_left()

    def _setting(self, name: str, new: str) -> str:
        """Return what is kept under a name; the new value is kept if nothing is."""
        self._database.execute(
            "INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)", name, new
        )
        rows = self._database.rows("SELECT value FROM settings WHERE name = ?", name)
        return str(rows[0][0])

    def new_token(self) -> None:
        """Have another token: who came in by the one before is let in no more."""
        self.token = secrets.token_urlsafe(24)
        self._database.execute(
            "UPDATE settings SET value = ? WHERE name = 'token'", self.token
        )

    def session(self, learner: Learner) -> LearnerSession:
        """Return a learner's session, made if it is his first since the start."""
        if learner.id not in self.sessions:
            loop = asyncio.get_running_loop()

            def say(line: str) -> None:
                loop.call_soon_threadsafe(session.say, line)

            console = PageConsole(Language.JA, say)
            session = LearnerSession(learner, console, self.progress)
            seat = self.fleet.seat(learner.id, console, lambda: len(session.pages))
            seat.refresh()
            session.machine = LearnersMachine(
                learner.id, seat, self.fleet.queue, self._checkout, self.exercises
            )
            self.sessions[learner.id] = session
        return self.sessions[learner.id]

    def recheck_logins(self, learner: Learner) -> None:
        """End the connections of a learner's pages that are no longer logged in."""
        session = self.sessions.get(learner.id)
        if session is not None:
            session.recheck_logins()

    async def remove(self, learner: Learner) -> None:
        """Delete a learner: name, PIN, progress, connections, VM and files.

        Raise Problem if files cannot be deleted.
        """
        self.learners.delete([learner])
        self.fleet.seats.pop(learner.id, None)
        session = self.sessions.pop(learner.id, None)
        if session is not None:
            session.recheck_logins()
            await session.close()
        await asyncio.to_thread(delete, self._folder, learner.id)

    def _delete_left(self) -> None:
        """Delete what a removal that was cut short has left."""
        known = {str(each.id) for each in self.learners.all()}
        for folder in self._folder.glob("[0-9]*"):
            if folder.name.isdecimal() and folder.name not in known:
                delete(self._folder, int(folder.name))

    async def close(self) -> None:
        """End every session and VM; files and progress are on disk."""
        sessions = list(self.sessions.values())
        await asyncio.gather(*(each.close() for each in sessions))
        self._database.close()


@contextmanager
def in_use(folder: Path, running: Text = RUNNING) -> Iterator[None]:
    """Have the class's folder for this process alone.

    Raise Problem, which says ``running``, if it is another's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = (folder / "lock").open("w")
    except OSError as error:
        raise unwritable(error) or Problem(
            ja=f"{folder} を使えない（{error.strerror}）．",
            en=f"cannot use {folder} ({error.strerror}).",
        ) from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Problem(ja=running.ja, en=running.en) from error
        yield


def check_attributes(folder: Path) -> None:
    """Raise Problem if files in a folder cannot have what a confined VM notes on them."""
    probe = folder / "lock"
    try:
        os.setxattr(probe, "user.virtfs.probe", b"1")
        os.removexattr(probe, "user.virtfs.probe")
    except OSError as error:
        raise Problem(
            ja=f"{folder} のファイルシステムには拡張属性を書けない（{error.strerror}）．別の"
            "場所を使う: XDG_STATE_HOME=/別の場所 ./lab class",
            en=f"the file system of {folder} has no extended attributes "
            f"({error.strerror}); use another place: "
            "XDG_STATE_HOME=/another/place ./lab class",
        ) from error


def exported(folder: Path, language: Language) -> str:
    """Return the progress of the class in a folder as CSV. Raise Problem if it is none."""
    check_exists(folder)
    database = Database(folder / _FILE)
    try:
        return as_csv(Learners(database), ClassProgress(database), language)
    finally:
        database.close()


def check_exists(folder: Path) -> None:
    """Raise Problem if there is no class in a folder."""
    if not (folder / _FILE).exists():
        raise Problem(
            ja="まだクラスが無い．始める: ./lab class",
            en="there is no class yet; to start one: ./lab class",
        )


def deleted(folder: Path, name: str) -> list[Learner]:
    """Delete one learner, or "all" of them, with their files; return whom.

    Raise Problem if there is none of that name.
    """
    check_exists(folder)
    database = Database(folder / _FILE)
    try:
        learners = Learners(database)
        found = learners.all() if name == "all" else [learners.named(name)]
        gone = [each for each in found if each is not None]
        if not gone:
            names = ", ".join(each.name for each in learners.all()) or "-"
            raise Problem(
                ja=f"受講者「{name}」はいない．いるのは {names}．",
                en=f"there is no learner '{name}'; there is {names}.",
            )
        for learner in gone:
            delete(folder / _FOLDERS, learner.id)
        learners.delete(gone)
    finally:
        database.close()
    return gone
