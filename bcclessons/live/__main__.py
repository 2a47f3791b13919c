"""The server of ./lab site, under the Python of requirements-site.txt.

python -m bcclessons.live --port 8000 --lang ja [--host | --vm | --on RELEASE]
python -m bcclessons.live --socket PATH --lang ja [--host | --vm | --on RELEASE]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem, Text
from bcclessons.doctor.target import Target
from bcclessons.live import door, guard, proxied, server
from bcclessons.live.app import App
from bcclessons.live.own_machine import OwnMachine
from bcclessons.live.pages import Pages
from bcclessons.live.progress import PageConsole
from bcclessons.live.session import Session
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT
from bcclessons.setup.temporary import temporary_folder

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def serve(
    console: Console, target: Target, where: int | Path, private: Path
) -> int:
    """Build the site, and serve it until a signal; return the exit status.

    ``where`` is a port of loopback, or a Unix socket behind a proxy.
    """
    loop = asyncio.get_running_loop()
    with (
        proxied.listening(where)
        if isinstance(where, Path)
        else server.listening("127.0.0.1", where)
    ) as listener:

        def say(line: str) -> None:
            loop.call_soon_threadsafe(session.say, line)

        page_console = PageConsole(console.language, say)
        workspace = Workspace(CHECKOUT, cache_folder(os.environ), page_console)
        session = Session(page_console)
        machine = session.machine = OwnMachine(workspace, target)
        progress = machine.solved.folder
        pages = Pages(CHECKOUT, private, progress)
        app = App(pages)
        if isinstance(where, Path):
            app.door = proxied.OpenDoor(session)
            guarded = guard.Guard(app.starlette(), None, pages.policy)
            ready = Text(
                ja=f"ソケット {where} で見せている．",
                en=f"Serving on the socket {where}.",
            )
        else:
            port = listener.getsockname()[1]
            key = door.secret(progress)
            app.door = token = door.TokenDoor(app.starlette(), session, key, port)
            hosts = guard.names(_LOOPBACK, port, tls=False)
            guarded = guard.Guard(token, hosts, pages.policy)
            home = "en/" if console.language is Language.EN else ""
            address = f"http://127.0.0.1:{port}/{home}?token={token.token}"
            ready = to_open(address)
        running = server.Server(guarded, pages.end)
        if not await pages.build():
            raise Problem(
                ja="サイトを作れない．理由は上に書いてある．直して，もう一度実行する．",
                en="the site cannot be built, for the reasons above; fix them, and run "
                "this again.",
            )
        console.say(ready)
        watching = asyncio.create_task(pages.watch(machine.reload))
        try:
            await running.serve([listener])
        finally:
            await server.cancelled(watching)
            await session.close()
    return server.status_of(running)


def to_open(address: str) -> Text:
    """Say what to open; with spaces around it, which terminals make a link of."""
    return Text(
        ja=f"このアドレスを開く: {address} （Ctrl-C で終わる）",
        en=f"Open this address: {address} (Ctrl-C ends it)",
    )


def main() -> int:
    """Run the server; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bcclessons.live")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, dest="where")
    where.add_argument("--socket", type=Path, dest="where")
    parser.add_argument("--lang", type=Language, required=True)
    parser.add_argument("--host", action="store_true")
    parser.add_argument("--vm", action="store_true")
    parser.add_argument("--on")
    given = parser.parse_args()

    def work() -> int:
        target = Target.from_options(host=given.host, vm=given.vm, on=given.on)
        with temporary_folder() as private:
            console = Console(given.lang)
            return asyncio.run(serve(console, target, given.where, private))

    return server.exit_status(given.lang, work)


if __name__ == "__main__":
    sys.exit(main())
