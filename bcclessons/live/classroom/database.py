"""The class's database: its learners, what they have reached, and who is logged in.

The learner's name is the only thing in it about a person. Deleting a learner deletes
all rows of his.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bcclessons.console.text import Problem

_SCHEMA = """
CREATE TABLE IF NOT EXISTS learners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE,
    salt BLOB NOT NULL,
    pin BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS logins (
    digest BLOB PRIMARY KEY,
    learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS progress (
    learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
    exercise TEXT NOT NULL,
    state TEXT NOT NULL,
    checks INTEGER NOT NULL DEFAULT 0,
    ja TEXT NOT NULL DEFAULT '',
    en TEXT NOT NULL DEFAULT '',
    begun REAL NOT NULL,
    changed REAL NOT NULL,
    PRIMARY KEY (learner, exercise)
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA user_version = 1;
"""


class Database:
    """The open file. Its methods are called in one thread; each change is a whole."""

    def __init__(self, path: Path) -> None:
        """Open it, made if need be. Raise Problem if that fails."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Its own commits, so that what is read does not open a transaction.
            self._connection = sqlite3.connect(path, isolation_level=None)
            path.chmod(0o600)
            self._connection.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                "PRAGMA foreign_keys = ON;"
                f"PRAGMA busy_timeout = 5000; {_SCHEMA}"
            )
        except (OSError, sqlite3.Error) as error:
            raise Problem(
                ja=f"クラスのデータベース {path} を開けない（{error}）．読み書きできる"
                "ようにするか，別の場所を使う: XDG_STATE_HOME=/別の場所 ./lab class",
                en=f"cannot open the class's database {path} ({error}); make it "
                "readable and writable, or use another place: "
                "XDG_STATE_HOME=/another/place ./lab class",
            ) from error

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with _told():
            return self._connection.execute(query, values).fetchall()

    def execute(self, statement: str, *values: object) -> int:
        """Change something; return the id of the row that was inserted last.

        Raise Problem, with nothing changed, if it cannot be written.
        """
        with _told():
            return self._connection.execute(statement, values).lastrowid or 0

    @contextmanager
    def change(self) -> Iterator[None]:
        """Have all changes of the block made, or none."""
        with _told():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        with _told():
            self._connection.execute("COMMIT")

    def forget(self) -> None:
        """Leave nothing of what was deleted in the files."""
        with _told():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@contextmanager
def _told() -> Iterator[None]:
    """Raise Problem for an error of the database, as of a full disk."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise Problem(
            ja=f"クラスのデータベースを読み書きできない（{error}）．講師に伝える．",
            en=f"the class's database cannot be read or written ({error}); tell the "
            "instructor.",
        ) from error
