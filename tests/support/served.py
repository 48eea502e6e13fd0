"""A server on loopback that says what it was told to, whatever it is asked: for SDKs to read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Answers:
    """Every request is answered with what was put here last."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.status = 200
        self.content_type = ""
        self.body = b""

    def put(self, body: bytes, content_type: str = "application/json", status: int = 200) -> None:
        """The next answer."""
        self.body, self.content_type, self.status = body, content_type, status


@contextmanager
def answering() -> Iterator[Answers]:
    """The server, on a free port, while this is open."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(answers.status)
            self.send_header("content-type", answers.content_type)
            self.send_header("content-length", str(len(answers.body)))
            self.end_headers()
            self.wfile.write(answers.body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers = Answers(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
