"""A class's database: names, PINs, cookies, progress, and that they can be deleted."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bcclessons.console.text import Problem, Text
from bcclessons.live.classroom import progress
from bcclessons.live.classroom.database import Database
from bcclessons.live.classroom.learners import Learner, Learners, name_of, pin_of
from bcclessons.live.classroom.progress import ClassProgress, Reached


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "class" / "class.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path)
    yield opened
    opened.close()


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def enter(learners: Learners, name: str, pin: str = "1234") -> Learner:
    return asyncio.run(learners.enter(name, pin))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("山田　太郎", "山田 太郎"),
        ("e\u0301va", "\u00e9va"),
        ("x" * 40, "x" * 40),
        ("👩‍💻".replace("\u200d", ""), "👩💻"),
    ],
)
def test_a_name_is_trimmed(typed: str, name: str) -> None:
    assert name_of(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "x" * 41, "a\x00b", "a\u202eb", "\u200b", "\u3164", "\u2800", "\u0301"],
)
def test_a_name_that_cannot_be_shown_is_refused(typed: str) -> None:
    with pytest.raises(Problem, match="name"):
        name_of(typed)


@pytest.mark.parametrize("typed", ["1234", " 12345678 ", "１２３４"])
def test_a_pin_is_of_digits(typed: str) -> None:
    assert pin_of(typed).isascii()


@pytest.mark.parametrize("typed", ["", "123", "123456789", "12a4", "-123"])
def test_another_pin_is_refused(typed: str) -> None:
    with pytest.raises(Problem, match="digits"):
        pin_of(typed)


@pytest.mark.parametrize("again", ["Ada", " ada ", "ＡＤＡ"])
def test_one_comes_back_by_name_and_pin(database: Database, again: str) -> None:
    first = enter(Learners(database), "Ada")
    assert enter(Learners(database), again) == first


def test_another_pin_is_not_let_in(database: Database) -> None:
    learners = Learners(database)
    enter(learners, "Ada")
    with pytest.raises(Problem, match="not the PIN of 'Ada'"):
        enter(learners, "ada", "9999")


def test_wrong_pins_are_slowed_down(database: Database) -> None:
    clock = Clock()
    learners = Learners(database, clock)
    enter(learners, "Ada")
    enter(learners, "Bob")
    for pin in range(5000, 5005):
        with pytest.raises(Problem, match="not the PIN"):
            enter(learners, "Ada", str(pin))
    with pytest.raises(Problem, match="try again in 30 s"):
        enter(learners, "Ada", "1234")
    enter(learners, "Bob")  # nobody else is held up
    clock.now = 30
    with pytest.raises(Problem, match="not the PIN"):
        enter(learners, "Ada", "5005")
    with pytest.raises(Problem, match="try again in 60 s"):
        enter(learners, "Ada", "1234")
    clock.now = 90
    enter(learners, "Ada", "1234")


def test_an_hour_is_for_few_wrong_pins(database: Database) -> None:
    clock = Clock()
    learners = Learners(database, clock)
    enter(learners, "Ada")
    tried = 0
    for second in range(0, 3600, 10):
        clock.now = second
        for pin in range(5000, 5010):
            with pytest.raises(Problem) as refused:
                enter(learners, "Ada", str(pin))
            if "not the PIN" not in refused.value.text.en:
                break
            tried += 1
    assert tried < 18


def test_one_address_cannot_fill_the_class(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bcclessons.live.classroom.learners.MOST_NEW_OF_ONE_ADDRESS", 2)
    learners = Learners(database)

    async def come() -> None:
        for name in ("Ada", "Bob"):
            await learners.enter(name, "1234", "192.0.2.1")
        with pytest.raises(Problem, match="from this address"):
            await learners.enter("Eve", "1234", "192.0.2.1")
        await learners.enter("Ada", "1234", "192.0.2.1")
        await learners.enter("Eve", "1234", "192.0.2.2")
        for number in range(4):
            await learners.enter(f"of this machine {number}", "1234")

    asyncio.run(come())


def test_the_right_pin_makes_good_for_wrong_ones(database: Database) -> None:
    learners = Learners(database)
    for _ in range(2):
        enter(learners, "Ada")
        for _ in range(4):
            with pytest.raises(Problem, match="not the PIN"):
                enter(learners, "Ada", "9999")


def test_two_who_enter_at_once_with_one_name_are_one_or_refused(
    database: Database,
) -> None:
    async def both() -> list[Learner | BaseException]:
        learners = Learners(database)
        return await asyncio.gather(
            *(learners.enter("Ada", pin) for pin in ("1234", "5678")),
            return_exceptions=True,
        )

    first, second = asyncio.run(both())
    assert isinstance(first, Learner)
    assert isinstance(second, Problem)


def test_the_instructor_lets_one_choose_a_new_pin(database: Database) -> None:
    learners = Learners(database)
    ada = enter(learners, "Ada")
    cookie = learners.cookie(ada)
    for _ in range(5):  # by somebody else
        with pytest.raises(Problem, match="not the PIN"):
            enter(learners, "Ada", "9999")
    learners.forget_pin(ada)
    assert learners.of_cookie(cookie) is None
    assert enter(learners, "Ada", "4321") == ada
    with pytest.raises(Problem, match="not the PIN"):
        enter(learners, "Ada", "1234")


def test_a_cookie_brings_one_back_after_a_restart(path: Path) -> None:
    database = Database(path)
    ada = enter(Learners(database), "Ada")
    secret = Learners(database).cookie(ada)
    database.close()
    again = Learners(Database(path))
    assert again.of_cookie(secret) == ada
    assert again.of_cookie("x") is None
    again.forget_cookie(secret)
    assert again.of_cookie(secret) is None


def test_neither_pin_nor_cookie_is_in_the_files(database: Database, path: Path) -> None:
    learners = Learners(database)
    secret = learners.cookie(enter(learners, "Ada", "87654321"))
    kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Ada" in kept
    assert b"87654321" not in kept
    assert secret.encode() not in kept


def test_what_is_deleted_is_in_no_file(database: Database, path: Path) -> None:
    learners, reached = Learners(database), ClassProgress(database)
    ada, bob = enter(learners, "Adalovelace"), enter(learners, "Bobby")
    secret = learners.cookie(ada)
    reached.checked(ada, "02/1", Text(ja="だめ", en="nonsense"))
    learners.delete([ada])
    kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Bobby" in kept
    assert b"delovelace" not in kept.lower()
    assert b"Adalovelace" not in kept
    assert b"nonsense" not in kept
    assert reached.all() == []
    assert learners.of_cookie(secret) is None
    assert learners.all() == [bob]
    # The number of his folder is nobody else's.
    assert enter(learners, "Carol").id > bob.id > ada.id


def test_the_file_is_for_its_owner_alone(database: Database, path: Path) -> None:
    enter(Learners(database), "Ada")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_database_that_is_none_is_said(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("no database at all")
    with pytest.raises(Problem, match="XDG_STATE_HOME"):
        Database(path)


def test_a_full_disk_is_said_and_changes_nothing(
    database: Database, path: Path
) -> None:
    learners = Learners(database)
    ada = enter(learners, "Ada")
    pages = database.rows("PRAGMA page_count")[0][0]
    database.rows(f"PRAGMA max_page_count = {pages}")
    message = Text(ja="長い" * 9999, en="long" * 9999)
    with pytest.raises(Problem, match="full"):
        ClassProgress(database).checked(ada, "02/1", message)
    assert ClassProgress(database).all() == []


def test_progress_is_one_row_for_an_exercise(database: Database) -> None:
    clock = Clock()
    learners, reached = Learners(database), ClassProgress(database, clock)
    ada = enter(learners, "Ada")
    wrong = Text(ja="違う．", en="Wrong.")
    reached.started(ada, "02/1")
    clock.now = 10
    reached.checked(ada, "02/1", wrong)
    (row,) = reached.all()
    assert row == (ada.id, "02/1", Reached.FAILED, 1, wrong, 0, 10)
    clock.now = 20
    reached.checked(ada, "02/1", None)
    reached.started(ada, "02/2")
    assert [row.exercise for row in reached.all()] == ["02/1", "02/2"]
    solved = next(row for row in reached.all() if row.exercise == "02/1")
    assert solved == (ada.id, "02/1", Reached.SOLVED, 2, None, 0, 20)
    # What was solved once stays so, with what is wrong now.
    reached.checked(ada, "02/1", wrong)
    solved = next(row for row in reached.all() if row.exercise == "02/1")
    assert (solved.reached, solved.checks, solved.message) == ("solved", 3, wrong)


def test_messages_about_the_same_mistake_are_of_one_category() -> None:
    one = Text(ja="TIME は「12」である．直す．", en="TIME is '12' in line 3. Fix it.")
    two = Text(ja="TIME は「7」である．直す．", en="TIME is '7' in line 12. Fix that.")
    assert progress.category(one) == progress.category(two)
    assert progress.category(one).en == "TIME is … in line …."


def test_a_category_says_what_is_wrong_in_both_languages() -> None:
    wrong = Text(
        ja="C の部分がコンパイルできない: ; が無い．直す．",
        en="The C part does not compile: a ; is missing. Add it.",
    )
    assert progress.category(wrong) == Text(
        ja="C の部分がコンパイルできない: ; が無い．",
        en="The C part does not compile: a ; is missing.",
    )
