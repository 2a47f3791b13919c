"""The built site as it is served: made anew when its sources change."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from watchfiles import Change, DefaultFilter, awatch

from bcclessons.site.builder import ENVIRONMENT

_SOURCES = ("docs", "lessons", "bcclessons/site", "mkdocs.yml")
# A script in a page that a browser runs: not a file, and not data.
_INLINE = re.compile(
    rb"<script(?![^>]*\s(?:src|type)=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE
)
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' {scripts}; "
    # Styles: the terminal and the theme make their own.
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data:; worker-src 'self' blob:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class _Sources(DefaultFilter):
    """What a page is made from: not the learner's files, nor a temporary file."""

    def __call__(self, change: Change, path: str) -> bool:
        """Tell whether a change of a file counts."""
        name = Path(path).name
        ours = name.startswith((".", "my_sample")) or name.endswith(".lock")
        return not ours and super().__call__(change, path)


class Pages:
    """An ASGI application: the newest build of the site, in a temporary folder."""

    def __init__(self, checkout: Path, folder: Path, progress: Path) -> None:
        """``progress`` is the folder of what is solved, which pages show, too."""
        self._checkout = checkout
        self._folder = folder
        self._progress = progress
        self._number = 0
        self._built = asyncio.Condition()
        self._files: StaticFiles | None = None
        self._policy = _POLICY.format(scripts="")
        self.closing = asyncio.Event()

    def policy(self) -> str:
        """Return the Content-Security-Policy: no script but those of the build."""
        return self._policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file of the newest build."""
        if self._files is None:
            await Response(status_code=503)(scope, receive, send)
        else:
            await self._files(scope, receive, send)

    async def build(self, *, announce: bool = True) -> bool:
        """Build the site, and serve it if that works, which it returns.

        Pages are told unless ``announce`` is false. MkDocs prints what is wrong.
        """
        target = self._folder / f"build-{self._number + 1}"
        process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "mkdocs"),
            *("build", "--quiet", "--no-strict", "--site-dir", str(target)),
            cwd=self._checkout,
            env={
                **ENVIRONMENT,
                "BCC_LESSONS_SERVED": "true",
                "TMPDIR": str(self._folder),
            },
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if status != 0:
            shutil.rmtree(target, ignore_errors=True)
            return False
        self._policy = await asyncio.to_thread(_policy_of, target)
        self._files = StaticFiles(directory=target, html=True)
        async with self._built:
            self._number += 1
            if announce:
                self._built.notify_all()
        # A page that is loading just now may have the files of the one before.
        old = self._folder / f"build-{self._number - 2}"
        await asyncio.to_thread(shutil.rmtree, old, ignore_errors=True)
        return True

    async def watch(self, changed: Callable[[], None]) -> None:
        """Build again whenever a source changes; ``changed`` is called before."""
        paths = [self._checkout / name for name in _SOURCES]
        self._progress.mkdir(parents=True, exist_ok=True)
        async for changes in awatch(
            *paths, self._progress, watch_filter=_Sources(), step=50, debounce=300
        ):
            is_progress = {
                Path(path).is_relative_to(self._progress) for _, path in changes
            }
            if False in is_progress:
                changed()
            await self.build(announce=False in is_progress)

    async def changes(self, path: str) -> AsyncIterator[int]:
        """Yield the number of each build in which the page at a path is another."""
        before = self._digest(path)
        while not self.closing.is_set():
            async with self._built:
                waiting = asyncio.create_task(self._built.wait())
                await waiting
            if self.closing.is_set():
                return
            now = self._digest(path)
            if now != before:
                before = now
                yield self._number

    async def end(self) -> None:
        """End all that wait for changes."""
        self.closing.set()
        async with self._built:
            self._built.notify_all()

    def _digest(self, path: str) -> bytes:
        """Return a digest of a page; of what is no page, a constant."""
        if self._files is None:
            return b""
        wanted = os.path.join(path.strip("/"), "index.html")
        try:
            found, _ = self._files.lookup_path(wanted)
            return hashlib.sha256(Path(found).read_bytes()).digest() if found else b""
        except (OSError, ValueError):  # too long, or with a 0
            return b""


def _policy_of(site: Path) -> str:
    scripts: set[bytes] = set()
    for page in site.rglob("*.html"):
        scripts.update(_INLINE.findall(page.read_bytes()))
    hashes = (base64.b64encode(hashlib.sha256(text).digest()) for text in scripts)
    return _POLICY.format(
        scripts=" ".join(sorted(f"'sha256-{each.decode()}'" for each in hashes))
    )
