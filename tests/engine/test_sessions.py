"""TLS sessions upstream are resumed, by those whom they belong to and by nobody else."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from mitmproxy.connection import Client, Server
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from addons.engine.egress import EgressServer
from addons.engine.sessions import TlsSessions
from addons.exchange import Egress
from tests.engine.http2 import Http2, Stream, http2_client, http2_upstream, server_context
from tests.engine.peers import END, HEAD, Message, Script, Talk, Upstream, ask, chunk, client, post, upstream
from tests.engine.stage import played, proxy, until
from tests.support.ports import free_port

pytestmark = pytest.mark.usefixtures("any_loop", "others_left_alone")

NEW, RESUMED = b"new", b"resumed"


@pytest.fixture
def others_left_alone() -> Iterator[None]:
    """A look for garbage is one at what this test has made: in a long run all else takes a second to go through."""
    gc.freeze()
    yield
    gc.unfreeze()


def of_version(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server's, which speaks that version alone."""
    context = server_context("http/1.1", str(version.value))  # The second name makes it one of its own.
    context.minimum_version = context.maximum_version = version
    return context


def tells() -> Script:
    """Says whether its connection's session was resumed."""

    async def script(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(HEAD + chunk(kind_of(talk.writer)) + END)

    return script


def kind_of(writer: asyncio.StreamWriter) -> bytes:
    shaken: ssl.SSLObject = writer.get_extra_info("ssl_object")
    return RESUMED if shaken.session_reused else NEW


@asynccontextmanager
async def relay() -> AsyncIterator[int]:
    """An HTTP proxy on a free port, which lets everybody out."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readuntil(b"\r\n\r\n")
        host, _, port = first.split()[1].decode().partition(":")
        there, out = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        ways = [asyncio.create_task(pipe(*way)) for way in ((reader, out), (there, writer))]
        await asyncio.gather(*ways, return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda it: it.name)
@played
async def test_the_connections_of_later_clients_resume(version: ssl.TLSVersion) -> None:
    async with proxy() as stage, upstream(tells(), tls=of_version(version)) as up:
        heard = []
        for _ in range(4):
            stage.conduct(up.request())
            heard.append((await ask(stage.port)).body)
            gc.collect()  # The last connection is no more.
        assert heard == [NEW, RESUMED, RESUMED, RESUMED]
        assert up.connections == 4


@played
async def test_what_an_open_connection_has_learnt_serves_others_at_once() -> None:
    async with proxy() as stage, upstream(tells(), tls=of_version(ssl.TLSVersion.TLSv1_3)) as up:
        stage.conduct(up.request())
        async with client(stage.port) as first:
            await first.send(post())
            assert (await first.read()).body == NEW
            stage.conduct(up.request())
            assert (await ask(stage.port)).body == RESUMED
            stage.conduct(up.request())
            await first.send(post())
            assert (await first.read()).body == NEW  # It is still the first.
        assert up.connections == 2


@played
async def test_http2_resumes_too_and_not_what_http1_has_learnt() -> None:
    seen = []

    async def notes(connection: Http2, stream_id: int, _: Stream) -> None:
        seen.append(kind_of(connection._writer))
        connection.reply(stream_id, 200, b"ok")

    async with proxy() as stage, http2_upstream(notes) as up:
        for _ in range(3):
            async with http2_client(stage.port) as talk:
                stage.conduct(up.request())
                await talk.ask("/one").ended.wait()
        assert seen == [NEW, RESUMED, RESUMED]


@played
async def test_no_session_is_shared_between_two_ways_out() -> None:
    async with proxy() as stage, relay() as port, upstream(tells(), tls=of_version(ssl.TLSVersion.TLSv1_3)) as up:
        ways = [None, *(Egress("http", "127.0.0.1", port, name, "test-password") for name in ("one", "other"))]
        for expected in (NEW, RESUMED, RESUMED):
            for way in ways:
                stage.conduct(up.request(egress=way))
                assert (await ask(stage.port)).body == expected, way
        assert up.connections == 9


@played
async def test_what_passes_takes_no_part() -> None:
    async with (
        proxy(mode="regular@127.0.0.1:0") as stage,
        upstream(tells(), tls=of_version(ssl.TLSVersion.TLSv1_3)) as up,
    ):
        passing = b"GET https://127.0.0.1:%d/ HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n\r\n" % (up.port, up.port)

        async def passes() -> bytes:
            async with client(stage.port) as talk:
                await talk.send(passing)
                return (await talk.read()).body

        assert [await passes(), await passes()] == [NEW, NEW]
        for expected in (NEW, RESUMED):
            stage.conduct(up.request())
            async with client(stage.port) as talk:
                await talk.send(post("http://gateway/one"))
                assert (await talk.read()).body == expected
        assert await passes() == NEW


@played
async def test_of_connections_that_are_over_or_never_came_to_be_nothing_is_kept() -> None:
    async with proxy() as stage, relay() as port, upstream(tells(), tls=of_version(ssl.TLSVersion.TLSv1_3)) as up:
        for way in (port, free_port()):
            stage.conduct(up.request(egress=Egress("http", "127.0.0.1", way)))
            await ask(stage.port)
        stage.flows.clear()
        stage.conductors.clear()
        await until(lambda: not kept_servers())


def kept_servers() -> list[EgressServer]:
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, EgressServer)]


# Without a proxy: handshakes in memory.


@pytest.fixture
def serving() -> SSL.Context:
    """A server's, with a certificate of its own."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    from tests.engine.http2 import own_certificate

    pem = own_certificate().read_bytes()
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(load_pem_x509_certificate(pem))
    context.use_privatekey(load_pem_private_key(pem, None))  # type: ignore[arg-type]
    return context


class Dialler:
    """Handshakes of exchanges, one after the other, each of which learns."""

    def __init__(self, sessions: TlsSessions, serving: SSL.Context) -> None:
        self.sessions = sessions
        self._serving = serving
        client = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), proxy_mode=ProxyMode.parse("regular"))
        self._context = Context(client, Options())

    def resumes(self, host: str, verifying: SSL.Context, **more: object) -> bool:
        """Whether a new connection resumed a session. `more`: attributes of the connection."""
        server = Server(address=(host, 443))
        server.sni = host
        for name, value in more.items():
            setattr(server, name, value)
        near = SSL.Connection(verifying)
        near.set_connect_state()
        far = SSL.Connection(self._serving)
        far.set_accept_state()
        self.sessions.dialled(server, None)
        self.sessions.tls_start_server(TlsData(server, self._context, near))
        shake(near, far)
        self.sessions.learn(server)
        self.sessions.server_disconnected(server)
        return bool(SSL._lib.SSL_session_reused(near._ssl))  # type: ignore[attr-defined]

    def fails(self, host: str, verifying: SSL.Context) -> None:
        """A handshake that comes to nothing."""
        server = Server(address=(host, 443))
        server.sni = host
        near = SSL.Connection(verifying)
        data = TlsData(server, self._context, near)
        self.sessions.dialled(server, None)
        self.sessions.tls_start_server(data)
        self.sessions.tls_failed_server(data)


def shake(near: SSL.Connection, far: SSL.Connection) -> None:
    for _ in range(4):
        for one, other in ((near, far), (far, near)):
            with suppress(SSL.WantReadError):
                one.do_handshake()
                one.recv(1)
            with suppress(SSL.WantReadError):
                other.bio_write(one.bio_read(1 << 16))
    with pytest.raises(SSL.WantReadError):
        near.recv(1)


def test_a_session_is_of_one_name_one_set_of_protocols_and_one_way_to_verify(serving: SSL.Context) -> None:
    one, other = SSL.Context(SSL.TLS_CLIENT_METHOD), SSL.Context(SSL.TLS_CLIENT_METHOD)
    dialler = Dialler(TlsSessions(), serving)
    assert not dialler.resumes("a.test", one)
    assert dialler.resumes("a.test", one)
    assert not dialler.resumes("a.test", other)
    assert not dialler.resumes("a.test", one, sni="b.test")
    assert not dialler.resumes("a.test", one, alpn_offers=(b"h2",))
    assert not dialler.resumes("a.test", one, via=("http", ("proxy.test", 80)))
    assert not dialler.resumes("a.test", one, address=("a.test", 8443))
    assert dialler.resumes("a.test", one)


def test_the_oldest_session_goes_where_there_are_too_many(serving: SSL.Context) -> None:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    dialler = Dialler(TlsSessions(most_kept=2), serving)
    heard = [dialler.resumes(host, context) for host in ("a", "b", "a", "c", "a", "b")]
    assert heard == [False, False, True, False, True, False]


def test_a_session_with_which_a_handshake_failed_is_not_tried_again(serving: SSL.Context) -> None:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    dialler = Dialler(TlsSessions(), serving)
    dialler.resumes("a", context)
    dialler.fails("a", context)
    assert not dialler.resumes("a", context)
