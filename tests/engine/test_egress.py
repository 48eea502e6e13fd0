"""Requests that leave through a proxy of their own: real proxies, and raw ones that misbehave."""

import asyncio
import functools
import re
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from addons.exchange import Egress
from tests.engine.peers import ask, chunk, client, post, replies, streams, upstream, whole
from tests.engine.stage import confdir, played, proxy, until
from tests.support.ports import free_port

USER, PASSWORD = "test-user", "test pass word"


@dataclass
class Proxies:
    """A mitmdump that is an HTTP and a SOCKS proxy, with a login."""

    http: int
    socks: int
    log: list[str]


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxies]:
    http, socks = free_port(), free_port()
    process = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "mitmdump"),
            *("--mode", f"regular@127.0.0.1:{http}", "--mode", f"socks5@127.0.0.1:{socks}"),
            *("--set", f"proxyauth={USER}:{PASSWORD}", "--set", "ignore_hosts=.*"),
            *("--set", f"confdir={tmp_path_factory.mktemp('proxies')}"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    log: list[str] = []
    while sum(" listening at " in line for line in log) < 2:
        line = process.stdout.readline()
        assert line, "".join(log)
        log.append(line)
    try:
        yield Proxies(http, socks, log)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def egress(proxies: Proxies, scheme: str, password: str = PASSWORD, username: str = USER) -> Egress:
    port = proxies.socks if scheme.startswith("socks") else proxies.http
    return Egress(scheme, "127.0.0.1", port, username, password)


@functools.cache
def upstream_tls() -> ssl.SSLContext:
    """A certificate that nobody trusts; the stage does not look."""
    from mitmproxy.certs import CertStore

    store = CertStore.from_store(confdir(), "mitmproxy", 2048)
    entry = store.get_cert("127.0.0.1", [])
    folder = Path(confdir())
    (folder / "up.pem").write_bytes(entry.cert.to_pem())
    from cryptography.hazmat.primitives import serialization

    (folder / "up.key").write_bytes(
        entry.privatekey.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "up.pem", folder / "up.key")
    return context


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_request_goes_out_through_its_proxy(proxies: Proxies, scheme: str, secure: bool) -> None:
    @played
    async def scenario() -> None:
        async with proxy() as stage, upstream(streams(b"one", b"two"), tls=upstream_tls() if secure else None) as up:
            conductor = stage.conduct(up.request(egress=egress(proxies, scheme)))
            reply = await ask(stage.port)
            assert (reply.status, reply.body) == (200, b"onetwo"), conductor.attempts[0].note
            assert up.requests[0].headers.get(b"proxy-authorization") is None

    scenario()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_one_client_reaches_as_many_upstreams_through_a_proxy_as_there_are(proxies: Proxies, scheme: str) -> None:
    @played
    async def scenario() -> None:
        async with proxy() as stage, AsyncExitStack() as opened, client(stage.port) as talk:
            for _ in range(8):
                up = await opened.enter_async_context(upstream(streams(b"x")))
                conductor = stage.conduct(up.request(egress=egress(proxies, scheme)))
                await talk.send(post())
                assert (await talk.read()).body == b"x", conductor.attempts[0].note

    scenario()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_wrong_password_fails_over_and_is_told(proxies: Proxies, scheme: str) -> None:
    @played
    async def scenario() -> None:
        async with proxy() as stage, upstream(streams(b"x")) as up:
            wrong = up.request(egress=egress(proxies, scheme, "wrong"))
            conductor = stage.conduct(wrong, up.request())
            assert (await ask(stage.port)).body == b"x"
            assert conductor.logs[0] == ["broken connect"]
            note = conductor.attempts[0].note
            assert re.search("407|refused the user name or the password", note)
            assert "wrong" not in note
            assert up.connections == 1

    scenario()


def test_a_socks_proxy_that_wants_a_login_says_so(proxies: Proxies) -> None:
    @played
    async def scenario() -> None:
        async with proxy() as stage, upstream(streams(b"x")) as up:
            conductor = stage.conduct(up.request(egress=egress(proxies, "socks5", "", "")))
            await ask(stage.port)
            assert "it wants a login" in conductor.attempts[0].note
            assert up.connections == 0

    scenario()


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
@played
async def test_a_proxy_that_is_not_there_fails_over(scheme: str) -> None:
    async with proxy() as stage, upstream(streams(b"x")) as up:
        gone = Egress(scheme, "127.0.0.1", free_port())
        stage.conduct(up.request(egress=gone), up.request(egress=gone), up.request())
        assert (await ask(stage.port)).body == b"x"


def test_connections_are_kept_for_the_same_egress_and_shared_with_no_other(proxies: Proxies) -> None:
    @played
    async def scenario() -> None:
        async with proxy() as stage, upstream(replies(whole(200, b"ok"))) as up:
            one = egress(proxies, "http")
            other = egress(proxies, "socks5")
            plan = [up.request(egress=way) for way in (one, one, None, other, one, other, None)]
            stage.conduct(*plan, whole=True)
            async with client(stage.port) as talk:
                for _ in plan:
                    await talk.send(post())
                    assert (await talk.read()).body == b"ok"
            assert len(up.requests) == 7
            assert up.connections == 3

    scenario()


@dataclass
class RawProxy:
    """What it says in which order; what it heard."""

    port: int
    heard: bytearray


@asynccontextmanager
async def raw_proxy(*said: bytes, close: bool = False, drip: bool = False) -> AsyncIterator[RawProxy]:
    """Answers each piece that it hears with the next of `said`; then is silent, or closes."""
    raw = RawProxy(0, bytearray())
    over = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        for piece in said:
            raw.heard += await reader.read(65536)
            for part in [piece[at : at + 1] for at in range(len(piece))] if drip else [piece]:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
        if not close:
            while data := await reader.read(65536):
                raw.heard += data
        over.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


REPLY = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    + chunk(b"hi")
    + b"0\r\n\r\n"
)
GRANTED = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"
GRANTED_BY_NAME = b"\x05\x00\x00\x03\x04host\x00\x50"


@pytest.mark.parametrize(
    "said",
    [
        (b"\x05\x00", GRANTED, REPLY),
        (b"\x05\x00", GRANTED_BY_NAME, REPLY),
        (b"\x05\x02", b"\x01\x00", GRANTED, REPLY),
    ],
    ids=["address", "name", "login"],
)
@pytest.mark.parametrize("drip", [False, True], ids=["whole", "byte by byte"])
@played
async def test_a_socks_proxy_may_answer_in_any_pieces(said: tuple[bytes, ...], drip: bool) -> None:
    async with proxy() as stage, raw_proxy(*said, drip=drip) as raw, upstream(streams(b"never")) as up:
        stage.conduct(up.request(egress=Egress("socks5", "127.0.0.1", raw.port, USER, PASSWORD)))
        assert (await ask(stage.port)).body == b"hi"
        assert raw.heard.startswith(b"\x05\x02\x00\x02")
        assert b"POST /v1/up HTTP/1.1" in raw.heard


@pytest.mark.parametrize("drip", [False, True], ids=["whole", "byte by byte"])
@played
async def test_an_http_proxy_hears_a_connect_with_the_login_and_nothing_of_ours(drip: bool) -> None:
    said = (b"HTTP/1.1 200 Connection established\r\nx: y\r\n\r\n", REPLY)
    async with proxy() as stage, raw_proxy(*said, drip=drip) as raw, upstream(streams(b"never")) as up:
        stage.conduct(up.request(egress=Egress("http", "127.0.0.1", raw.port, USER, PASSWORD)))
        assert (await ask(stage.port)).body == b"hi"
        head, _, _ = bytes(raw.heard).partition(b"\r\n\r\n")
        assert head.split(b"\r\n") == [
            b"CONNECT 127.0.0.1:%d HTTP/1.1" % up.port,
            b"Host: 127.0.0.1:%d" % up.port,
            b"Proxy-Authorization: Basic dGVzdC11c2VyOnRlc3QgcGFzcyB3b3Jk",
        ]


@pytest.mark.parametrize(
    ("scheme", "said", "reason"),
    [
        ("socks5", (b"\x04\x00",), "no SOCKS 5 proxy"),
        ("socks5", (b"\x05\xff",), "wants a login"),
        ("socks5", (b"\x05\x00", b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"), "connection refused"),
        ("socks5", (b"\x05\x00", b"\x05\x63\x00\x01\x00\x00\x00\x00\x00\x00"), "refused (99)"),
        ("http", (b"HTTP/1.1 403 Forbidden\r\n\r\n",), "403"),
        ("http", (b"garbage\r\n\r\n",), "Error connecting"),
    ],
)
@played
async def test_a_refusing_proxy_fails_over_with_its_reason(scheme: str, said: tuple[bytes, ...], reason: str) -> None:
    async with proxy() as stage, raw_proxy(*said) as raw, upstream(streams(b"x")) as up:
        conductor = stage.conduct(up.request(egress=Egress(scheme, "127.0.0.1", raw.port)), up.request())
        assert (await ask(stage.port)).body == b"x"
        assert reason in conductor.attempts[0].note


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("said", [(), (b"\x05\x00",)], ids=["at once", "in the handshake"])
@played
async def test_a_proxy_that_closes_fails_over(scheme: str, said: tuple[bytes, ...]) -> None:
    async with proxy() as stage, raw_proxy(*said, close=True) as raw, upstream(streams(b"x")) as up:
        stage.conduct(up.request(egress=Egress(scheme, "127.0.0.1", raw.port)), up.request())
        assert (await ask(stage.port)).body == b"x"


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
@played
async def test_a_proxy_that_says_nothing_is_given_up_and_the_next_dial_is_a_new_one(scheme: str) -> None:
    async with proxy() as stage, raw_proxy() as raw, upstream(streams(b"x")) as up:
        silent = up.request(egress=Egress(scheme, "127.0.0.1", raw.port), connect_timeout_s=0.2)
        conductor = stage.conduct(silent, silent, up.request())
        assert (await ask(stage.port)).body == b"x"
        assert conductor.logs == [["broken connect"], ["broken connect"], ["opened 200", "closed"]]


@played
async def test_a_client_that_leaves_while_the_proxy_is_dialled_leaves_nothing_behind() -> None:
    async with proxy() as stage, raw_proxy() as raw, upstream(streams(b"x")) as up:
        conductor = stage.conduct(up.request(egress=Egress("http", "127.0.0.1", raw.port)))
        async with client(stage.port) as talk:
            await talk.send(post())
            await until(lambda: bool(raw.heard))
        await conductor.ended.wait()
        assert conductor.logs == [["cancelled"]]


@played
async def test_a_tunnel_that_breaks_in_the_reply_ends_the_reply() -> None:
    said = (b"HTTP/1.1 200 OK\r\n\r\n", REPLY[:-5])
    async with proxy() as stage, raw_proxy(*said, close=True) as raw, upstream(streams(b"never")) as up:
        conductor = stage.conduct(up.request(egress=Egress("http", "127.0.0.1", raw.port)))
        assert (await ask(stage.port)).body == b"hi[broken]"
        assert conductor.logs == [["opened 200", "broken protocol"]]
