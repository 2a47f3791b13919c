"""Who may do what: forged names and origins, tokens, paths, floods."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bcclessons.live.session import MOST_PAGES
from tests.live.conftest import Live, close_code, serving
from tests.site.test_lab_site import copied_lab

SOCKETS = ("/live/control", "/live/terminal/02.shell?columns=80&rows=24")
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
FOREIGN = ("http://example.org", "null", "http://127.0.0.1:1", "")


def test_it_listens_on_loopback_alone(live: Live) -> None:
    port = int(live.host.partition(":")[2])
    ours = {entry.partition(":")[0] for entry in listeners(port)}
    assert ours == {"0100007F"}


def listeners(port: int) -> list[str]:
    """Return the local addresses that listen on a port, as /proc/net/tcp has them."""
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return [
        words[1]
        for words in lines
        if words[3] == "0A" and words[1].endswith(f":{port:04X}")
    ]


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1:80", "[::]"])
def test_another_name_is_refused(live: Live, host: str) -> None:
    answer = live.get("/", {"Host": host})
    assert answer.status == 403
    assert "open the address that ./lab printed" in answer.body
    headers = {"Host": host, "Origin": f"http://{host}", "Cookie": live.cookie()}
    assert live.get(SOCKETS[0], headers | UPGRADE).status == 403


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", SOCKETS)
def test_a_page_of_another_site_is_refused(live: Live, path: str, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), live.connect(path, Origin=origin):
        pass


@pytest.mark.parametrize("cookie", ["", "bcc-lessons-{port}=", "bcc-lessons-{port}=ab"])
@pytest.mark.parametrize("path", SOCKETS)
def test_a_stranger_is_refused(live: Live, path: str, cookie: str) -> None:
    cookie = cookie.format(port=live.host.partition(":")[2])
    with pytest.raises(InvalidStatus, match="403"), live.connect(path, Cookie=cookie):
        pass
    assert live.get("/live/session", {"Cookie": cookie} if cookie else {}).status == 403


def test_the_token_is_changed_for_a_cookie_that_scripts_cannot_read(live: Live) -> None:
    answer = live.get(f"/en/setup/?a=b&token={live.token}")
    assert answer.status == 303
    assert answer.headers["location"] == "/en/setup/?a=b"
    cookie = str(answer.headers["set-cookie"])
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert live.get("/live/session", {"Cookie": cookie}).status == 200


@pytest.mark.parametrize("token", ["", "x", "%00", "{token}x"])
def test_a_wrong_token_gets_a_sentence_and_no_cookie(live: Live, token: str) -> None:
    answer = live.get(f"/?token={token.format(token=live.token)}")
    assert answer.status == 403
    assert "open the address that ./lab site printed" in answer.body
    assert "set-cookie" not in answer.headers


def test_no_redirect_leaves_the_server(live: Live) -> None:
    for path in ("//example.org", "/\\example.org", "///example.org/%2f.."):
        answer = live.get(f"{path}?token={live.token}")
        assert not answer.headers["location"].startswith(("//", "/\\", "http"))


@pytest.mark.parametrize(
    "path",
    [
        "/../lab",
        "/..%2flab",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/lessons/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/%00",
        "/lessons/02_perf_output/exercises/1_seconds/my_sample",
    ],
)
def test_no_path_leaves_the_site(fresh: Live, path: str) -> None:
    fresh.my_sample("02/1").write_text("the learner's own")
    answer = fresh.get(path)
    assert answer.status in (400, 404)
    assert "root:" not in answer.body
    assert "learner's own" not in answer.body


def test_a_request_that_changes_something_needs_our_origin(live: Live) -> None:
    assert live.get("/", {"Origin": "http://example.org"}, "POST").status == 403


def test_pages_run_no_script_but_their_own(live: Live) -> None:
    headers = live.get("/lessons/02_perf_output/").headers
    policy = str(headers["content-security-policy"])
    scripts = next(x for x in policy.split("; ") if x.startswith("script-src"))
    assert "unsafe-inline" not in scripts
    assert "'unsafe-eval'" not in scripts
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["02.other", "99.shell", "../etc", "02.shell%00", "02.shell/..", "２.shell"]
)
def test_there_is_no_terminal_but_the_known(live: Live, name: str) -> None:
    path = f"/live/terminal/{name}?columns=80&rows=24"
    with pytest.raises((InvalidStatus, UnicodeEncodeError)), live.connect(path):
        pass


@pytest.mark.parametrize("size", ["", "columns=0&rows=24", "columns=80&rows=99999"])
def test_a_terminal_has_a_size_that_a_screen_may_have(live: Live, size: str) -> None:
    with (
        pytest.raises(InvalidStatus, match="403"),
        live.connect(f"/live/terminal/02.shell?{size}"),
    ):
        pass


@pytest.mark.parametrize(
    "sent",
    [
        "no JSON",
        "[]",
        '{"type": "exec", "argv": ["id"]}',
        '{"type": "run", "what": "02; id"}',
        '{"type": "open", "exercise": "../../etc/passwd"}',
        '{"type": "check", "exercise": "02/1", "more": 1}',
        b"\xff\x00",
    ],
)
def test_what_is_no_message_ends_the_connection(live: Live, sent: str | bytes) -> None:
    with live.connect("/live/control") as control:
        control.send(sent)
        assert close_code(control) == 1008
    assert live.get("/").status == 200


def test_a_message_that_is_too_large_ends_the_connection(live: Live) -> None:
    codes = set()
    for _ in range(5):  # what was not read resets it, which may overtake the code
        with live.connect("/live/control") as control:
            with suppress(ConnectionClosed):
                control.send("x" * (2 * 1024 * 1024))
            codes.add(close_code(control))
    assert codes - {None} == {1009}
    assert live.get("/").status == 200


def test_too_many_messages_end_the_connection(live: Live) -> None:
    with live.connect("/live/control") as control:
        with suppress(ConnectionClosed):
            for _ in range(1000):
                control.send('{"type": "hello", "language": "en"}')
        assert close_code(control) == 1008


@pytest.mark.parametrize("sent", ["[]", "no JSON", '{"resize": [80]}', "[" * 100_000])
def test_what_is_no_message_ends_a_terminals_connection(live: Live, sent: str) -> None:
    with live.connect(SOCKETS[1]) as terminal:
        terminal.send(sent)
        assert close_code(terminal) == 1008


def test_pages_that_say_nothing_are_counted_too(live: Live) -> None:
    with ExitStack() as pages:
        for _ in range(MOST_PAGES):
            pages.enter_context(live.connect("/live/control"))
        with pytest.raises(InvalidStatus, match="403"):
            live.connect("/live/control")


def test_a_thousand_connections_leave_it_answering(
    checkout: Path, tmp_path: Path
) -> None:
    with serving(copied_lab(checkout, tmp_path / "copy"), tmp_path) as live:
        host, _, port = live.host.partition(":")
        silent = [socket.create_connection((host, int(port))) for _ in range(1000)]
        try:
            begin = time.monotonic()
            assert live.get("/").status == 200
            with live.control() as control:
                control.expect("state", 10)
            assert time.monotonic() - begin < 10
        finally:
            for each in silent:
                each.close()
        assert live.get("/").status == 200
