"""The way to the upstream of the attempt under way: the dial, then the connection and the stream's id there."""

import time
from typing import TYPE_CHECKING, Final, cast

from mitmproxy.connection import Connection
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import (
    DropStream,
    ErrorCode,
    GetHttpConnectionCompleted,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    SendHttp,
)

from addons.engine.egress import EgressServer
from addons.engine.messages import SentRequest, sent_request
from addons.engine.upstream import ConnectUpstream
from addons.exchange import Breakage, UpstreamRequest

if TYPE_CHECKING:
    from addons.engine.layer import ExchangeHttpLayer
    from addons.engine.stream import ExchangeStream

NEVER: Final = float("inf")


class Link:
    """One request after the other: connect(), send() when the connection is there, and either its end or cancel().

    `reading`: a reply is still to come, or to go on, from `server`. `deadline_s`: when the upstream has taken too long,
    by time.monotonic().
    """

    def __init__(self, stream: "ExchangeStream") -> None:
        self.reading = False
        self.deadline_s = NEVER
        self._stream = stream
        self._alias = stream.stream_id
        self._used = False
        self._request: UpstreamRequest | None = None
        self._connecting: ConnectUpstream | None = None
        self._asked_s = 0.0
        self.server: Connection | None = None
        self._sent: SentRequest | None = None
        self._reused = False

    @property
    def target(self) -> str:
        """For messages."""
        request = self._request
        if request is None:
            return ""
        egress = request.egress
        return f"{request.host}:{request.port}" + (
            "" if egress is None else f" through the proxy {egress.host}:{egress.port}"
        )

    @property
    def tunnel(self) -> Connection | None:
        """The connection to the proxy, where there is one."""
        return self.server.tunnel if isinstance(self.server, EgressServer) else None

    @property
    def stale(self) -> bool:
        """Whether what broke was only a kept connection that its other end had already closed."""
        if not self._reused or self._sent is None or self._sent.answered:
            return False
        server = self.server
        # A stream that was reset on HTTP/2 is an answer: its connection is still there.
        return server is None or server.alpn != b"h2" or not server.connected

    @property
    def is_lost(self) -> bool:
        """Whether a reply is awaited of a connection that has ended."""
        return self.reading and self.server is not None and self.server.timestamp_end is not None

    def connect(self, request: UpstreamRequest, *, fresh: bool = False) -> CommandGenerator[None]:
        """Asks for a connection; the answer may come inside the yield."""
        self._request = request
        self._asked_s = time.time()
        self.deadline_s = time.monotonic() + request.connect_timeout_s
        address = (request.host, request.port)
        via = self._stream.flow.server_conn.via if request.egress is None else None
        self._connecting = ConnectUpstream(address, request.scheme == "https", via, fresh=fresh, egress=request.egress)
        # Any value but True: what stands still is said to be dealt with, so that nobody does.
        self._connecting.blocking = self._stream  # type: ignore[assignment]
        yield self._connecting

    def is_awaited(self, completed: GetHttpConnectionCompleted) -> bool:
        """Whether this is the connection that was asked for last, and still wanted."""
        return completed.command is self._connecting

    def failed(self) -> None:
        """There is no connection."""
        self._connecting = None

    def send(self, connection: Connection) -> CommandGenerator[None]:
        """The request goes out, under an id of its own where it is not the first."""
        request = self._request
        assert request is not None
        if self._used:
            yield from self.forget()
            self._alias = self._layer.new_alias(self._stream)
        self._used = True
        self._connecting = None
        self.server = connection
        self._reused = connection.timestamp_start is not None and connection.timestamp_start < self._asked_s
        self._sent = sent_request(request)
        self.reading = True
        self.deadline_s = time.monotonic() + request.silence_timeout_s
        yield SendHttp(RequestHeaders(self._alias, self._sent, end_stream=not request.body), connection)
        if request.body:
            yield SendHttp(RequestData(self._alias, request.body), connection)
        yield SendHttp(RequestEndOfMessage(self._alias), connection)

    def hears(self, stream_id: int) -> bool:
        """Whether an event with this id is of the reply; if so, the upstream is not silent."""
        if stream_id != self._alias or not self.reading:
            return False
        assert self._request is not None
        self.deadline_s = time.monotonic() + self._request.silence_timeout_s
        return True

    def answered(self) -> None:
        """A reply has begun."""
        assert self._sent is not None
        self._sent.answered = True

    def rest(self) -> None:
        """Nothing is awaited of an upstream."""
        self.reading = False
        self.deadline_s = NEVER

    def overdue(self) -> tuple[Breakage, str] | None:
        """How the upstream has let us down; None where it has not yet."""
        request = self._request
        if request is None or self.deadline_s > time.monotonic():
            return None
        if self._connecting is None:
            return Breakage.TIMEOUT, f"nothing came for {request.silence_timeout_s:g} s"
        dialled = self._layer.dialled(self._connecting)
        if dialled is not None and dialled.timestamp_start is None and dialled.via is None:
            # The dial has not begun: a server_connect hook takes its time.
            self.deadline_s = time.monotonic() + request.connect_timeout_s
            return None
        return Breakage.CONNECT, f"no connection to {self.target} within {request.connect_timeout_s:g} s"

    def cancel(self, why: str) -> CommandGenerator[None]:
        """Closes an HTTP/1 connection, resets a stream of HTTP/2, gives up a dial; nothing where it is all over."""
        reading, connecting = self.reading, self._connecting
        self._connecting = None
        self.rest()
        if connecting is not None:
            yield from self._layer.give_up(connecting)
        elif reading and self.server in self._layer.connections:
            yield SendHttp(RequestProtocolError(self._alias, why, ErrorCode.CANCEL), self.server)

    def forget(self) -> CommandGenerator[None]:
        """Late events for the id that is not the stream's own find nobody."""
        if self._alias != self._stream.stream_id:
            yield DropStream(self._alias)

    @property
    def _layer(self) -> "ExchangeHttpLayer":
        layers = self._stream.context.layers
        return cast("ExchangeHttpLayer", layers[layers.index(self._stream) - 1])
