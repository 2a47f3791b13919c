"""The learners of a class: names, PINs, and the cookies that bring them back."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from bcclessons.console.text import Problem

if TYPE_CHECKING:
    from bcclessons.live.classroom.database import Database

MOST_LEARNERS = 200
# From one address, which may be that of a room behind a router.
MOST_NEW_OF_ONE_ADDRESS = 50
_NAME_CHARACTERS = 40
# So many wrong PINs in a row are free; after each further one, one waits, and twice as
# long each time: the usual PINs are few.
_FREE_TRIES = 5
_PAUSE_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 480.0
# Letters and symbols by category, but blank.
_BLANK = set("\u115f\u1160\u2800\u3164\uffa0")
_UNPRINTABLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


class Learner(NamedTuple):
    """A learner: the number of his folder, and the name that he has given himself."""

    id: int
    name: str


def name_of(typed: str) -> str:
    """Return a name as it is kept: trimmed, with single spaces. Raise Problem if bad."""
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if not 1 <= len(name) <= _NAME_CHARACTERS:
        raise Problem(
            ja=f"名前は 1〜{_NAME_CHARACTERS} 文字で入力する．",
            en=f"type a name of 1 to {_NAME_CHARACTERS} characters.",
        )
    categories = [unicodedata.category(each) for each in name if each not in _BLANK]
    is_seen = any(category[0] in "LNPS" for category in categories)
    if not is_seen or not _UNPRINTABLE.isdisjoint(categories):
        raise Problem(
            ja="名前に使えない文字（制御文字など）が含まれている．",
            en="the name holds a character that cannot be shown.",
        )
    return name


def _folded(name: str) -> str:
    """Return what two names that look the same have in common."""
    return unicodedata.normalize("NFKC", name).casefold()


def pin_of(typed: str) -> str:
    """Return a PIN in ASCII digits. Raise Problem if it is none."""
    pin = unicodedata.normalize("NFKC", typed.strip())
    if not re.fullmatch(r"[0-9]{4,8}", pin):
        raise Problem(
            ja="PIN は 4〜8 桁の数字で入力する．", en="type a PIN of 4 to 8 digits."
        )
    return pin


async def _hashed(pin: str, salt: bytes) -> bytes:
    """Return what is kept of a PIN; it takes some 50 ms, in another thread."""
    return await asyncio.to_thread(
        hashlib.scrypt, pin.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32
    )


class Learners:
    """The learners in a database. ``clock`` gives seconds, for the limit of tries."""

    def __init__(
        self, database: Database, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._entering = asyncio.Lock()
        self._failures: dict[str, tuple[int, float]] = {}
        self._new_of: Counter[str] = Counter()  # by address; in memory alone

    def all(self) -> list[Learner]:
        """Return them in order of name."""
        rows = self._database.rows("SELECT id, name FROM learners ORDER BY folded")
        return [Learner(*row) for row in rows]

    def named(self, typed: str) -> Learner | None:
        """Return the learner of a name, if there is one."""
        folded = _folded(name_of(typed))
        rows = self._database.rows(
            "SELECT id, name FROM learners WHERE folded = ?", folded
        )
        return Learner(*rows[0]) if rows else None

    async def enter(
        self, typed_name: str, typed_pin: str, address: str = ""
    ) -> Learner:
        """Return the learner of a name and PIN; a new name makes a new learner.

        ``address`` is where he comes from, if that shall count: nobody alone can fill
        the class. Raise Problem if the PIN is another's, or was wrong too often.
        """
        name, pin = name_of(typed_name), pin_of(typed_pin)
        folded = _folded(name)
        # One at a time: nobody guesses faster, and nobody makes a name twice.
        async with self._entering:
            rows = self._database.rows(
                "SELECT id, name, salt, pin FROM learners WHERE folded = ?", folded
            )
            if not rows:
                if self._new_of[address] >= MOST_NEW_OF_ONE_ADDRESS:
                    raise Problem(
                        ja="このアドレスから入った人が多すぎる．講師に伝える．",
                        en="too many learners have joined from this address; tell the "
                        "instructor.",
                    )
                learner = await self._new(name, folded, pin)
                self._new_of[address] += bool(address)
                return learner
            number, kept_name, salt, digest = rows[0]
            if not digest:  # the instructor has taken the PIN away: this is the new one
                await self._set_pin(number, pin)
                return Learner(number, kept_name)
            self._check_tries(folded)
            if hmac.compare_digest(await _hashed(pin, salt), digest):
                self._failures.pop(folded, None)
                return Learner(number, kept_name)
            tries = self._failures.get(folded, (0, 0.0))[0] + 1
            self._failures[folded] = tries, self._clock()
            raise Problem(
                ja=f"「{kept_name}」の PIN と違う．正しい PIN を入力するか，ほかの人の"
                "名前なら別の名前にする．",
                en=f"this is not the PIN of '{kept_name}'; type the right one, or "
                "choose another name if it is somebody else's.",
            )

    def _check_tries(self, folded: str) -> None:
        tries, last = self._failures.get(folded, (0, 0.0))
        if tries < _FREE_TRIES:
            return
        pause = _PAUSE_SECONDS * 2.0 ** min(tries - _FREE_TRIES, 9)
        left = last + min(pause, _LONGEST_PAUSE_SECONDS) - self._clock()
        if left > 0:
            raise Problem(
                ja=f"PIN を続けて間違えた．{left:.0f} 秒待って入力し直す．",
                en=f"too many wrong PINs; try again in {left:.0f} s.",
            )

    async def _new(self, name: str, folded: str, pin: str) -> Learner:
        if len(self.all()) >= MOST_LEARNERS:
            raise Problem(
                ja=f"クラスは満員（{MOST_LEARNERS} 人）である．講師に伝える．",
                en=f"the class is full ({MOST_LEARNERS} learners); tell the instructor.",
            )
        salt = secrets.token_bytes(16)
        number = self._database.execute(
            "INSERT INTO learners (name, folded, salt, pin) VALUES (?, ?, ?, ?)",
            *(name, folded, salt, await _hashed(pin, salt)),
        )
        return Learner(number, name)

    async def _set_pin(self, number: int, pin: str) -> None:
        salt = secrets.token_bytes(16)
        self._database.execute(
            "UPDATE learners SET salt = ?, pin = ? WHERE id = ?",
            *(salt, await _hashed(pin, salt), number),
        )

    def forget_pin(self, learner: Learner) -> None:
        """Let the next who enters with this name choose a new PIN.

        Who came in with the one before, perhaps by guessing it, has to enter again.
        """
        with self._database.change():
            for statement in (
                "UPDATE learners SET pin = x'' WHERE id = ?",
                "DELETE FROM logins WHERE learner = ?",
            ):
                self._database.execute(statement, learner.id)
        self._failures.pop(_folded(learner.name), None)

    def cookie(self, learner: Learner) -> str:
        """Return a new secret by which the learner is known from now on."""
        secret = secrets.token_urlsafe(32)
        self._database.execute(
            "INSERT INTO logins (digest, learner) VALUES (?, ?)",
            *(_digest(secret), learner.id),
        )
        return secret

    def of_cookie(self, secret: str) -> Learner | None:
        """Return the learner of a secret, if there is one."""
        rows = self._database.rows(
            "SELECT id, name FROM learners JOIN logins ON learner = id "
            "WHERE digest = ?",
            _digest(secret),
        )
        return Learner(*rows[0]) if rows else None

    def forget_cookie(self, secret: str) -> None:
        """Log out: the secret is of nobody from now on."""
        self._database.execute("DELETE FROM logins WHERE digest = ?", _digest(secret))

    def delete(self, learners: list[Learner]) -> None:
        """Delete all that is known of learners."""
        with self._database.change():
            for learner in learners:
                self._database.execute("DELETE FROM learners WHERE id = ?", learner.id)
        for learner in learners:
            self._failures.pop(_folded(learner.name), None)
        self._database.forget()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
