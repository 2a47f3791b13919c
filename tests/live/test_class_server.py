"""./lab class: who comes in, what strangers and learners may not, what outlives it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from websockets.exceptions import InvalidStatus

from tests.live.conftest import Answer, Live, close_code, said, started

FOREIGN = ("http://example.org", "null", "")
SOCKETS = ("/live/control", "/live/terminal/02.shell?columns=80&rows=24")
INSTRUCTORS = (
    "/class/board",
    "/class/board/content",
    "/class/projector",
    "/class/projector/content",
    "/class/look/{number}",
    "/class/look/{number}/content",
    "/class/remove/{number}",
    "/class/link",
    "/class/class.csv",
)


@dataclass
class Class(Live):
    """A running class; ``token`` is the instructor's. Its state is in a folder."""

    who: str = ""

    def cookie(self) -> str:
        """Return the cookie of who opens WebSockets now."""
        return self.who

    def post(
        self, path: str, fields: dict[str, str], origin: str | None = None, **more: str
    ) -> Answer:
        """Send a form as a page of the server does, or as one of another origin."""
        own = f"http://{self.host}" if origin is None else origin
        headers = {"Origin": own, **more} if own else more
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.request("POST", path, urlencode(fields), headers)
        answer = connection.getresponse()
        found = Answer(answer.status, answer.headers, answer.read().decode())
        connection.close()
        return found

    def join(self, name: str, pin: str = "1234") -> str:
        """Join, and return the cookie."""
        answer = self.post("/class/join", {"name": name, "pin": pin, "next": "/"})
        assert answer.status == 303, answer.body
        return set_cookie(answer)

    def instructor(self) -> str:
        """Return the instructor's cookie."""
        return set_cookie(self.get(f"/class/instructor?token={self.token}"))

    def number(self, name: str) -> str:
        """Return the number of a learner, from the board."""
        board = self.get("/class/board", {"Cookie": self.instructor()}).body
        found = re.search(rf">{name}[\s\S]*?/class/pin/(\d+)", board)
        assert found
        return found[1]


def set_cookie(answer: Answer) -> str:
    return str(answer.headers["set-cookie"]).partition(";")[0]


@contextmanager
def teaching(checkout: Path, folder: Path, *options: str) -> Iterator[Class]:
    """Run ./lab class with its state in a folder, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["./lab", "--lang", "en", "class", "--port", str(port), *options]
    process = started(command, checkout, {"XDG_STATE_HOME": str(folder / "state")})
    try:
        token = said(
            process,
            r"https?://([^/]+)/class/instructor\?token=(\S+)[\s\S]*Learners open",
        )
        yield Class(checkout, folder / "state", folder, process, token[1], token[2])
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def room(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    with teaching(checkout, tmp_path_factory.mktemp("class")) as running:
        yield running


def test_a_stranger_is_asked_to_join(room: Class) -> None:
    answer = room.get("/lessons/02_perf_output/")
    assert answer.status == 303
    assert answer.headers["location"] == "/class/join?next=/lessons/02_perf_output/"
    assert room.get("/live/session").status == 403
    room.who = ""
    for path in SOCKETS:
        with pytest.raises(InvalidStatus):
            room.connect(path)


@pytest.mark.parametrize(
    ("language", "said"), [("ja", "名前と PIN を自分で決める"), ("en", "choose a name")]
)
def test_the_page_to_join_is_in_the_readers_language(
    room: Class, language: str, said: str
) -> None:
    for path, headers in (
        (f"/class/join?lang={language}", {}),
        ("/class/join", {"Accept-Language": f"{language};q=0.9"}),
    ):
        answer = room.get(path, headers)
        assert said in answer.body
        assert f'<html lang="{language}">' in answer.body
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_learner_comes_in_and_is_told_what_is_wrong(room: Class) -> None:
    answer = room.post("/class/join?lang=en", {"name": "Ada", "pin": "12"})
    assert answer.status == 403
    assert "Type a PIN of 4 to 8 digits." in answer.body
    assert 'value="Ada"' in answer.body
    answer = room.post("/class/join", {"name": "Ada", "pin": "1234", "next": "/a/"})
    assert (answer.status, answer.headers["location"]) == (303, "/a/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    room.who = set_cookie(answer)
    assert room.get("/", {"Cookie": room.who}).status == 200
    with room.control() as control:
        assert control.expect("state")["learner"] == "Ada"


@pytest.mark.parametrize(("language", "home"), [("ja", "/"), ("en", "/en/")])
def test_who_joins_in_english_comes_to_the_english_home_page(
    room: Class, language: str, home: str
) -> None:
    form = {"name": "Eve", "pin": "1234", "next": "/"}
    answer = room.post(f"/class/join?lang={language}", form)
    assert answer.headers["location"] == home


@pytest.mark.parametrize(
    "wanted", ["//example.org", "https://example.org", "/\\example.org", "/\r\nX: y"]
)
def test_joining_leads_to_no_other_host(room: Class, wanted: str) -> None:
    answer = room.post("/class/join", {"name": "Eve", "pin": "1234", "next": wanted})
    assert answer.status == 303
    where = answer.headers["location"]
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "x" not in [name.lower() for name in answer.headers]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", ["join", "leave", "hand", "pin/1", "remove/1", "link"])
def test_a_foreign_page_changes_nothing(room: Class, path: str, origin: str) -> None:
    cookie = f"{room.join('Target')}; {room.instructor()}"
    fields = {"name": "New", "pin": "1234", "raised": "1"}
    answer = room.post(f"/class/{path}", fields, origin, Cookie=cookie)
    assert answer.status == 403
    assert '"hand":false' in room.get("/class/me", {"Cookie": cookie}).body


def test_a_form_that_is_too_large_is_refused(room: Class) -> None:
    answer = room.post("/class/join", {"name": "x" * 100_000, "pin": "1234"})
    assert answer.status == 413


def test_the_board_is_the_instructors(room: Class) -> None:
    learner = room.join("Ada")
    assert room.get("/class/instructor?token=wrong").status == 403
    assert room.get("/class/instructor").status == 403
    number = room.number("Ada")
    for path in (each.format(number=number) for each in INSTRUCTORS):
        for cookie in ("", learner, learner.replace("lessons-", "lessons-instructor-")):
            assert room.get(path, {"Cookie": cookie}).status == 403, path
        assert room.get(path, {"Cookie": room.instructor()}).status == 200, path
    for act in (f"pin/{number}", f"remove/{number}", "link"):
        answer = room.post(f"/class/{act}", {}, Cookie=learner)
        assert answer.status == 403


def test_a_screen_is_seen_while_the_hand_is_up(room: Class) -> None:
    room.who = room.join("Handy")
    instructor = {"Cookie": room.instructor()}
    board = room.get("/class/board/content?lang=en", instructor).body
    assert "hand raised" not in board
    with room.control() as control:
        control.send("open", exercise="02/1")
        control.expect("file")
        room.post("/class/hand", {"raised": "1"}, Cookie=room.who)
        board = room.get("/class/board/content?lang=en", instructor).body
        look = re.search(r'href="(/class/look/\d+)', board)
        assert look
        shown = room.get(f"{look[1]}/content?lang=en", instructor).body
        assert "BPF_PERF_OUTPUT(events);" in shown
        assert room.get(f"{look[1]}/content", {"Cookie": room.who}).status == 403
        room.post("/class/hand", {}, Cookie=room.who)
        shown = room.get(f"{look[1]}/content?lang=en", instructor).body
        assert "BPF_PERF_OUTPUT" not in shown
        assert "The hand is down" in shown


def test_the_instructor_reads_pages_without_joining(room: Class) -> None:
    room.who = room.instructor()
    me = {"Cookie": room.who}
    assert room.get("/lessons/02_perf_output/", me).status == 200
    shown = {"name": "", "hand": False, "place": 0, "instructor": True}
    assert json.loads(room.get("/class/me?lesson=02", me).body) == shown
    assert room.get("/live/session", me).status == 403
    for path in SOCKETS:
        with pytest.raises(InvalidStatus):
            room.connect(path)
    both = {"Cookie": f"{room.who}; {room.join('Teacher')}"}
    shown = {"name": "Teacher", "hand": False, "place": 0, "instructor": True}
    assert json.loads(room.get("/class/me?lesson=02", both).body) == shown


def test_who_leaves_is_a_stranger(room: Class) -> None:
    cookie = room.join("Leaver")
    assert room.get("/", {"Cookie": cookie}).status == 200
    room.post("/class/leave", {}, Cookie=cookie)
    assert room.get("/", {"Cookie": cookie}).status == 303
    room.who = cookie
    with pytest.raises(InvalidStatus):
        room.connect("/live/control")


@pytest.mark.parametrize("by", ["leave", "pin", "remove"])
def test_connections_end_with_the_login(room: Class, by: str) -> None:
    here, elsewhere = room.join(f"Quitter {by}"), room.join(f"Quitter {by}")
    room.who = here
    paths = ("/live/control", "/live/terminal/02.lesson?columns=80&rows=24")
    with ExitStack() as stack:
        sockets = [stack.enter_context(room.connect(path)) for path in paths]
        other = room.join("Stayer")
        for cookie in (elsewhere, other):
            room.who = cookie
            sockets.append(stack.enter_context(room.connect(paths[0])))
        if by == "leave":
            room.post("/class/leave", {}, Cookie=here)
            gone, stay = sockets[:2], sockets[2:]
        else:
            path = f"/class/{by}/{room.number(f'Quitter {by}')}"
            assert room.post(path, {}, Cookie=room.instructor()).status == 303
            gone, stay = sockets[:3], sockets[3:]
        assert [close_code(each) for each in gone] == [1008] * len(gone)
        for each in stay:
            each.send('{"type": "ping"}')
            assert json.loads(each.recv(10)) == {"type": "pong"}


def test_a_new_link_replaces_the_instructors(room: Class) -> None:
    mine, others = room.instructor(), room.instructor()
    old, page = room.token, room.post("/class/link?lang=en", {}, Cookie=mine)
    found = re.search(rf"http://{room.host}/class/instructor\?token=(\S+?)<", page.body)
    assert found
    room.token = found[1]
    assert room.get(f"/class/instructor?token={old}").status == 403
    for cookie, status in (
        (others, 403),
        (mine, 403),
        (set_cookie(page), 200),
        (room.instructor(), 200),
    ):
        assert room.get("/class/board", {"Cookie": cookie}).status == status


def test_another_name_of_the_server_is_refused(room: Class) -> None:
    answer = room.get("/class/join", {"Host": "example.org"})
    assert answer.status == 403


def test_one_is_back_after_the_server_was_killed(
    checkout: Path, tmp_path: Path
) -> None:
    with teaching(checkout, tmp_path) as room:
        ada, first = room.join("Ada"), room.instructor()
        instructor = set_cookie(room.post("/class/link", {}, Cookie=first))
        port = room.host.partition(":")[2]
        room.who = ada
        with room.control() as control:
            control.send("open", exercise="02/1")
            file = control.expect("file")
            base = file["revision"]
            control.send("save", exercise="02/1", text="# mine\n", base=base)
            control.expect("saved")
        room.process.send_signal(signal.SIGKILL)
        room.process.wait()
        wait_until_free(checkout, tmp_path)
    with teaching(checkout, tmp_path, "--port", port) as room:
        room.who = ada
        with room.control() as control:
            control.send("open", exercise="02/1")
            assert control.expect("file")["text"] == "# mine\n"
        assert room.get("/class/board", {"Cookie": first}).status == 403
        board = room.get("/class/board/content", {"Cookie": instructor}).body
        assert "Ada" in board
        assert "02/1" in board


def wait_until_free(checkout: Path, folder: Path) -> None:
    """Wait until the class's folder is nobody's."""
    end = time.monotonic() + 20
    lock = str(folder / "state/bcc-lessons/class/lock")
    command = ["flock", "--nonblock", lock, "true"]
    while subprocess.run(command, cwd=checkout).returncode != 0:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_with_a_certificate_it_is_tls(checkout: Path, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    files = ("--cert", str(cert), "--key", str(key))
    with teaching(checkout, tmp_path, "--listen", "localhost", *files) as room:
        trusting = ssl.create_default_context(cafile=str(cert))
        connection = http.client.HTTPSConnection(room.host, context=trusting)
        form = urlencode({"name": "Ada", "pin": "1234"})
        headers = {"Origin": f"https://{room.host}"}
        connection.request("POST", "/class/join", form, headers)
        answer = connection.getresponse()
        assert answer.status == 303
        assert "secure" in answer.headers["set-cookie"].lower()
        connection.close()
