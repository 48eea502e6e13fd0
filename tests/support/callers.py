"""Clients of every version of HTTP behind one small face: they ask, cancel, and may leave a reply unread."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import h11

WINDOW_BYTES: Final = 1 << 24


@dataclass
class Reply:
    """What has come so far. `ended`: it is over; `whole` then tells whether it came to its proper end."""

    status: int = 0
    body: bytearray = field(default_factory=bytearray)
    whole: bool = False
    data: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def text(self) -> str:
        """The model's words, of an Anthropic reply."""
        if self.body.startswith(b"{"):
            return "".join(block["text"] for block in json.loads(self.body)["content"])
        return "".join(
            event["delta"].get("text", "") for event in self.events if event["type"] == "content_block_delta"
        )

    @property
    def events(self) -> list[dict[str, Any]]:
        """Those of an Anthropic stream."""
        lines = bytes(self.body).split(b"\n")
        return [json.loads(line[6:]) for line in lines if line.startswith(b"data: ")]

    def take(self, data: bytes) -> None:
        """A piece of the body."""
        self.body += data
        self.data.set()

    def end(self, *, whole: bool) -> None:
        """Nothing more comes."""
        self.whole = whole
        self.data.set()
        self.ended.set()


class Caller(Protocol):
    """A client. ask() may be called while earlier replies are still coming."""

    async def ask(self, path: str, body: Mapping[str, Any]) -> Reply: ...

    def cancel(self, reply: Reply) -> None: ...


@dataclass(frozen=True, slots=True)
class Way:
    """How to get there. `tunnel`: the host behind a CONNECT, at that port; `tls`: None for plain HTTP."""

    port: int
    key: str
    tls: ssl.SSLContext | None = None
    tunnel: str = ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Of every request."""
        return [("x-api-key", self.key), ("content-type", "application/json")]

    @property
    def host(self) -> str:
        """As the client knows it."""
        return self.tunnel or f"127.0.0.1:{self.port}"

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that is ready for HTTP."""
        name = self.tunnel or "127.0.0.1"
        if not self.tunnel:
            return await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=self.tls, server_hostname=name if self.tls else None
            )
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}:443\r\n\r\n".encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        assert self.tls is not None
        await writer.start_tls(self.tls, server_hostname=name)
        return reader, writer


class Http1Caller:
    """A connection for each request."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: dict[int, asyncio.StreamWriter] = {}

    async def ask(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Sends it."""
        reader, writer = await self._way.open()
        sent = json.dumps(body).encode()
        talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        headers = [("host", self._way.host), ("content-length", str(len(sent))), *self._way.headers]
        writer.write(talk.send(h11.Request(method="POST", target=path, headers=headers)) or b"")
        writer.write((talk.send(h11.Data(data=sent)) or b"") + (talk.send(h11.EndOfMessage()) or b""))
        reply = Reply()
        self._writers[id(reply)] = writer
        self._tasks.append(asyncio.create_task(self._read(reader, writer, talk, reply)))
        return reply

    def cancel(self, reply: Reply) -> None:
        """Closes its connection."""
        self._writers[id(reply)].close()

    async def close(self) -> None:
        """All of them."""
        for writer in self._writers.values():
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: h11.Connection, reply: Reply
    ) -> None:
        whole = False
        with suppress(ConnectionError, ssl.SSLError, h11.RemoteProtocolError):
            while True:
                event = talk.next_event()
                match event:
                    case h11.NEED_DATA:
                        talk.receive_data(await reader.read(65536))
                    case h11.Response():
                        reply.status = event.status_code
                    case h11.Data():
                        reply.take(bytes(event.data))
                    case h11.EndOfMessage():
                        whole = True
                        break
                    case h11.ConnectionClosed():
                        break
                    case _:
                        pass
        reply.end(whole=whole)
        writer.close()


class Http2Caller:
    """One connection for all. What is asked by ask_unread() gets room for `window_bytes`, and no more."""

    def __init__(self, way: Way, window_bytes: int = WINDOW_BYTES) -> None:
        self._way = way
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        self._h2.local_settings.update({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window_bytes})
        self._replies: dict[int, Reply] = {}
        self._unread: set[int] = set()
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """The connection, and the two sides' first words."""
        reader, self._writer = await self._way.open()
        assert self._writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window((1 << 30) - 1)
        self._flush()
        self._task = asyncio.create_task(self._read(reader))

    async def ask(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Sends it."""
        assert self._writer is not None
        number = self._h2.get_next_available_stream_id()
        pseudo = [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", self._way.host)]
        self._h2.send_headers(number, [*pseudo, *self._way.headers])
        self._h2.send_data(number, json.dumps(body).encode(), end_stream=True)
        self._flush()
        reply = self._replies[number] = Reply()
        return reply

    async def ask_unread(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Sends it, and makes no room for more of the reply than it has from the start."""
        reply = await self.ask(path, body)
        self._unread.add(self._number_of(reply))
        return reply

    def cancel(self, reply: Reply) -> None:
        """RST_STREAM."""
        self._h2.reset_stream(self._number_of(reply), h2.errors.ErrorCodes.CANCEL)
        self._flush()

    async def close(self) -> None:
        """The connection."""
        if self._writer is not None and self._task is not None:
            self._writer.transport.abort()
            await asyncio.gather(self._task, return_exceptions=True)

    def _number_of(self, reply: Reply) -> int:
        return next(number for number, its in self._replies.items() if its is reply)

    def _flush(self) -> None:
        assert self._writer is not None
        self._writer.write(self._h2.data_to_send())

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65536):
                for event in self._h2.receive_data(data):
                    self._take(event)
                self._flush()
        for reply in self._replies.values():
            if not reply.ended.is_set():
                reply.end(whole=False)

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                self._replies[event.stream_id].status = int(dict(event.headers)[b":status"])
            case h2.events.DataReceived():
                self._replies[event.stream_id].take(event.data)
                if event.stream_id not in self._unread:
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self._replies[event.stream_id].end(whole=True)
            case h2.events.StreamReset():
                self._replies[event.stream_id].end(whole=False)
            case _:
                pass


@asynccontextmanager
async def calling(way: Way, *, http2: bool = False, window_bytes: int = WINDOW_BYTES) -> AsyncIterator[Caller]:
    """A client while this is open."""
    if not http2:
        first = Http1Caller(way)
        try:
            yield first
        finally:
            await first.close()
        return
    async with second_version(way, window_bytes) as caller:
        yield caller


@asynccontextmanager
async def second_version(way: Way, window_bytes: int = WINDOW_BYTES) -> AsyncIterator[Http2Caller]:
    """A client of HTTP/2."""
    caller = Http2Caller(way, window_bytes)
    await caller.open()
    try:
        yield caller
    finally:
        await caller.close()
