"""A small HTTP server for the simulated vendors, of HTTP/1.1 and, over TLS, of HTTP/2 too. Faults go below both."""

import asyncio
import itertools
import ssl
from collections.abc import Callable

from tests.vendors.connection import Connection, Disconnect, Handler, Request, Sender
from tests.vendors.http1 import Http1Connection
from tests.vendors.http2 import Http2Connection

__all__ = ["Disconnect", "Request", "Sender", "Server"]


class _Door(asyncio.Protocol):
    """Learns which version a client speaks, and hands it over."""

    def __init__(self, server: "Server") -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        shaken = transport.get_extra_info("ssl_object")
        is_second = shaken is not None and shaken.selected_alpn_protocol() == "h2"
        kind = Http2Connection if is_second else Http1Connection
        connection = kind(self._server, self._server.next_number())
        transport.set_protocol(connection)
        connection.connection_made(transport)


class Server:
    """Listens on a free loopback port. `failures`: exceptions of the handler, which are bugs of the vendor."""

    def __init__(self, handler: Handler, gone: Callable[[Request], None], tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self._gone = gone
        self.connections: set[Connection] = set()
        self.failures: list[Exception] = []
        self.port = 0
        self.tls = tls
        self._numbers = itertools.count()
        self._server: asyncio.Server | None = None

    def gone(self, request: Request) -> None:
        """A client went while it was being answered."""
        self._gone(request)

    def next_number(self) -> int:
        """Of a new connection."""
        return next(self._numbers)

    async def start(self, port: int = 0) -> None:
        """Binds; the port is known afterwards."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Door(self), "127.0.0.1", port, ssl=self.tls, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the port and every connection."""
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self.connections):
            connection.hang_up()
        await self._server.wait_closed()
        self._server = None
