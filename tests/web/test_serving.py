"""A page is served to this machine, and nothing else is."""

import http.client
import socket
import threading

import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.web.serving import PageServer

PAGE = {"index.html": b"<p>here", "draw.js": b"1", "a.onnx": b"\x00\x01"}


@pytest.fixture
def server():
    with PageServer(PAGE) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.02,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.fixture
def ask(server):
    """Send a request as it is, over a socket, and return the answer with its body."""

    def ask(path, host=None, method="GET"):
        host = f"127.0.0.1:{server.server_port}" if host is None else host
        hosts = "".join(f"Host: {one}\r\n" for one in ([host] if isinstance(host, str) else host))
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\n{hosts}\r\n".encode())
            answer = http.client.HTTPResponse(connection, method=method)
            answer.begin()
            return answer, answer.read()

    return ask


def test_files_of_the_page_are_sent_with_their_types(ask):
    for path, kind in (("/", "text/html"), ("/draw.js", "text/javascript"),
                       ("/a.onnx?v=1", "application/octet-stream")):  # fmt: skip
        answer, body = ask(path)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(kind)
        assert body == PAGE[path.partition("?")[0][1:] or "index.html"]
    answer, body = ask("/draw.js", method="HEAD")
    assert (answer.status, answer.headers["Content-Length"], body) == (200, "1", b"")


def test_a_browser_is_told_to_ask_no_other_machine_and_to_keep_nothing(ask):
    headers = ask("/")[0].headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self' data: blob:;")
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/../pyproject.toml", "/%2e%2e/pyproject.toml", "/..%2fpyproject.toml", "//etc/passwd",
     "/etc/passwd", "/./draw.js", "/draw.js/", "/%64raw.js", "/..\\..\\x", "/draw.js%00.html",
     "file:///etc/passwd", "http://127.0.0.1/draw.js", "*", "/index.html/../draw.js"],
)  # fmt: skip
def test_anything_else_is_not_there_and_nothing_is_read(ask, monkeypatch, path):
    for name in ("builtins.open", "io.open", "os.open", "pathlib.Path.open"):
        monkeypatch.setattr(name, lambda *a, **k: pytest.fail("a file was opened"))
    answer, body = ask(path)
    assert answer.status == 404
    assert b"passwd" not in body


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", (),
             ("127.0.0.1:{port}", "evil.example")],
)  # fmt: skip
def test_a_page_under_another_name_is_refused(ask, server, host):
    """A site can point its own name at this machine, and have a browser ask (DNS rebinding)."""
    one = isinstance(host, str)
    names = [name.format(port=server.server_port) for name in ([host] if one else host)]
    answer, body = ask("/", names)
    assert answer.status == 403
    assert PAGE["index.html"] not in body


def test_localhost_is_this_machine(ask, server):
    assert ask("/", f"localhost:{server.server_port}")[0].status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent(ask, method):
    assert ask("/", method=method)[0].status == 501


def test_no_other_machine_can_ask(server):
    assert server.server_address[0] == "127.0.0.1"


def test_a_port_in_use_is_one_line(server):
    port = server.server_port
    with pytest.raises(ZsbirError, match=rf"cannot serve at port {port} \(another process listens"):
        PageServer(PAGE, port)


def test_a_port_that_there_is_not_is_one_line():
    with pytest.raises(ZsbirError, match=r"cannot serve at port 70000 .*: give another port, or 0"):
        PageServer(PAGE, 70000)
