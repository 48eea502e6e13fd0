"""A server that keeps every byte it is sent: plain, or with TLS."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any, Final

from tests.support.certificates import Made

_HEAD: Final = (
    "HTTP/1.1 200 OK",
    "Content-Type: text/plain",
    "X-Origin: itself",
    "Set-Cookie: a=b",
    "content-length: 6",
)
ANSWER: Final = "\r\n".join((*_HEAD, "", "origin")).encode()
SWITCHED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


class Origin:
    """Answers ANSWER to every request, and SWITCHED to a WebSocket's handshake, after which it leaves."""

    def __init__(self, made: Made | None) -> None:
        self.requests: list[bytes] = []
        origin = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                origin.serve(self.request, made)

        self.server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        """Of the listener."""
        port: int = self.server.server_address[1]
        return port

    def serve(self, raw: socket.socket, made: Made | None) -> None:
        """One connection to its end."""
        try:
            if made is None:
                self._answer(raw)
                return
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(made.cert, made.key)
            with context.wrap_socket(raw, server_side=True) as shaken:
                self._answer(shaken)
        except OSError:  # The other side has gone, as it may.
            return

    def _answer(self, connection: Any) -> None:
        data = bytearray()
        while True:
            read = connection.recv(65536)
            if not read:
                return
            data += read
            while (request := whole(data)) is not None:
                self.requests.append(request)
                del data[: len(request)]
                if b"upgrade: websocket" in request.lower():
                    connection.sendall(SWITCHED)
                    connection.recv(65536)
                    return
                connection.sendall(ANSWER)


def whole(data: bytes | bytearray) -> bytes | None:
    """The first request in it; None where it is not complete. Bodies that are still to come are not copied."""
    start = data.find(b"\r\n\r\n") + 4
    if start < 4:
        return None
    lowered = bytes(data[:start]).lower()
    if b"transfer-encoding: chunked" in lowered:
        last = data.find(b"0\r\n\r\n", start)
        return bytes(data[: last + 5]) if last >= 0 else None
    length = 0
    for line in lowered.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return bytes(data[: start + length]) if len(data) >= start + length else None


@contextmanager
def origin(made: Made | None = None) -> Iterator[Origin]:
    """One that listens."""
    found = Origin(made)
    thread = Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
        thread.join()


class Tunnel:
    """A client's connection through an HTTPS proxy, on which raw bytes are sent."""

    def __init__(
        self, proxy_port: int, host: str, trusted: str, *, port: int = 443, named: str | None = None, more: str = ""
    ) -> None:
        raw = socket.create_connection(("127.0.0.1", proxy_port), 10)
        raw.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{more}\r\n".encode())
        said = b""
        while b"\r\n\r\n" not in said:
            read = raw.recv(65536)
            assert read, said
            said += read
        assert b" 200 " in said.split(b"\r\n")[0], said
        context = ssl.create_default_context(cafile=trusted)
        context.check_hostname = False  # The origin's own certificate is of localhost.
        self.socket = context.wrap_socket(raw, server_hostname=named or host)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status, and all of the answer."""
        self.socket.sendall(request)
        data = b""
        while whole(data) is None:
            read = self.socket.recv(65536)
            if not read:
                break
            data += read
        return int(data.split(b" ")[1]), data

    @property
    def issuer(self) -> str:
        """Who has signed the certificate that is shown."""
        found: Any = self.socket.getpeercert()
        return str(found["issuer"])

    def __enter__(self) -> "Tunnel":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
