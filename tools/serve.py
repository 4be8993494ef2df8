"""Serve the built book on this machine only: ``python tools/serve.py --port 8000``."""

import argparse
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line in the terminal for each of them."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def send_error(self, code: int, *said: str | None) -> None:
        """Show the book's own page for addresses that lead nowhere."""
        page = Path(self.directory, "404.html")
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, *said)
            return
        content = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def make_server(site: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of the folder `site` on 127.0.0.1; port 0 takes any free one."""
    handler = partial(QuietHandler, directory=str(site))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    port = parser.parse_args().port
    if not (SITE / "index.html").exists():
        print("error: there is no built book yet: run make book first", file=sys.stderr)
        return 1
    try:
        server = make_server(SITE, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        print(f"error: cannot use port {port} ({reason}): make serve PORT=8001", file=sys.stderr)
        return 1
    with server:
        print(f"The book is at http://127.0.0.1:{server.server_port}/ (Ctrl-C stops)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
