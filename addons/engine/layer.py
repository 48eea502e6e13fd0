"""mitmproxy's HTTP layer, with streams that can run an exchange, and how it gets into a connection."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Final, Literal, cast

from mitmproxy.connection import Address, Client, Connection, Server
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator, Layer, NextLayer
from mitmproxy.proxy.layers.http import (
    GetHttpConnection,
    GetHttpConnectionCompleted,
    Http1Client,
    HttpClient,
    HttpLayer,
    RegisterHttpConnection,
)
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import TlsData

from addons.engine.coalesce import merged
from addons.engine.egress import EgressServer, tunnel_to
from addons.engine.services import Services
from addons.engine.stream import ExchangeStream
from addons.engine.timers import Reason, Signal
from addons.engine.upstream import ConnectUpstream, UpstreamHttp1
from addons.exchange import Egress
from addons.garbage import Garbage

logger = logging.getLogger(__name__)

FIRST_ALIAS: Final = 1 << 40
STREAMS_AT_ONCE: Final = 8
HTTP1: Final = (b"http/1.1",)
HTTP2: Final = (b"h2", b"http/1.1")
"""What an upstream is offered."""
NO_PROTOCOL: Final = "no application protocol"
"""OpenSSL's words for the alert of a server that speaks none of what was offered (RFC 7301, section 3.2)."""


class ExchangeHttpLayer(HttpLayer):
    """One client connection."""

    services: Services
    dropped: list[ExchangeStream]
    _last_alias = FIRST_ALIAS
    _made_in_event = 0

    def new_alias(self, stream: ExchangeStream) -> int:
        """Another id for the stream, on the upstream's side.

        The layer routes upstream events by stream id. Late events of an attempt that was given up carry its old id, so
        nobody takes them for the next attempt's.
        """
        self._last_alias += 1
        self.streams[self._last_alias] = stream
        return self._last_alias

    def dialled(self, command: ConnectUpstream) -> Server | None:
        """The connection that is being opened for the command, and perhaps for other streams too."""
        for connection, waiting in self.waiting_for_establishment.items():
            if any(one is command for one in waiting):
                return cast(Server, connection)
        return None

    def give_up(self, command: ConnectUpstream) -> CommandGenerator[None]:
        """Stops the dial if nobody else wants it.

        One that has not begun, because a server_connect hook still runs, goes on: stopped there it would never be
        reported as failed, and everybody who asks for the same address afterwards would wait for it.
        """
        connection = self.dialled(command)
        if connection is None or len(self.waiting_for_establishment[connection]) > 1:
            return
        dial = connection.tunnel if isinstance(connection, EgressServer) else connection
        if dial.timestamp_start is not None:
            yield commands.CloseConnection(dial)

    def make_stream(self, stream_id: int) -> CommandGenerator[None]:
        # On HTTP/1 a pipelined request begins *inside* the end of the one before it, so that the stack grows with each.
        if self.context.client.alpn != b"h2":
            self._made_in_event += 1
        hooks_now = self._made_in_event <= STREAMS_AT_ONCE
        stream = ExchangeStream(self.context.fork(), stream_id, self.services, self.dropped, hooks_now=hooks_now)
        self.streams[stream_id] = stream
        yield from self.event_to_child(stream, events.Start())

    def get_connection(self, event: GetHttpConnection, *, reuse: bool = True) -> CommandGenerator[None]:
        if isinstance(event, ConnectUpstream):
            self._forget_dead_connections()
            self._lift_limit((event.egress.host, event.egress.port) if event.egress else event.address)
            reuse = reuse and not event.fresh
            if event.egress is not None:
                yield from self._get_tunnelled(event, event.egress, reuse=reuse)
                return
        yield from super().get_connection(event, reuse=reuse)
        if isinstance(event, ConnectUpstream):
            server = self.dialled(event)
            if server is not None and self.waiting_for_establishment[server] == [event]:
                self._prepare(server)

    def _get_tunnelled(self, event: ConnectUpstream, egress: Egress, *, reuse: bool) -> CommandGenerator[None]:
        """As mitmproxy's own, for a connection through a proxy: never shared with another egress."""
        for connection in self.connections if reuse else ():
            if not event.connection_spec_matches(connection):
                continue
            if connection in self.waiting_for_establishment:
                self.waiting_for_establishment[connection].append(event)
                return
            # On HTTP/1 a connection serves one stream at a time; those of an HTTP/2 client come all at once.
            if connection.connected and (self.context.client.alpn != b"h2" or connection.alpn == b"h2"):
                stream = self.command_sources.pop(event)
                yield from self.event_to_child(stream, GetHttpConnectionCompleted(event, (connection, None)))
                return
        context = self.context.fork()
        server = context.server = EgressServer.behind(egress, event.address)
        stack = tunnel_to(context, server)
        if event.tls:
            server.sni = event.address[0]
            stack /= ServerTLSLayer(context)
        stack /= HttpClient(context)
        self.connections[server] = stack[0]
        self.waiting_for_establishment[server].append(event)
        self._prepare(server, egress, server.tunnel)
        yield from self.event_to_child(stack[0], events.Start())

    def _prepare(self, server: Server, egress: Egress | None = None, tunnel: Server | None = None) -> None:
        """What its handshake needs. HTTP/2 for a client that asks for much at once; HTTP/1 costs half of it."""
        needs_second = self.context.client.alpn == b"h2" or server.address in self.services.second_version_only
        server.alpn_offers = HTTP2 if needs_second else HTTP1
        self.services.sessions.dialled(server, egress, tunnel)

    def register_connection(self, command: RegisterHttpConnection) -> CommandGenerator[None]:
        if self._wants_second_version(command):
            for waiting in self.waiting_for_establishment.pop(command.connection):
                yield from self.get_connection(waiting)
            return
        if not command.err:
            reader = self.connections[command.connection].context.layers[-1]
            if type(reader) is Http1Client:
                reader.__class__ = UpstreamHttp1
                reader.state = reader.read_headers  # It was bound before the class changed.
        yield from super().register_connection(command)

    def _wants_second_version(self, command: RegisterHttpConnection) -> bool:
        """Whether the upstream speaks HTTP/2 alone, and was not offered it. From then on it is."""
        server = command.connection
        if not command.err or NO_PROTOCOL not in command.err or not isinstance(server, Server):
            return False
        if tuple(server.alpn_offers) != HTTP1 or server.address is None:
            return False
        self.services.second_version_only.add(server.address)
        return True

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        self._made_in_event = 0
        yield from merged(self._watched(event))
        while self.dropped:
            self.dropped.pop().let_go()

    def _watched(self, event: events.Event) -> CommandGenerator[None]:
        """An exception on the way up or down would leave a running exchange without an end: it is told."""
        try:
            if isinstance(event, Signal):
                yield from self._deliver(event)
            else:
                yield from super()._handle_event(event)
        except Exception:
            running = [stream for stream in self._own_streams() if stream.run is not None]
            if not running:
                raise
            logger.exception("client=%s an event broke the HTTP layer", self.context.client.peername)
            for stream in running:
                yield from self.event_to_child(stream, Signal(stream, Reason.FAULT))

    def _deliver(self, signal: Signal) -> CommandGenerator[None]:
        stream = signal.stream
        if self.streams.get(stream.stream_id) is stream:
            yield from self.event_to_child(stream, signal)
            return
        for tunnel in tuple(self._own_streams()):
            if tunnel.child_layer is not None and tunnel.flow.request.method == "CONNECT":
                yield from self.event_to_child(tunnel, signal)

    def _own_streams(self) -> Iterator[ExchangeStream]:
        for stream_id, stream in tuple(self.streams.items()):
            if stream_id == stream.stream_id:
                yield cast(ExchangeStream, stream)

    def _lift_limit(self, address: Address) -> None:
        """mitmproxy lets a client have five connections to an address, kept ones too; the next one would wait for the
        end of another, perhaps for ever. Here streams are limited by HTTP/2, kept connections by the config."""
        handler = self.services.handlers.get(self.context.client.id)
        if handler is not None and not isinstance(handler.max_conns[address], Unlimited):
            handler.max_conns[address] = Unlimited()

    def _forget_dead_connections(self) -> None:
        """mitmproxy keeps every upstream connection of a client for as long as the client stays."""
        dead = [
            connection
            for connection in self.connections
            if connection is not self.context.client
            and connection not in self.waiting_for_establishment
            and not connection.connected
            and (
                connection.timestamp_end is not None
                or isinstance(connection, EgressServer)
                or (connection.error and not _was_open(connection))
            )
        ]
        for connection in dead:
            del self.connections[connection]


def _was_open(connection: Connection) -> bool:
    return isinstance(connection, Server) and connection.timestamp_tcp_setup is not None


class Unlimited(asyncio.Semaphore):
    """Lets everybody pass."""

    async def acquire(self) -> Literal[True]:
        return True

    def release(self) -> None:
        pass


class LayerInstaller:
    """The addon that puts our layer in place of the stock one. It must stand behind mitmproxy's NextLayer."""

    name = "cliproxy-layers"

    def __init__(self, services: Services, garbage: Garbage) -> None:
        self._services = services
        self._garbage = garbage

    def client_disconnected(self, client: Client) -> None:
        """What is left of its layers holds itself."""
        self._garbage.closed(tls=client.tls, still_open=len(self._services.handlers))

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        """The last word on an upstream connection."""
        self._services.sessions.server_disconnected(data.server)
        self._services.timers.lost(data.server)

    def tls_start_server(self, data: TlsData) -> None:
        """Behind mitmproxy's TlsConfig, which has made the connection's TLS."""
        self._services.sessions.tls_start_server(data)

    def tls_failed_server(self, data: TlsData) -> None:
        """What was offered was of no use."""
        self._services.sessions.tls_failed_server(data)

    def next_layer(self, decision: NextLayer) -> None:
        """The fresh stack has seen no event yet, so its HTTP layer may still change its class."""
        try:
            self._put_in(decision.layer)
        except Exception:  # Fail closed: the stock layer would send an exchange to where its client meant it to go.
            logger.exception("client=%s has no layer of ours", decision.context.client.peername)
            decision.layer = Closed(decision.context)

    def _put_in(self, layer: Layer | None) -> None:
        while layer is not None:
            if type(layer) is HttpLayer:
                layer.__class__ = ExchangeHttpLayer
                ours = cast(ExchangeHttpLayer, layer)
                ours.services, ours.dropped = self._services, []
            layer = getattr(layer, "child_layer", None)
            if isinstance(layer, NextLayer):
                layer = layer.layer


class Closed(Layer):
    """Ends the client's connection."""

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)
