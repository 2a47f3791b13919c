"""The instructor's board as data and as pages, its CSV, and a class's addresses."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem, Text
from bcclessons.live.__main__ import to_open
from bcclessons.live.classroom import __main__ as server
from bcclessons.live.classroom import classroom as stored
from bcclessons.live.classroom import fleet, learner_routes, templates
from bcclessons.live.classroom.address import Address, check_certificate
from bcclessons.live.classroom.board import as_csv, board
from bcclessons.live.classroom.classroom import Classroom
from bcclessons.live.classroom.door import ClassDoor
from bcclessons.live.classroom.instructor_routes import visible
from bcclessons.live.classroom.learners import Learner
from bcclessons.live.door import secret
from bcclessons.live.pages import Pages
from bcclessons.machines.workspace import Workspace
from tests.conftest import CHECKOUT

WRONG = Text(ja="TIME が「7」である．", en="TIME is '7'.")
ALSO_WRONG = Text(ja="TIME が「12」である．", en="TIME is '12'.")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Classroom]:
    """Return a class without VMs."""
    made = Classroom(
        tmp_path / "class", Workspace(CHECKOUT, tmp_path, Console(Language.EN))
    )
    yield made
    asyncio.run(made.close())


def join(room: Classroom, *names: str) -> list[Learner]:
    async def enter() -> list[Learner]:
        return [await room.learners.enter(name, "1234") for name in names]

    return asyncio.run(enter())


def test_who_needs_help_comes_first(room: Classroom) -> None:
    ada, bob, eve = join(room, "Ada", "Bob", "Eve")
    for _ in range(3):
        room.progress.checked(bob, "02/1", WRONG)
    room.progress.checked(ada, "02/1", None)

    async def raised() -> list[str]:
        room.session(eve).has_raised_hand = True
        return [row.learner.name for row in board(room).rows]

    assert asyncio.run(raised()) == ["Eve", "Bob", "Ada"]


def test_where_nobody_has_joined_it_says_so(room: Classroom) -> None:
    values = {"board": board(room), "address": "http://192.0.2.1/", "qr": ""}
    assert "Nobody has joined yet." in templates.render(
        "board.html", Language.EN, values
    )
    join(room, "Ada")
    values["board"] = board(room)
    assert "Nobody has" not in templates.render("board.html", Language.EN, values)


@pytest.mark.parametrize("language", list(Language))
def test_it_says_that_memory_is_short(
    room: Classroom, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    monkeypatch.setattr(fleet, "_available_bytes", lambda: 1 << 30)
    (ada,) = join(room, "Ada")
    asyncio.run(_sit(room, ada))
    values = {"board": board(room), "address": "http://192.0.2.1/", "qr": ""}
    said = re.compile("メモリが足りない（残り 0.5 GB）|short of memory .0.5 GB left")
    assert not said.search(templates.render("board.html", language, values))
    monkeypatch.setattr(fleet, "_available_bytes", lambda: 500_000_000)
    room.fleet.seats[ada.id].ended_for_memory = True
    values["board"] = board(room)
    page = templates.render("board.html", language, values)
    assert said.search(page)
    assert {"ja": "終了（メモリ不足）", "en": "ended (memory)"}[language] in page


def test_it_says_what_is_hard(room: Classroom) -> None:
    ada, bob, eve = join(room, "Ada", "Bob", "Eve")
    for learner in (ada, bob):
        for _ in range(3):
            room.progress.checked(learner, "02/1", WRONG)
    room.progress.checked(bob, "02/1", ALSO_WRONG)
    room.progress.checked(eve, "02/1", None)
    room.progress.checked(eve, "02/2", WRONG)
    found = board(room)
    (hardest,) = found.hardest
    assert (hardest.exercise, hardest.started) == ("02/1", 3)
    assert (hardest.stuck, hardest.solved) == (2, 1)
    first, second = found.mistakes
    assert (first.exercise, first.text.en) == ("02/1", "TIME is ….")
    assert first.names == ["Ada", "Bob"]
    assert second.names == ["Eve"]
    rows = {row.learner.name: row for row in found.rows}
    assert (rows["Eve"].solved, rows["Eve"].exercise) == (1, "02/2")
    assert rows["Bob"].current is not None
    assert rows["Bob"].current.message == ALSO_WRONG


@pytest.mark.parametrize("language", list(Language))
def test_names_are_text_in_its_pages(room: Classroom, language: Language) -> None:
    (learner,) = join(room, "<b>Ada</b> & co")
    room.progress.checked(learner, "02/1", Text(ja="<i>だめ</i>", en="<i>no</i>"))
    values = {"board": board(room), "address": "http://192.0.2.1/", "qr": ""}
    page = templates.render("board.html", language, values)
    assert "&lt;b&gt;Ada&lt;/b&gt; &amp; co" in page
    assert "<b>Ada" not in page
    assert "<i>" not in page


def test_the_projector_shows_no_names(room: Classroom) -> None:
    ada, bob = join(room, "Adalovelace", "Bobby")
    room.progress.checked(ada, "02/1", None)
    room.progress.checked(bob, "02/1", WRONG)
    values = {"board": board(room), "address": "http://192.0.2.1/", "qr": ""}
    page = templates.render("projector.html", Language.EN, values)
    assert "02/1" in page
    assert "1/2" in page
    assert "Ada" not in page
    assert "Bob" not in page


def test_csv_has_a_line_for_each_exercise(room: Classroom) -> None:
    ada, bad = join(room, "Ada", "=cmd|' /C calc'!A0")
    room.progress.checked(ada, "02/1", None)
    room.progress.checked(bad, "02/1", Text(ja="違う，行", en="wrong, in line\n7"))
    text = as_csv(room.learners, room.progress, Language.EN)
    head, first, second = csv.reader(io.StringIO(text))
    assert head[:4] == ["name", "exercise", "state", "checks"]
    assert first[0] == "'=cmd|' /C calc'!A0"
    assert first[5] == "wrong, in line\n7"
    assert '"Ada"' in text  # or a semicolon in a name would begin another cell
    assert second[:4] == ["Ada", "02/1", "solved", "1"]


@pytest.mark.parametrize("name", ["=1", "＝1", "＠SUM(A1)", "+1", "-1", "－1"])
def test_no_name_is_a_formula(room: Classroom, name: str) -> None:
    (learner,) = join(room, name)
    room.progress.checked(learner, "02/1", None)
    assert f'"\'{name}"' in as_csv(room.learners, room.progress, Language.EN)


def test_data_on_disk_is_exported_and_deleted(room: Classroom, tmp_path: Path) -> None:
    ada, bob = join(room, "Ada", "Bob")
    folder = tmp_path / "class"
    for learner in (ada, bob):
        asyncio.run(_sit(room, learner))
        room.progress.checked(learner, "02/1", WRONG)
    assert (folder / f"learners/{ada.id}/checkout/lessons").is_dir()
    assert stored.exported(folder, Language.JA).count("\n") == 3
    assert stored.deleted(folder, " ada ") == [ada]
    assert not (folder / f"learners/{ada.id}").exists()
    assert (folder / f"learners/{bob.id}").exists()
    with pytest.raises(Problem, match="no learner 'Ada'; there is Bob"):
        stored.deleted(folder, "Ada")
    assert stored.deleted(folder, "all") == [bob]
    assert list((folder / "learners").iterdir()) == []


async def _sit(room: Classroom, learner: Learner) -> None:
    room.session(learner)


def test_where_there_is_no_class_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no class yet"):
        stored.exported(tmp_path / "class", Language.JA)
    with pytest.raises(Problem, match="no class yet"):
        stored.deleted(tmp_path / "class", "all")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file/class"
    with (
        pytest.raises(Problem, match=r"cannot use .*file/class"),
        stored.in_use(folder),
    ):
        pass
    with pytest.raises(Problem, match=r"cannot keep .*live-secret"):
        secret(folder)


def test_a_class_runs_once(tmp_path: Path) -> None:
    with (
        stored.in_use(tmp_path),
        pytest.raises(Problem, match="the class is running"),
        stored.in_use(tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        (b"a\r\nb", "a\nb"),
        (b"\x1b[31mred\x1b[0m \x1b]0;title\x07x", "red x"),
        (b"10%\r20%", "20%"),
        (b"longer\rshort", "shortr"),
        (b"lz\bs", "ls"),
        (b"lz\b \b", "l "),
        ("日本".encode()[:-1], "日\ufffd"),
        (b"<script>", "<script>"),
        (b"x\n" * 100, "\n".join("x" * 39) + "\n"),
    ],
)
def test_a_screen_is_shown_as_text(output: bytes, seen: str) -> None:
    assert visible(output) == seen


@pytest.mark.parametrize("moving", [b"a\b", b"b\r"])
def test_a_long_line_takes_no_time_to_show(moving: bytes) -> None:
    """Everybody's pages wait meanwhile."""
    begin = time.monotonic()
    visible(b"a" * 100_000 + moving * 100_000 + b"\b" * 50_000)
    assert time.monotonic() - begin < 0.5


def test_an_address_is_of_this_machine() -> None:
    address = Address.of("127.0.0.1", 8000, tls=False)
    assert address.is_loopback
    assert address.origin == "http://127.0.0.1:8000"
    assert Address.of("::1", 1, tls=True).origin == "https://[::1]:1"
    assert Address.of("localhost", 8000, tls=True).origin == "https://localhost:8000"


@pytest.mark.parametrize("name", ["0.0.0.0", "::"])  # noqa: S104
def test_every_address_is_none_to_open(name: str) -> None:
    with pytest.raises(Problem, match="means every address"):
        Address.of(name, 8000, tls=False)


@pytest.mark.parametrize(
    "name", ["no.such.name.invalid", "a b", "x" * 300, "192.0.2.200"]
)
def test_an_address_that_is_none_is_said(name: str) -> None:
    with pytest.raises(Problem, match="is no address of this machine"):
        Address.of(name, 8000, tls=False)


def test_a_certificate_comes_with_its_key(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    check_certificate(None, None)
    with pytest.raises(Problem, match="both"):
        check_certificate(cert, None)
    with pytest.raises(Problem, match="No such file"):
        check_certificate(cert, cert)
    cert.write_text("no certificate")
    with pytest.raises(Problem, match="cannot be used"):
        check_certificate(cert, cert)


def test_no_key_is_asked_a_pass_phrase_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-passout", "pass:abcd",
         "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
        check=True, capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    with pytest.raises(Problem, match="the key not encrypted"):
        check_certificate(cert, key)
    assert "pass phrase" not in capfd.readouterr().err


@pytest.mark.parametrize("language", Language)
def test_a_printed_address_has_spaces_around_it(
    language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    own = "http://127.0.0.1:8000/?token=T"
    assert re.findall(r"http\S*", to_open(own).to(language)) == [own]
    address = Address("192.0.2.1", "192.0.2.1", 8000, tls=False)
    server.announce(Console(language), address, "T")
    assert re.findall(r"http\S*", capsys.readouterr().err) == [
        "http://192.0.2.1:8000/class/instructor?token=T",
        "http://192.0.2.1:8000/",
    ]


def ask(
    room: Classroom,
    folder: Path,
    method: str,
    path: str,
    *,
    cookie: str = "",
    form: bytes | None = b"name=Ada&pin=1234",
) -> tuple[int, dict[str, str], str]:
    """Return what a class's server answers: status, headers, body."""
    address = Address("127.0.0.1", "127.0.0.1", 8000, tls=False)
    pages = Pages(CHECKOUT, folder, folder)
    (folder / "en").mkdir(exist_ok=True)
    (folder / "en/index.html").touch()
    pages._files = StaticFiles(directory=folder, html=True)
    door = ClassDoor(room, 8000, tls=False)
    sent: list[Message] = []
    headers = {"host": "127.0.0.1:8000", "origin": address.origin, "cookie": cookie}
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        "scheme": "http", "server": ("127.0.0.1", 8000), "root_path": "",
    }  # fmt: skip

    async def receive() -> Message:
        if form is None:  # it is never sent
            await asyncio.sleep(5)
        return {"type": "http.request", "body": form}

    async def send(message: Message) -> None:
        sent.append(message)

    app = server._application(room, pages, door, address)
    asyncio.run(app(scope, receive, send))
    answered = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], answered, body.decode()


def test_a_full_disk_is_said(room: Classroom, tmp_path: Path) -> None:
    (ada,) = join(room, "Ada")
    cookie = f"bcc-lessons-8000={room.learners.cookie(ada)}"
    room._database._connection.execute("PRAGMA max_page_count = 1")
    for number in range(1000):  # until no page is left
        try:
            room.progress.started(ada, f"{number}")
        except Problem:
            break
    status, _, body = ask(room, tmp_path, "POST", "/class/join")
    assert status in (303, 403, 503)
    while status == 303:  # a last page has room for some more
        status, _, body = ask(room, tmp_path, "POST", "/class/join")
    assert "database or disk is full" in body
    assert ask(room, tmp_path, "GET", "/class/me", cookie=cookie)[0] == 200


def test_a_form_that_does_not_come_is_not_waited_for(
    room: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner_routes, "_FORM_SECONDS", 0.01)
    assert ask(room, tmp_path, "POST", "/class/join", form=None)[0] == 408


def test_a_number_of_no_learner_is_none(room: Classroom, tmp_path: Path) -> None:
    door = ClassDoor(room, 8000, tls=False)
    response = Response()
    door.let_instructor_in(response)
    cookie = response.headers["set-cookie"].partition(";")[0]
    for number in ("9" * 5000, "1", "x"):
        path = f"/class/look/{number}"
        assert ask(room, tmp_path, "GET", path, cookie=cookie)[0] == 404


def test_no_redirect_to_a_folder_leaves_the_server(
    room: Classroom, tmp_path: Path
) -> None:
    """//en would be the host "en"."""
    (ada,) = join(room, "Ada")
    cookie = f"bcc-lessons-8000={room.learners.cookie(ada)}"
    for path in ("/en", "//en", "///en"):
        status, headers, _ = ask(room, tmp_path, "GET", path, cookie=cookie)
        assert (status, headers["location"]) == (307, "/en/")
