"""A real JupyterHub: two users in browsers, each with a container of the image.

Slow, and only where JupyterHub, its proxy, podman and the image are:
./lab test tests/live/test_jupyterhub.py -m slow
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.site.live_page import HEADER, LivePage
from tools.site import BROWSER_FLAGS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

IMAGE = os.environ.get("BCC_LESSONS_IMAGE", "bcc-lessons")
CONFIG = """
from pathlib import Path
exec(Path({config!r}).read_text())
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "a password for tests"
c.Authenticator.allowed_users = {{"alice", "bob"}}
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}/"
c.JupyterHub.hub_port = {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
"""
PATIENCE = 150_000
"""How long two VMs on a busy machine may take, in ms."""


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def hub(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a hub that runs."""
    for program in ("jupyterhub", "configurable-http-proxy", "podman"):
        if shutil.which(program) is None:
            pytest.skip(f"this machine has no {program}")
    if subprocess.run(["podman", "image", "exists", IMAGE]).returncode != 0:
        pytest.skip(f"this machine has no image {IMAGE}: hub/build-image makes it")
    folder = tmp_path_factory.mktemp("hub")
    ports = free_ports(3)
    config = str(checkout / "hub/jupyterhub_config.py")
    (folder / "config.py").write_text(CONFIG.format(config=config, ports=ports))
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["jupyterhub", "--config=config.py"],
            cwd=folder,
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{ports[0]}/"
    try:
        _wait_for(address, process, log)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        for line in log.read_text().splitlines():
            print(line)
        for user in (1, 2):
            for what in ([], ["volume"]):
                remove = ["podman", *what, "rm", "--force", f"bcc-lessons-{user}"]
                subprocess.run(remove, capture_output=True)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    while True:
        assert process.poll() is None, log.read_text()
        try:
            urlopen(f"{address}hub/login", timeout=5).close()  # noqa: S310 - ours
        except OSError:
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of both users, who have a context each."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=BROWSER_FLAGS
        )
        yield started
        started.close()


class User:
    """Somebody who has logged in to the hub, at a lesson's page."""

    def __init__(self, browser: Browser, hub: str, name: str) -> None:
        self.home = f"{hub}user/{name}/lessons/"
        self.context = browser.new_context()
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.page.goto(f"{hub}hub/login")
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", "a password for tests")
        self.page.click("input[type=submit]")
        # The hub starts the user's server, and that the server of live pages.
        self.page.wait_for_url(self.home)
        self.page.goto(f"{self.home}en/lessons/02_perf_output/")

        self.live = LivePage(self.page)

    def run(self) -> None:
        """Press Run."""
        self.page.locator("#tab-run").click()
        self.page.locator("[data-run]").click()

    def shows(self, terminal: str, text: str) -> None:
        """Wait until a terminal shows a text."""
        expect(self.live.terminal(terminal)).to_contain_text(text, timeout=PATIENCE)

    def type(self, command: str) -> None:
        """Type a command into the shell."""
        self.live.focus("shell")
        self.page.keyboard.type(f"{command}\n")


def test_two_users_run_lessons_and_do_not_see_each_other(
    hub: str, browser: Browser
) -> None:
    users = [User(browser, hub, name) for name in ("alice", "bob")]
    for user in users:
        user.run()
    for user in users:
        user.shows("lesson", HEADER)
        user.type("ls")
        user.shows("lesson", "Hello, perf_output!")
    alice, bob = users
    # What one writes, on the machine that runs the lesson, is in that user's home.
    alice.type("echo of_$(echo alice) > /bcc-lessons/mine; cat /bcc-lessons/mine")
    alice.shows("shell", "of_alice")
    bob.type("ls /bcc-lessons/mine; echo of_$(echo bob)")
    bob.shows("shell", "of_bob")
    expect(bob.live.shell).to_contain_text("No such file")
    # The hub lets nobody in to another's server: neither its pages nor its sockets.
    assert bob.context.request.get(alice.home).status == 403
    assert bob.context.request.get(f"{alice.home}live/session").status == 403
    refused = bob.page.evaluate(
        """address => new Promise(done => {
          const socket = new WebSocket(address.replace("http", "ws"));
          socket.onopen = () => done(false);
          socket.onerror = () => done(true);
        })""",
        f"{alice.home}live/control",
    )
    assert refused
    # A stranger is led to the hub's login.
    stranger = browser.new_context().request.get(bob.home)
    assert stranger.url.startswith(f"{hub}hub/login")
