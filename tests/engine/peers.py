"""The two ends of an exchange in tests: a client and upstreams, on raw sockets."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from addons.exchange import UpstreamRequest

RESET = struct.pack("ii", 1, 0)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def whole(status: int, body: bytes) -> bytes:
    """A complete reply."""
    return b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        status,
        len(body),
        body,
    )


@dataclass
class Message:
    """A request as an upstream read it, or a reply as the client did."""

    first: bytes
    headers: dict[bytes, bytes]
    body: bytes = b""

    @property
    def status(self) -> int:
        return int(self.first.split()[1])

    @property
    def path(self) -> bytes:
        return self.first.split()[1]


class Talk:
    """One connection, of either end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_head(self) -> Message:
        """Raises IncompleteReadError where the other end has closed."""
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines)
        return Message(first, {name.lower(): value for name, value in headers.items()})

    async def read_chunk(self) -> bytes:
        """b"" is the end of the body."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def read(self) -> Message:
        message = await self.read_head()
        if message.headers.get(b"transfer-encoding") == b"chunked":
            while data := await self.read_chunk():
                message.body += data
        else:
            message.body = await self.reader.readexactly(int(message.headers.get(b"content-length", b"0")))
        return message

    async def gone(self) -> None:
        """Returns when the other end has closed or reset."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self) -> None:
        plain: socket.socket = self.writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


type Script = Callable[["Upstream", Talk, Message], Awaitable[None]]


@dataclass
class Upstream:
    """A server whose replies are scripted; after the last script it goes on with that one."""

    scripts: list[Script]
    tls: ssl.SSLContext | None = None
    port: int = 0
    connections: int = 0
    requests: list[Message] = field(default_factory=list)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def request(self, **given: object) -> UpstreamRequest:
        """An attempt at this upstream."""
        fields: dict[str, object] = {
            "method": "POST",
            "scheme": "https" if self.tls else "http",
            "host": "127.0.0.1",
            "port": self.port,
            "path": "/v1/up",
            "headers": ((b"authorization", b"Bearer test-key-1"), (b"content-type", b"application/json")),
            "body": b'{"q": 1}',
            **given,
        }
        return UpstreamRequest(**fields)  # type: ignore[arg-type]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        talk = Talk(reader, writer)
        try:
            while True:
                message = await talk.read()
                self.requests.append(message)
                self.arrived.set()
                script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                await script(self, talk, message)
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()
            self.writers.discard(writer)


@asynccontextmanager
async def upstream(*scripts: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    """Listens on a free port."""
    served = Upstream(list(scripts), tls)
    server = await asyncio.start_server(served._serve, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for writer in tuple(served.writers):
            writer.close()
        await server.wait_closed()


@asynccontextmanager
async def client(port: int) -> AsyncIterator[Talk]:
    """A connection to the proxy."""
    talk = Talk(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield talk
    finally:
        await talk.close()


def post(path: str = "/one", body: bytes = b'{"model": "m"}', headers: bytes = b"") -> bytes:
    """A client's request."""
    return b"POST %s HTTP/1.1\r\nhost: gateway\r\n%scontent-length: %d\r\n\r\n%s" % (
        path.encode(),
        headers,
        len(body),
        body,
    )


async def ask(port: int, path: str = "/one") -> Message:
    """One request on a connection of its own."""
    async with client(port) as talk:
        await talk.send(post(path))
        return await talk.read()


# Scripts.


def replies(data: bytes) -> Script:
    """Sends just this."""

    async def script(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(data)

    return script


def streams(*events: bytes) -> Script:
    """A complete stream, a chunk for each event, in one write."""
    return replies(HEAD + b"".join(map(chunk, events)) + END)


def resets(after: bytes = b"") -> Script:
    """Resets the connection, behind these bytes."""

    async def script(_: Upstream, talk: Talk, __: Message) -> None:
        if after:
            await talk.send(after)
        talk.reset()

    return script


def closes(after: bytes = b"") -> Script:
    """Closes the connection, behind these bytes."""

    async def script(_: Upstream, talk: Talk, __: Message) -> None:
        if after:
            await talk.send(after)
        await talk.close()

    return script


def holds(after: bytes = b"") -> Script:
    """Sends these bytes and then nothing more, until the other end has gone; then says so."""

    async def script(served: Upstream, talk: Talk, _: Message) -> None:
        if after:
            await talk.send(after)
        await talk.gone()
        served.left.set()
        await talk.close()

    return script
