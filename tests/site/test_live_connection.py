"""Live pages: a connection that is lost, a server that is stopped, a cookie that is gone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.live.conftest import Live, serving
from tests.site.live_page import LESSON, SECONDS, LivePage, live_page
from tests.site.test_lab_site import copied_lab

# Keeps the page's sockets, to close them as a network does that is gone.
KEEP_SOCKETS = """
    window.sockets = [];
    window.WebSocket = class extends WebSocket {
      constructor(...values) { super(...values); window.sockets.push(this); }
    };
"""
# The sockets of terminals connect as long as `slow` is set, and until `go()`.
SLOW_SOCKETS = """
    window.late = [];
    window.sent = [];
    const started = new Promise(resolve => { window.go = resolve; });
    window.WebSocket = class extends WebSocket {
      constructor(...values) {
        super(...values);
        this.isLate = !!window.slow && `${values[0]}`.includes("/terminal/");
        if (this.isLate) window.late.push(this);
        document.documentElement.dataset.late = window.late.length;
      }
      get readyState() { return this.isLate ? WebSocket.CONNECTING : super.readyState; }
      set onopen(fn) { super.onopen = event => this.once(() => { this.isLate = false; fn(event); }); }
      set onmessage(fn) { super.onmessage = event => this.once(() => fn(event)); }
      async once(fn) { if (this.isLate) await started; fn(); }
      send(data) {
        super.send(data);
        if (window.late.includes(this))
          window.sent.push(typeof data === "string" ? data : new TextDecoder().decode(data));
      }
    };
"""
# A browser complains of each request that gets no answer, or is refused.
LOST = "ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|status of 403|WebSocket"
LOSE = "sockets.splice(0).forEach(socket => socket.close())"
NO_SOCKET = """class {
  constructor() { setTimeout(() => this.onclose?.(), 100); }
  close() {}
}"""
TODO = "# TODO: 時刻を秒で表示する / show the time in seconds"


def prepare(page: Page) -> None:
    """Load the page again in such a way that its connection can be lost."""
    page.add_init_script(KEEP_SOCKETS)
    page.reload()


def offline(here: LivePage) -> None:
    """Lose the connection for a while."""
    here.page.context.set_offline(True)
    here.page.evaluate(LOSE)


def test_a_lost_connection_comes_back_to_the_same_screen(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live, expected=LOST) as here:
        prepare(here.page)
        here.run()
        here.make_event()
        before = (here.lesson.text_content() or "").strip()
        offline(here)
        expect(here.state).to_have_text(
            "The connection was lost; connecting again.", timeout=SECONDS
        )
        expect(here.lesson).to_have_text(before)
        here.page.context.set_offline(False)
        expect(here.state).to_contain_text("this machine", timeout=SECONDS)
        expect(here.lesson).to_have_text(before, timeout=SECONDS)
        here.page.keyboard.type("echo and on''ward\n")
        expect(here.shell).to_contain_text("and onward", timeout=SECONDS)


def test_keys_typed_while_a_terminal_connects_are_sent_in_order(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live, expected=LOST) as here:
        here.page.add_init_script(SLOW_SOCKETS)
        prepare(here.page)
        here.page.locator(".to-try [data-command='ls']").first.click()
        expect(here.shell).to_contain_text("exercises", timeout=SECONDS)
        # Nobody sees what is typed without a connection, so it is never executed.
        offline(here)
        expect(here.state).to_contain_text("connecting again", timeout=SECONDS)
        here.page.keyboard.type("echo bl''ind\n")
        here.page.evaluate("window.slow = true")
        here.page.context.set_offline(False)
        root = here.page.locator("html")
        expect(root).to_have_attribute("data-late", "2", timeout=SECONDS)
        expect(here.state).to_contain_text("this machine")
        here.page.keyboard.type("echo ke''pt\n")
        here.page.set_viewport_size({"width": 1100, "height": 600})
        here.page.keyboard.insert_text("too long " * 500)
        here.page.keyboard.type("\n")
        assert here.page.evaluate("sent") == []
        here.page.evaluate("go()")
        expect(here.shell).to_contain_text("kept", timeout=SECONDS)
        sent = here.page.evaluate("sent")
        typed = [*"echo ke''pt", "\r"]
        assert sent[: len(typed)] == typed
        # Neither a size nor an acknowledgement of before, nor what is too long.
        assert {each[:6] for each in sent[len(typed) :]} <= {'{"ack"'}


def test_what_is_edited_meanwhile_is_saved(browser: Browser, live: Live) -> None:
    with live_page(browser, live, expected=LOST) as here:
        prepare(here.page)
        here.solve()
        offline(here)
        here.replace(TODO, "# in the tunnel")
        expect(here.saved).to_have_text("Not saved")
        here.page.wait_for_timeout(1500)
        assert TODO in live.my_sample("02/1").read_text()
        here.page.context.set_offline(False)
        expect(here.saved).to_have_text("Saved", timeout=SECONDS)
        assert "# in the tunnel" in live.my_sample("02/1").read_text()
        live.my_sample("02/1").unlink()


def test_what_was_not_saved_is_there_when_the_page_comes_back(
    browser: Browser, live: Live
) -> None:
    file = live.my_sample("02/1")
    with live_page(browser, live, expected=LOST) as here:
        prepare(here.page)
        here.solve()
        here.page.evaluate(f"() => {{ {LOSE}; window.WebSocket = {NO_SOCKET} }}")
        here.replace(TODO, "# on the train")
        here.page.wait_for_timeout(1500)
        assert TODO in file.read_text()
        here.page.reload()
        expect(here.editor).to_contain_text("# on the train", timeout=SECONDS)
        expect(here.saved).to_have_text("Saved")
        assert "# on the train" in file.read_text()
        file.unlink()


def test_a_page_whose_cookie_is_gone_says_what_to_open(
    browser: Browser, live: Live
) -> None:
    with live_page(browser, live, LESSON, LOST) as here:
        prepare(here.page)
        here.page.locator(".to-try [data-command='ls']").first.click()
        expect(here.shell).to_contain_text("exercises", timeout=SECONDS)
        here.page.context.clear_cookies()
        here.page.evaluate(LOSE)
        expect(here.state).to_contain_text(
            "./lab site が表示したアドレスを開く", timeout=SECONDS
        )


def test_a_stopped_server_is_named_and_found_again(
    browser: Browser, checkout: Path, tmp_path: Path
) -> None:
    copy = copied_lab(checkout, tmp_path / "copy")
    with (
        serving(copy, tmp_path, statuses=(143,)) as live,
        live_page(browser, live, expected=LOST) as here,
    ):
        port = live.host.partition(":")[2]
        here.run()
        live.process.terminate()
        live.process.wait(15)
        expect(here.state).to_have_text(
            "The server does not answer. If you stopped it, type: ./lab site. In a "
            "class, tell the instructor.",
            timeout=SECONDS,
        )
        with serving(copy, tmp_path, "--port", port):
            expect(here.state).to_contain_text("this machine", timeout=SECONDS)
            here.focus("shell")
            here.page.keyboard.type("echo new''ly started\n")
            expect(here.shell).to_contain_text("newly started", timeout=SECONDS)


def test_a_page_without_a_server_says_how_to_get_a_live_one(
    browser: Browser, site: Path, address: str
) -> None:
    page = browser.new_page()
    page.goto(address + LESSON)
    for line in page.locator(".live-how").all():
        expect(line).to_contain_text("./lab site")
    assert (
        page.locator(".exercise .live-how").count() == page.locator(".exercise").count()
    )
    page.locator("#tab-run").click()
    expect(page.locator("#panel-run .live-how")).to_be_visible()
    assert page.locator("[data-run], [data-command], [data-solve]").count() == 0
    assert not (site / "assets/live").exists()
    assert not list((site / "assets/vendor").glob("[et]*.*"))
    page.close()
