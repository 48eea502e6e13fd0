"""HTTP/2 over TLS for tests: a client of the proxy, an upstream, and the certificates that it takes."""

import asyncio
import datetime
import functools
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import h2.config
import h2.connection
import h2.errors
import h2.events
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from addons.exchange import UpstreamRequest


@functools.cache
def own_certificate() -> Path:
    """Signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = Path(tempfile.mkdtemp(prefix="engine-tests-")) / "upstream.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@functools.cache
def server_context(*protocols: str) -> ssl.SSLContext:
    """For an upstream on loopback: offers these protocols."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate())
    context.set_alpn_protocols(list(protocols))
    return context


def client_context(*protocols: str) -> ssl.SSLContext:
    """Trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    return context


@dataclass
class Stream:
    """A stream as the side that reads it sees it."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    data: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    reset: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> int:
        return int(self.headers[b":status"])


class Http2:
    """One connection, of either side. `on_request`: what the server side does with a complete request."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_request: Callable[["Http2", int, Stream], Coroutine[None, None, None]] | None = None,
    ) -> None:
        self.streams: dict[int, Stream] = {}
        self.lost = asyncio.Event()
        self._reader, self._writer = reader, writer
        self._on_request = on_request
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=on_request is None, header_encoding=None)
        )
        self._h2.initiate_connection()
        self._flush()
        self._tasks = [asyncio.create_task(self._read())]

    def ask(self, path: str, body: bytes = b'{"model": "m"}', **more: str) -> Stream:
        """A request; its reply."""
        stream_id = self._h2.get_next_available_stream_id()
        headers = [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "gateway"), *more.items()]
        self._h2.send_headers(stream_id, headers)
        self._h2.send_data(stream_id, body, end_stream=True)
        self._flush()
        stream = self.streams[stream_id] = Stream()
        return stream

    def reply(self, stream_id: int, status: int, *data: bytes, end: bool = True) -> None:
        """A reply, a frame for each piece."""
        self._h2.send_headers(stream_id, [(":status", str(status)), ("content-type", "text/event-stream")])
        for piece in data:
            self._h2.send_data(stream_id, piece)
        if end:
            self._h2.end_stream(stream_id)
        self._flush()

    def cancel(self, stream: Stream) -> None:
        """RST_STREAM."""
        [stream_id] = [one for one, its in self.streams.items() if its is stream]
        self._h2.reset_stream(stream_id, h2.errors.ErrorCodes.CANCEL)
        self._flush()

    async def close(self) -> None:
        self._writer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _flush(self) -> None:
        self._writer.write(self._h2.data_to_send())

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(65536):
                for event in self._h2.receive_data(data):
                    self._take(event)
                self._flush()
        except ConnectionError:
            pass
        finally:
            self.lost.set()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived() | h2.events.ResponseReceived():
                stream = self.streams.setdefault(event.stream_id, Stream())
                stream.headers.update(event.headers)
            case h2.events.DataReceived():
                self.streams[event.stream_id].body += event.data
                self.streams[event.stream_id].data.set()
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                stream = self.streams[event.stream_id]
                stream.ended.set()
                if self._on_request is not None:
                    self._tasks.append(asyncio.create_task(self._on_request(self, event.stream_id, stream)))
            case h2.events.StreamReset():
                self.streams[event.stream_id].reset.set()
            case _:
                pass


@asynccontextmanager
async def http2_client(port: int) -> AsyncIterator[Http2]:
    """A connection to the proxy, over TLS."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_context("h2"))
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    connection = Http2(reader, writer)
    try:
        yield connection
    finally:
        await connection.close()


@dataclass
class Http2Upstream:
    """An upstream that speaks HTTP/2 only."""

    port: int
    connections: list[Http2] = field(default_factory=list)

    def request(self, body: bytes = b'{"q": 1}') -> UpstreamRequest:
        """An attempt at it."""
        headers = ((b"authorization", b"Bearer test-key-1"), (b"Content-Type", b"application/json"))
        return UpstreamRequest("POST", "https", "127.0.0.1", self.port, "/v1/up", headers, body)


@asynccontextmanager
async def http2_upstream(
    on_request: Callable[[Http2, int, Stream], Coroutine[None, None, None]],
) -> AsyncIterator[Http2Upstream]:
    """Listens on a free port."""
    served = Http2Upstream(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Http2(reader, writer, on_request)
        served.connections.append(connection)
        await connection.lost.wait()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context("h2"))
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for connection in served.connections:
            await connection.close()
        await server.wait_closed()
