"""The server of ./lab class, under the Python of requirements-site.txt.

python -m bcclessons.live.classroom --folder FOLDER --listen ADDRESS --port 8000 --lang ja
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import segno
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from bcclessons.console.console import Console
from bcclessons.console.text import Language, Problem, Text
from bcclessons.live import guard, server
from bcclessons.live.app import App, refuse
from bcclessons.live.classroom.address import Address, check_certificate
from bcclessons.live.classroom.classroom import Classroom, check_attributes, in_use
from bcclessons.live.classroom.door import ClassDoor, Joining
from bcclessons.live.classroom.instructor_routes import InstructorRoutes
from bcclessons.live.classroom.learner_routes import LearnerRoutes
from bcclessons.live.pages import Pages
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT
from bcclessons.setup.temporary import temporary_folder

# Starting a VM and checking a program each take a thread, which waits for the VM.
_THREADS = 256


async def serve(
    console: Console, address: Address, folder: Path, certificate: dict[str, str]
) -> int:
    """Run a class until a signal; return the exit status."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS))
    workspace = Workspace(CHECKOUT, cache_folder(os.environ), console)
    with (
        temporary_folder() as private,
        server.listening(address.number, address.port) as listener,
    ):
        address = address._replace(port=listener.getsockname()[1])
        classroom = Classroom(folder, workspace)
        await asyncio.to_thread(classroom.fleet.prepare)
        pages = Pages(CHECKOUT, private, private)
        door = ClassDoor(classroom, address.port, tls=address.tls)
        running = server.Server(
            _application(classroom, pages, door, address), pages.end, **certificate
        )
        if not await pages.build():
            raise Problem(
                ja="サイトを作れない．理由は上に書いてある．直して，もう一度実行する．",
                en="the site cannot be built, for the reasons above; fix them, and run "
                "this again.",
            )
        listener.listen()  # who opens the address at once waits, and is not refused
        announce(console, address, classroom.token)
        watching = asyncio.create_task(classroom.fleet.watch())
        try:
            await running.serve([listener])
        finally:
            await server.cancelled(watching)
            await classroom.close()
    return server.status_of(running)


def _application(
    classroom: Classroom, pages: Pages, door: ClassDoor, address: Address
) -> guard.Guard:
    """Return all that is served: the class's own pages, then the site and live pages."""
    app = App(pages)
    app.door = door
    assets = StaticFiles(directory=Path(__file__).with_name("assets"))
    routes = Starlette(
        routes=[
            *LearnerRoutes(classroom, door).routes(),
            *InstructorRoutes(classroom, door, f"{address.origin}/").routes(),
            Mount("/class/assets", assets),
            Mount("/", Joining(app.starlette(), door)),
        ],
        exception_handlers={Problem: refuse},
    )
    hosts = {
        address.name,
        address.number,
        *(["localhost"] if address.is_loopback else []),
    }
    return guard.Guard(
        routes, guard.names(hosts, address.port, tls=address.tls), pages.policy
    )


def announce(console: Console, address: Address, token: str) -> None:
    """Print the addresses, that of learners also as a QR code where others reach it."""
    origin = address.origin
    console.say(
        Text(
            ja=f"講師が開く: {origin}/class/instructor?token={token}",
            en=f"The instructor opens: {origin}/class/instructor?token={token}",
        )
    )
    console.say(
        Text(
            ja=f"受講者が開く: {origin}/ （Ctrl-C で終わる）",
            en=f"Learners open: {origin}/ (Ctrl-C ends it)",
        )
    )
    if address.is_loopback:
        return
    segno.make(f"{origin}/").terminal(out=sys.stderr, compact=True, border=2)
    if not address.tls:
        console.say(
            Text(
                ja="暗号化していないので，同じネットワークの人は名前と PIN を読める．--cert と "
                "--key で TLS にできる．",
                en="It is not encrypted: others on this network can read names and PINs. "
                "--cert and --key make it TLS.",
            )
        )


def main() -> int:
    """Run the server; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bcclessons.live.classroom")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cert", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--lang", type=Language, required=True)
    given = parser.parse_args()

    def work() -> int:
        check_certificate(given.cert, given.key)
        tls = given.cert is not None
        address = Address.of(given.listen, given.port, tls=tls)
        files = {"ssl_certfile": given.cert, "ssl_keyfile": given.key} if tls else {}
        certificate = {name: str(path) for name, path in files.items()}
        with in_use(given.folder):
            check_attributes(given.folder)
            console = Console(given.lang)
            return asyncio.run(serve(console, address, given.folder, certificate))

    return server.exit_status(given.lang, work)


if __name__ == "__main__":
    sys.exit(main())
