"""What the simulated vendors' server has of each version of HTTP: requests, answers, and the connection below them."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

LINGER_OFF: Final = struct.pack("ii", 1, 0)  # close() then sends RST


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came. Header names are in lower case. `connection`: which of the server's, from 0.

    `protocol`: as HTTP/1.1 or HTTP/2 name themselves. `resumed`: whether its connection took up an earlier TLS session.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    connection: int
    at_s: float
    protocol: str = "HTTP/1.1"
    resumed: bool = False

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


class Stream(Protocol):
    """What one request is answered on, in either version. Raises ClientGone."""

    @property
    def method(self) -> str: ...

    async def send_head(self, status: int, headers: Mapping[str, str]) -> None: ...

    async def send_data(self, data: bytes) -> None: ...

    async def send_end(self) -> None: ...

    async def flushed(self) -> None: ...

    def reset(self) -> None: ...

    def close(self) -> None: ...


class Sender:
    """The answer to one request. After reset() or close() nothing more may be sent."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    async def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Status and headers; without content-length the body is chunked."""
        await self.stream.send_head(status, headers)

    async def data(self, data: bytes) -> None:
        """One write, one chunk."""
        await self.stream.send_data(data)

    async def end(self) -> None:
        """The proper end of the body."""
        await self.stream.send_end()

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """An answer in one piece."""
        await self.head(status, {**headers, "content-length": str(len(body))})
        if body and self.stream.method != "HEAD":
            await self.data(body)
        await self.end()

    async def reset(self) -> None:
        """RST of the connection, of HTTP/2's stream, once what was written has left."""
        await self.stream.flushed()
        self.stream.reset()

    async def close(self) -> None:
        """FIN, wherever the answer stands; on HTTP/2 behind a GOAWAY."""
        self.stream.close()


type Handler = Callable[[Request, Sender], Awaitable[None]]


class House(Protocol):
    """What a connection knows of its server."""

    @property
    def handler(self) -> "Handler": ...

    @property
    def connections(self) -> "set[Connection]": ...

    @property
    def failures(self) -> list[Exception]: ...

    def gone(self, request: Request) -> None: ...


class Connection(asyncio.Protocol):
    """One client connection of either version."""

    def __init__(self, server: House, number: int) -> None:
        self.server = server
        self.number = number
        self.resumed = False
        self.transport: asyncio.Transport | None = None
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        shaken = transport.get_extra_info("ssl_object")
        self.resumed = shaken is not None and shaken.session_reused
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        self.transport = None
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    async def write(self, data: bytes) -> None:
        """Waits where the client reads slowly. Raises ClientGone."""
        if self.transport is None or self.transport.is_closing():
            raise ClientGone
        if data:
            self.transport.write(data)
        if not self.writable.is_set():
            await self.writable.wait()

    async def flushed(self) -> None:
        """Returns when everything written has gone to the kernel."""
        if self.transport is not None:
            self.transport.set_write_buffer_limits(high=1, low=0)  # With TLS a limit of 0 is reached by nothing.
            await self.writable.wait()

    def hang_up(self) -> None:
        """RST."""
        if self.transport is not None:
            plain: socket.socket | None = self.transport.get_extra_info("socket")
            if plain is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
            self.transport.abort()
