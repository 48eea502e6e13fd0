"""HTTP/1.1 and HTTP/2 through the HTTPS proxy: what a client is offered, and what passes between the two."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest

from tests.engine.http2 import Http2, Stream, client_context, server_context
from tests.engine.peers import Talk, whole
from tests.support.config import config
from tests.support.origin import SWITCHED
from tests.support.ports import free_port
from tests.support.proxied import proxied
from tests.support.proxy import Proxy
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running

BOTH: Final = ("h2", "http/1.1")
VENDOR: Final = "chatgpt.com"
OTHER: Final = "api.openai.com"
REMOTE: Final = "api.anthropic.com"
"""Where clients are remote-controlled by WebSockets."""
INFERENCE: Final = "/backend-api/codex/responses"
CONTROL: Final = "/backend-api/wham/usage"
ASKED: Final = json.dumps({"model": "gpt-asked", "input": "hello"}).encode()


@dataclass(slots=True)
class Place:
    """The proxy, and the port to which VENDOR and REMOTE lead: nobody listens there, unless a test does."""

    proxy: Proxy
    port: int


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    vendor, port = ResponsesVendor(genuine=True), free_port()
    with running(vendor):
        models = [{"name": "gpt-5-sim", "alias": "gpt-asked"}]
        entry = {"api-key": "test-key-1", "base-url": vendor.base_url, "models": models}
        with proxied(config(codex_api_key=[entry]), {VENDOR: port, REMOTE: port}) as proxy:
            yield Place(proxy, port)


@asynccontextmanager
async def tunnel(here: Place, host: str, *offered: str) -> AsyncIterator[tuple[Talk, str | None]]:
    """A client's connection to a vendor, and the protocol that it agreed on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", here.proxy.intercept_port)
    talk = Talk(reader, writer)
    try:
        await talk.send(f"CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n".encode())
        assert (await talk.read_head()).status == 200
        context = client_context(*offered) if offered else _without_alpn()
        await writer.start_tls(context, server_hostname=host)
        shaken: ssl.SSLObject = writer.get_extra_info("ssl_object")
        yield talk, shaken.selected_alpn_protocol()
    finally:
        await talk.close()


@dataclass(slots=True)
class Vendor:
    """Who stands at VENDOR: `spoken` is what it agreed on with each of its clients."""

    spoken: list[str | None] = field(default_factory=list)
    asked: list[tuple[bytes, bytes | None]] = field(default_factory=list)


@asynccontextmanager
async def vendor(here: Place, *offered: str) -> AsyncIterator[Vendor]:
    found = Vendor()

    async def answer(connection: Http2, stream_id: int, stream: Stream) -> None:
        found.asked.append((stream.body, stream.headers.get(b"authorization")))
        connection.reply(stream_id, 200, b"passed")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        found.spoken.append(protocol)
        if protocol == "h2":
            connection = Http2(reader, writer, answer)
            await connection.lost.wait()
            await connection.close()
            return
        talk = Talk(reader, writer)
        try:
            while True:
                message = await talk.read()
                found.asked.append((message.body, message.headers.get(b"authorization")))
                await talk.send(SWITCHED if b"upgrade" in message.headers else whole(200, b"passed"))
        except (asyncio.IncompleteReadError, ConnectionError):
            await talk.close()

    server = await asyncio.start_server(serve, "127.0.0.1", here.port, ssl=server_context(*offered))
    try:
        yield found
    finally:
        server.close()
        await server.wait_closed()


async def asked(talk: Talk, protocol: str | None, path: str) -> tuple[int, bytes]:
    """The status and the body of one POST with the client's own credential."""
    if protocol == "h2":
        connection = Http2(talk.reader, talk.writer)
        stream = connection.ask(path, ASKED, authorization="Bearer own-1")
        await asyncio.wait_for(stream.ended.wait(), 10)
        await connection.close()
        return stream.status, stream.body
    head = f"POST {path} HTTP/1.1\r\nhost: {VENDOR}\r\nauthorization: Bearer own-1\r\ncontent-length: {len(ASKED)}"
    await talk.send(f"{head}\r\n\r\n".encode() + ASKED)
    message = await asyncio.wait_for(talk.read(), 10)
    return message.status, message.body


@pytest.mark.parametrize(
    ("host", "offered", "agreed"),
    [
        (REMOTE, BOTH, "http/1.1"),
        (REMOTE, ("h2",), "h2"),
        (REMOTE, (), None),
        (VENDOR, BOTH, "h2"),
        (VENDOR, ("http/1.1",), "http/1.1"),
        (VENDOR, (), None),
        (OTHER, BOTH, "h2"),
        (OTHER, ("http/1.1", "h2"), "http/1.1"),
    ],
)
def test_what_is_offered_depends_on_the_host_and_not_on_whether_its_vendor_is_there(
    here: Place, host: str, offered: tuple[str, ...], agreed: str | None
) -> None:
    async def shake() -> str | None:
        async with tunnel(here, host, *offered) as (_, protocol):
            return protocol

    assert asyncio.run(shake()) == agreed


@pytest.mark.parametrize("offered", [BOTH, ("http/1.1",), ()], ids=["HTTP/2", "HTTP/1.1", "unsaid"])
def test_an_exchange_does_not_need_the_vendor(here: Place, offered: tuple[str, ...]) -> None:
    async def ask() -> tuple[int, bytes]:
        async with tunnel(here, VENDOR, *offered) as (talk, protocol):
            return await asked(talk, protocol, INFERENCE)

    status, body = asyncio.run(ask())
    assert (status, b"echo: hello" in body) == (200, True)


@pytest.mark.parametrize(
    ("offered", "vendors", "spoken"),
    [
        (BOTH, BOTH, "h2"),
        (BOTH, ("http/1.1",), "http/1.1"),
        (("h2",), ("http/1.1",), "http/1.1"),
        (("http/1.1",), BOTH, "http/1.1"),
        (("http/1.1", "h2"), BOTH, "http/1.1"),
        ((), BOTH, None),
    ],
    ids=["2 to 2", "2 to 1.1", "only 2 to 1.1", "1.1 to 1.1", "rather 1.1 to 1.1", "unsaid"],
)
def test_what_passes_goes_in_the_protocol_of_the_client_where_the_vendor_has_it(
    here: Place, offered: tuple[str, ...], vendors: tuple[str, ...], spoken: str | None
) -> None:
    async def ask() -> tuple[tuple[int, bytes], Vendor]:
        async with vendor(here, *vendors) as there, tunnel(here, VENDOR, *offered) as (talk, protocol):
            return await asked(talk, protocol, CONTROL), there

    answer, there = asyncio.run(ask())
    assert answer == (200, b"passed")
    assert (there.spoken, there.asked) == ([spoken], [(ASKED, b"Bearer own-1")])


def test_a_websocket_passes_to_a_vendor_that_would_rather_speak_http2(here: Place) -> None:
    handshake = (
        f"GET /api/ws/remote HTTP/1.1\r\nhost: {REMOTE}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
    )

    async def ask() -> tuple[int, Vendor]:
        async with vendor(here, *BOTH) as there, tunnel(here, REMOTE, *BOTH) as (talk, _):
            await talk.send(handshake.encode())
            return (await asyncio.wait_for(talk.read_head(), 10)).status, there

    status, there = asyncio.run(ask())
    assert (status, there.spoken) == (101, ["http/1.1"])


def test_on_one_connection_some_passes_and_some_is_answered_here(here: Place) -> None:
    async def ask() -> tuple[list[bytes], Vendor]:
        async with vendor(here, *BOTH) as there, tunnel(here, VENDOR, *BOTH) as (talk, _):
            connection = Http2(talk.reader, talk.writer)
            streams = [connection.ask(path, ASKED) for path in (CONTROL, INFERENCE, CONTROL, INFERENCE)]
            for stream in streams:
                await asyncio.wait_for(stream.ended.wait(), 10)
            await connection.close()
            return [stream.body for stream in streams], there

    bodies, there = asyncio.run(ask())
    assert [b"echo: hello" in body for body in bodies] == [False, True, False, True]
    assert (bodies[::2], len(there.asked), set(there.spoken)) == ([b"passed"] * 2, 2, {"h2"})


def _without_alpn() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
