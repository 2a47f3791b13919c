"""A server for the built site, as a web host has it: compressed, on loopback."""

from __future__ import annotations

import functools
import gzip
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

_COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", "_sample")


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_head(self) -> BinaryIO | io.BytesIO | None:
        path = self.translate_path(self.path)
        if os.path.isdir(path) and self.path.endswith("/"):
            path = os.path.join(path, "index.html")
        if not os.path.exists(path) and (missing := _not_found_page(Path(path))):
            return self._send(HTTPStatus.NOT_FOUND, missing.read_bytes(), str(missing))
        compresses = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (compresses and path.endswith(_COMPRESSED) and os.path.isfile(path)):
            return super().send_head()
        body = gzip.compress(Path(path).read_bytes())
        return self._send(HTTPStatus.OK, body, path, ("Content-Encoding", "gzip"))

    def _send(
        self, status: HTTPStatus, body: bytes, path: str, *headers: tuple[str, str]
    ) -> io.BytesIO:
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of requests, nor of those that fail."""


def _not_found_page(path: Path) -> Path | None:
    """Return the page that a host shows where a path has no file: the nearest above."""
    pages = (folder / "404.html" for folder in path.parents)
    return next((page for page in pages if page.is_file()), None)


@contextmanager
def serving(site: Path) -> Iterator[str]:
    """Serve a folder on a free port for a while; yield its address, with a slash."""
    handler = functools.partial(_Handler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
