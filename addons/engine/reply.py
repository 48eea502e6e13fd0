"""The client's side: its response on the flow, the hooks that belong to it, and the bytes that it gets."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, cast

from mitmproxy import http
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import HttpLayer, HttpResponseHeadersHook, ResponseData, ResponseHeaders, SendHttp

from addons.engine.backlog import Backlog
from addons.engine.messages import response_of
from addons.engine.recorder import Recorder
from addons.exchange import Headers, Pace, ReplyHead

if TYPE_CHECKING:
    from addons.engine.stream import ExchangeStream

NEVER: Final = float("inf")


class ClientReply:
    """What the client gets: begin(), send() as often as there is something, end(); or answer() alone; and keep-alives.

    A reply of known length is collected, and end() sends it in one piece. begin(), keep_alive(), end() and answer() say
    whether the client is still there: a hook runs in them, and the flow may be killed, or the client leave, meanwhile.

    `quiet_until_s`: when a keep-alive is due, by time.monotonic().
    """

    def __init__(self, stream: "ExchangeStream", recorder: Recorder, pace: Pace | None) -> None:
        self.begun = False
        self.sent_bytes = 0
        self.quiet_until_s = NEVER if pace is None else time.monotonic() + pace.first_s
        self._pace = pace
        self._stream = stream
        self._recorder = recorder
        self._whole = False
        self._kept: list[bytes] | None = None
        layers = stream.context.layers
        self._backlog = Backlog(cast(HttpLayer, layers[layers.index(stream) - 1]), stream.context.client)

    @property
    def is_unread(self) -> bool:
        """Whether the client leaves so much unread that no more may be kept for it."""
        return not self._whole and self._backlog.is_too_long(self.sent_bytes)

    @property
    def response(self) -> http.Response:
        """As it stands on the flow: an addon may have put another one there."""
        response = self._stream.flow.response
        assert response is not None
        return response

    def begin(self, head: ReplyHead) -> CommandGenerator[bool]:
        """Status and headers."""
        stream = self._stream
        self.begun = True
        self._whole = head.length is not None
        framing = self._framing() if head.length is None else ((b"content-length", b"%d" % head.length),)
        stream.flow.response = response_of(head.status, (*head.headers, *framing), None)
        if self._whole or stream.context.options.store_streamed_bodies or self._recorder.watched:
            self._kept = []
        yield HttpResponseHeadersHook(stream.flow)
        if (yield from stream.check_killed(True)):
            return False
        if not self._whole:
            yield SendHttp(ResponseHeaders(stream.stream_id, self.response), stream.context.client)
        return True

    def keep_alive(self) -> CommandGenerator[bool]:
        """Tells a client that it is not forgotten, if that is still due; opens the reply where nothing has begun.

        Only between two calls of send(), each of which brings whole frames.
        """
        pace = self._pace
        if pace is None or time.monotonic() < self.quiet_until_s:
            return True
        if self._whole:  # Its length has been promised.
            self.quiet_until_s = NEVER
            return True
        self.quiet_until_s = time.monotonic() + pace.interval_s
        if not self.begun and not (yield from self.begin(pace.head)):
            return False
        yield from self.send(pace.data)
        return True

    def send(self, data: bytes) -> CommandGenerator[None]:
        """A piece of the body."""
        if not data:
            return
        if self._pace is not None:
            self.quiet_until_s = time.monotonic() + self._pace.interval_s
        if self._whole:
            assert self._kept is not None
            self._kept.append(data)
        elif callable(change := self.response.stream):
            yield from self._send_pieces(change(data))
        else:
            yield from self._send_pieces(data)

    def end(self) -> CommandGenerator[bool]:
        """The end of the body."""
        response = self.response
        if self._whole:
            assert self._kept is not None
            response.raw_content = b"".join(self._kept)
            response.headers["content-length"] = str(len(response.raw_content))
            return (yield from self._send_whole())
        if callable(response.stream):
            yield from self._send_pieces(response.stream(b""))
        if self._kept is not None:
            response.raw_content = b"".join(self._kept)
        yield from self._stream.send_response(already_streamed=True)
        return not self._is_cut_off()

    def answer(self, status: int, headers: Headers, body: bytes) -> CommandGenerator[bool]:
        """A reply of our own, whole."""
        self.begun = True
        length = (b"content-length", b"%d" % len(body))
        self._stream.flow.response = response_of(status, (*headers, length), body)
        yield HttpResponseHeadersHook(self._stream.flow)
        if (yield from self._stream.check_killed(True)):
            return False
        return (yield from self._send_whole())

    def _send_whole(self) -> CommandGenerator[bool]:
        yield from self._stream.send_response()
        if self._is_cut_off():
            return False
        self.sent_bytes = len(self.response.raw_content or b"")
        return True

    def _send_pieces(self, pieces: bytes | Iterable[bytes]) -> CommandGenerator[None]:
        """An empty piece would end a chunked body, so it is left out."""
        for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
            if piece:
                if self._kept is not None:
                    self._kept.append(piece)
                self.sent_bytes += len(piece)
                yield SendHttp(ResponseData(self._stream.stream_id, piece), self._stream.context.client)

    def _framing(self) -> Headers:
        request = self._stream.flow.request
        if request.is_http11:
            return ((b"transfer-encoding", b"chunked"),)
        if request.is_http10:  # The end of the connection is the end of the body.
            return ((b"connection", b"close"),)
        return ()

    def _is_cut_off(self) -> bool:
        return bool(self._stream.client_state == self._stream.state_errored)
