"""The upstream's side: what an attempt sends, how it gets its connection, and how an HTTP/1 reply is read."""

import re
from dataclasses import dataclass
from typing import Final

import h11
from mitmproxy import http
from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import (
    ErrorCode,
    GetHttpConnection,
    Http1Client,
    HttpEvent,
    ReceiveHttp,
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseProtocolError,
)

from addons.engine.egress import EgressServer
from addons.engine.messages import SentRequest
from addons.exchange import Egress

HEAD_BYTES: Final = 1 << 20
INFORMATIONAL: Final = re.compile(rb"HTTP/1\.[01] 1(?!01)\d\d[ \r\n]")


@dataclass(eq=False)
class ConnectUpstream(GetHttpConnection):
    """Asks the HTTP layer for a connection. `fresh`: none that has been used before. `egress`: through that proxy.

    The stream does not stand still until it is there (`blocking` names the stream, it is not True): events, above all
    the client's going, are handled at once.
    """

    fresh: bool = False
    egress: Egress | None = None

    def connection_spec_matches(self, connection: Connection) -> bool:
        # mitmproxy remembers a failed connection for as long as the client stays, and would fail at once again.
        if connection.error:
            return False
        if isinstance(connection, EgressServer):
            return (self.egress, self.address, self.tls) == (connection.egress, connection.address, connection.tls)
        return self.egress is None and super().connection_spec_matches(connection)


class UpstreamHttp1(Http1Client):
    """Reads replies to attempts; for every other request it is its base class, but for bodies of HTTP/2 clients.

    All chunks of one network read come as one piece of data. 1xx replies and trailers are skipped. Headers that do not
    end are a protocol error. The connection is free again *before* the stream hears of the end, because the stream may
    use it at once for the next attempt.
    """

    def send(self, event: HttpEvent) -> CommandGenerator[None]:
        """HTTP/2 needs no length; here a body without one would be read as the next request of this connection."""
        if isinstance(event, RequestHeaders) and not event.end_stream and not has_length(event.request):
            request = event.request.copy()
            request.headers["transfer-encoding"] = "chunked"
            event = RequestHeaders(event.stream_id, request, event.end_stream, event.replay_flow)
        yield from super().send(event)

    def read_headers(self, event: events.ConnectionEvent) -> CommandGenerator[None]:
        request = self.request
        if not isinstance(request, SentRequest):
            yield from super().read_headers(event)
            return
        if isinstance(event, events.DataReceived):
            request.answered = True
            while INFORMATIONAL.match(bytes(self.buf)) and self.buf.maybe_extract_lines() is not None:
                pass
        yield from super().read_headers(event)
        if self.request is request and self.response is None and len(self.buf) > HEAD_BYTES:
            assert self.stream_id is not None
            yield commands.CloseConnection(self.conn)
            message = f"the reply's headers have not ended after {HEAD_BYTES >> 10} KB"
            yield ReceiveHttp(ResponseProtocolError(self.stream_id, message, ErrorCode.GENERIC_SERVER_ERROR))

    def read_body(self, event: events.Event) -> CommandGenerator[None]:
        if not isinstance(self.request, SentRequest):
            yield from super().read_body(event)
            return
        assert self.stream_id is not None
        stream_id = self.stream_id
        pieces: list[bytes] = []
        ended = False
        problem = ""
        try:
            ended = self._read_pieces(pieces, closed=isinstance(event, events.ConnectionClosed))
        except h11.ProtocolError as error:
            problem = f"HTTP/1 protocol error: {error}"
        if pieces:
            yield ReceiveHttp(ResponseData(stream_id, b"".join(pieces)))
        if ended:
            yield from self.mark_done(response=True)
            yield ReceiveHttp(ResponseEndOfMessage(stream_id))
        elif problem:
            yield commands.CloseConnection(self.conn)
            yield ReceiveHttp(ResponseProtocolError(stream_id, problem, ErrorCode.GENERIC_SERVER_ERROR))

    def mark_done(self, *, request: bool = False, response: bool = False) -> CommandGenerator[None]:
        """As mitmproxy has it, a client of HTTP/2 does not share a connection of HTTP/1: it would be of no use."""
        yield from super().mark_done(request=request, response=response)
        if self.request is None and self.context.client.alpn == b"h2":
            yield commands.CloseConnection(self.conn)
            self.state = self.done

    def _read_pieces(self, pieces: list[bytes], *, closed: bool) -> bool:
        """Takes what the buffer holds of the body; whether that was its end. Raises h11.ProtocolError."""
        read = self.body_reader
        while True:
            piece = read.read_eof() if closed else read(self.buf)
            if piece is None:
                return False
            if not isinstance(piece, h11.Data):
                return True
            pieces.append(piece.data)


def has_length(request: http.Request) -> bool:
    """Whether HTTP/1.1 could tell where its body ends."""
    return "content-length" in request.headers or "transfer-encoding" in request.headers
