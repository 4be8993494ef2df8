"""A page answered from memory, to this machine only: what is not in it is not there."""

from __future__ import annotations

import errno
import mimetypes
import os
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from zsbir_lib.errors import ZsbirError, argument, reason_of

_HERE = "127.0.0.1"
_HEADERS = {
    # A page of the same address may have been of another index: nothing old is shown.
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Nothing is asked of any other machine, whatever a file's name may hold.
    "Content-Security-Policy": "default-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' blob: 'wasm-unsafe-eval'; frame-ancestors 'none'",
}
_KINDS = {".js": "text/javascript", ".json": "application/json", ".webp": "image/webp",
          ".html": "text/html; charset=utf-8", ".css": "text/css"}  # fmt: skip


class PageServer(ThreadingHTTPServer):
    """Serves a page to this machine.

    Parameters
    ----------
    page
        The files by name. A request is looked up among the names as it came: no path is made of
        it, so nothing else can be read.
    port
        Where to listen on 127.0.0.1; 0 takes any free one.

    Raises
    ------
    ZsbirError
        If another process listens there, or this one may not.
    """

    daemon_threads = True
    # Where it means that two may listen at one port, the second has to be told.
    allow_reuse_address = os.name != "nt"

    def __init__(self, page: Mapping[str, bytes], port: int = 0) -> None:
        self.page = page
        try:
            super().__init__((_HERE, port), _Handler)
        except (OSError, OverflowError) as error:
            taken = getattr(error, "errno", None) == errno.EADDRINUSE
            reason = "another process listens there" if taken else reason_of(error)
            raise ZsbirError(
                f"cannot serve at port {port} ({reason}): give another {argument('port')}, or 0 "
                "for any that is free"
            ) from None

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{_HERE}:{self.server_port}/"

    @property
    def hosts(self) -> set[str]:
        """What a browser of this machine calls this server."""
        names = (_HERE, "localhost")
        return {f"{name}:{self.server_port}" for name in names} | (
            set(names) if self.server_port == 80 else set()
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away."""


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for the names of the page."""

    server: PageServer
    server_version = "zsbir"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Send a file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send what is to be known of a file."""
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        # A page of another site can make a browser ask this server under a name of its own; the
        # name is then in the header.
        if self.headers.get_all("Host", []) not in [[host] for host in self.server.hosts]:
            self.send_error(HTTPStatus.FORBIDDEN, "only for this machine")
            return
        name = self.path.partition("?")[0].removeprefix("/") or "index.html"
        try:
            data = self.server.page[name]
        except KeyError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        suffix = os.path.splitext(name)[1]
        kind = _KINDS.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for header, value in _HEADERS.items():
            self.send_header(header, value)
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what is asked for is known."""
