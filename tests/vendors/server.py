"""A small HTTP/1.1 server for the simulated vendors: h11 reads and frames, asyncio carries, faults go below both."""

import asyncio
import itertools
import json
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import h11

LINGER_OFF: Final = struct.pack("ii", 1, 0)  # close() then sends RST


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came. Header names are in lower case. `connection`: which of the server's, from 0."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    connection: int
    at_s: float

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def credential(self) -> str:
        """The key it came with; "" without one."""
        bearer = self.headers.get("authorization", "")
        own = self.headers.get("x-api-key") or self.headers.get("x-goog-api-key")
        return own or bearer.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The client went while its request was being answered. `at_s`: time.monotonic()."""

    request: Request
    at_s: float


class ClientGone(Exception):
    """Nobody is there to be written to."""


class Sender:
    """The answer to one request. After reset() or close() nothing more may be sent."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    async def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Status and headers; without content-length the body is chunked."""
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self._connection.send(h11.Response(status_code=status, headers=raw, reason=_reason(status)))

    async def data(self, data: bytes) -> None:
        """One write, one chunk."""
        await self._connection.send(h11.Data(data=data))

    async def end(self) -> None:
        """The proper end of the body."""
        await self._connection.send(h11.EndOfMessage())

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """An answer in one piece."""
        await self.head(status, {**headers, "content-length": str(len(body))})
        if body and self._connection.method != b"HEAD":
            await self.data(body)
        await self.end()

    async def reset(self) -> None:
        """RST, once what was written has left."""
        await self._connection.flushed()
        self._connection.reset()

    async def close(self) -> None:
        """FIN, wherever the answer stands."""
        self._connection.close()


type Handler = Callable[[Request, Sender], Awaitable[None]]


class Connection(asyncio.Protocol):
    """One client connection: requests one after the other, each answered by a task that dies with the client."""

    def __init__(self, server: "Server", number: int) -> None:
        self._server = server
        self._number = number
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=256 * 1024)
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self._hung_up = False

    @property
    def method(self) -> bytes:
        """Of the request being answered."""
        return b"" if self._head is None else self._head.method

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self._transport = None
        self._writable.set()
        if self._task is not None and self._request is not None and not self._hung_up:
            self._server.gone(self._request)
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._h11.receive_data(data)
        self._advance()

    def _advance(self) -> None:
        """Takes what h11 has read, up to the end of a request."""
        while self._task is None:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError:
                self.close()
                return
            match event:
                case h11.Request():
                    self._head = event
                    self._body.clear()
                    if self._h11.they_are_waiting_for_100_continue and self._transport is not None:
                        self._transport.write(
                            self._h11.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
                        )
                case h11.Data():
                    self._body += event.data
                case h11.EndOfMessage():
                    self._task = asyncio.get_running_loop().create_task(self._answer())
                case _:
                    return

    async def _answer(self) -> None:
        self._request = self._read()
        try:
            await self._server.handler(self._request, Sender(self))
        except ClientGone:
            return
        except Exception as error:
            self._server.failures.append(error)
            self.close()
            return
        finally:
            self._task = None
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            self._advance()
        else:
            self.close()

    def _read(self) -> Request:
        assert self._head is not None
        target = urlsplit(self._head.target.decode("latin-1"))
        headers = {name.decode(): value.decode("latin-1") for name, value in self._head.headers}
        return Request(
            method=self._head.method.decode(),
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers=headers,
            body=bytes(self._body),
            connection=self._number,
            at_s=time.monotonic(),
        )

    async def send(self, event: h11.Event) -> None:
        """Writes one h11 event, waits where the client reads slowly."""
        data = self._h11.send(event)
        if self._transport is None or self._transport.is_closing():
            raise ClientGone
        if data:
            self._transport.write(data)
        if not self._writable.is_set():
            await self._writable.wait()

    async def flushed(self) -> None:
        """Returns when everything written has gone to the kernel."""
        if self._transport is not None:
            self._transport.set_write_buffer_limits(high=0)
            await self._writable.wait()

    def close(self) -> None:
        """FIN behind what was written."""
        self._hung_up = True
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """RST."""
        self._hung_up = True
        if self._transport is not None:
            plain: socket.socket | None = self._transport.get_extra_info("socket")
            if plain is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
            self._transport.abort()


class Server:
    """Listens on a free loopback port. `failures`: exceptions of the handler, which are bugs of the vendor."""

    def __init__(self, handler: Handler, gone: Callable[[Request], None], tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.gone = gone
        self.tls = tls
        self.connections: set[Connection] = set()
        self.failures: list[Exception] = []
        self.port = 0
        self._numbers = itertools.count()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> None:
        """Binds; the port is known afterwards."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self, next(self._numbers)), "127.0.0.1", port, ssl=self.tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the port and every connection."""
        if self._server is None:
            return
        self._server.close()
        self._hang_up(tuple(self.connections))
        await self._server.wait_closed()
        self._server = None

    def _hang_up(self, connections: Iterable[Connection]) -> None:
        for connection in connections:
            connection.reset()


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
