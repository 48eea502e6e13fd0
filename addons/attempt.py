"""One try at one upstream: what it sends, and its reply on the way to the client.

The engine drives it (see addons.exchange.Attempt). Nothing of a reply goes out before it is known to be one: the head
of a stream is held until its first content, an error body and a whole reply until their end.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from addons.accounts.outcome import CANCELLED, OK, Outcome, OutcomeKind
from addons.accounts.rules import Rule
from addons.decompress import BadEncoding, Decompressor
from addons.exchange import AttemptRecord, Breakage, Exchange, Head, Headers, ReplyHead
from addons.judge import Failure, Judge
from addons.outbound import Said
from addons.outward import Outward
from addons.providers.provider import Provider
from translators import BadRequest, GatewayError, Keep, ReplyStream, UpstreamError, replies
from translators.conversation import Reply
from translators.dialect import Operation
from translators.errors import ErrorKind
from translators.events import error_of
from translators.jsonio import top_level
from translators.structured import as_text

logger = logging.getLogger(__name__)

HELD_EVENTS: Final = 16
HELD_BYTES: Final = 64 << 10
ERROR_BODY_BYTES: Final = 256 << 10

_FRAMES: Final = (b"data:", b"event:", b":")
"""How a stream of events begins, and no JSON does: some relays send one as whatever they like."""


class UpstreamAttempt:
    """See addons.exchange.Attempt. `settle(outcome)` gives the lease back, once.

    `remember` takes a reply that the vendor has signed, where the client speaks another dialect.
    `rules`: what errors mean where the user knows better. `passthrough`: the vendor's headers reach the client.
    `outcome` is set when it is over; `refusal` is then what the vendor said, in neutral words, with `refusal_headers`,
    and `refusal_body` the vendor's own bytes where the client speaks its dialect.
    """

    def __init__(
        self,
        exchange: Exchange,
        provider: Provider,
        said: Said,
        record: AttemptRecord,
        settle: Callable[[Outcome], None],
        *,
        remember: Callable[[Reply], None] | None = None,
        rules: Sequence[Rule] = (),
        passthrough: bool = False,
    ) -> None:
        self.request = said.request
        self.head = Head.PENDING
        self.reply: ReplyHead | None = None
        self.number = record.number
        self.note = ""
        self.outcome: Outcome | None = None
        self.refusal: GatewayError | None = None
        self.refusal_body: bytes | None = None
        self.refusal_headers: Headers = ()
        self._exchange = exchange
        self._upstream = said.upstream
        self._context = said.context
        self._record = record
        self._settle = settle
        self._remember = remember
        self._judge = Judge(provider, said, rules, exchange.operation)
        self._outward = Outward(exchange, record, self._judge.secrets, passthrough=passthrough)
        self._status = 0
        self._refused = True  # until a status says otherwise
        self._headers: dict[str, str] = {}
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._whole_of = exchange.client.whole_of if said.upstream is exchange.client and not exchange.stream else None
        self._stream: ReplyStream | None = None
        self._decompressor: Decompressor | None = None

    # What the engine calls. None of it raises: a fault of ours is logged and becomes the end of the attempt.

    def opened(self, status: int, headers: Headers) -> None:
        """The upstream's status and headers are there."""
        try:
            self._open(status, headers)
        except Exception as error:
            self._fault(error)

    def feed(self, data: bytes) -> bytes:
        """A piece of the upstream's body in; what may go to the client out."""
        if self.outcome is not None:
            return b""
        try:
            return self._outward.cut(self._take(data if self._decompressor is None else self._decompressor.feed(data)))
        except Exception as error:
            return self._outward.cut(self._fault(error))

    def close(self) -> bytes:
        """The upstream's body is complete."""
        if self.outcome is not None:
            return self._last_cut()
        try:
            said = self._finish()
        except Exception as error:
            said = self._fault(error)
        return self._outward.cut(said) + self._last_cut()

    def broken(self, how: Breakage, message: str) -> bytes:
        """The upstream broke below HTTP."""
        if self.outcome is not None or (
            self._stream is not None and (self._stream.end is not None or self._stream.error is not None)
        ):
            return self.close()  # The reply was complete, only its connection was not.
        return self._outward.cut(self._end_badly(self._judge.broken(how, message))) + self._last_cut()

    def cancelled(self) -> None:
        """The client has gone. Codex does so as soon as it has heard the last event: that is a reply like any other."""
        stream = self._stream
        if stream is None or self.head is not Head.OPEN or self.outcome is not None:
            self._over(CANCELLED)
        elif stream.end is not None:
            self._over(self._late_outcome(stream))
        else:
            self._note_end(stream)
            self._over(CANCELLED)

    # How a reply goes.

    def _open(self, status: int, headers: Headers) -> None:
        self._status = self._record.status = status
        self._headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
        encoding = self._headers.get("content-encoding", "identity")
        if encoding not in ("", "identity"):
            self._decompressor = Decompressor(encoding)
        self._refused = not 200 <= status < 300
        content_type = self._headers.get("content-type", "").partition(";")[0].strip().lower()
        if not self._refused and content_type == "text/event-stream":
            self._stream = self._reply_stream()

    def _reply_stream(self) -> ReplyStream:
        keep = Keep.NOTHING if self._remember is None else Keep.THOUGHTS
        if not self._exchange.stream and self._whole_of is None:
            keep = Keep.ALL
        return ReplyStream(self._upstream.name, self._exchange.client.name, context=self._context, keep=keep)

    def _last_cut(self) -> bytes:
        return self._outward.close() if self.head is Head.OPEN else b""

    def _take(self, data: bytes) -> bytes:
        if not self._refused and self._stream is None and not self._held and data.lstrip().startswith(_FRAMES):
            self._stream = self._reply_stream()
        if self._stream is None:
            self._hold(data)
            if self._refused and self._held_bytes > ERROR_BODY_BYTES:
                self._refuse()
            return b""
        out = self._clean(self._stream, self._stream.feed(data))
        if self.head is Head.OPEN:
            return out
        if self._exchange.stream:
            return self._take_head(self._stream, out)
        if self._whole_of is not None:
            self._hold(out)
        return b""

    def _clean(self, stream: ReplyStream, out: bytes) -> bytes:
        return out if stream.error is None or not out else self._judge.without_secrets(out)

    def _take_head(self, stream: ReplyStream, out: bytes) -> bytes:
        """The head of a stream: held until the first content, or until it is too long to hold."""
        self._hold(out)
        if stream.error is not None and not stream.first_event_seen:
            return self._refuse_stream(stream)
        if stream.first_event_seen or stream.events_seen > HELD_EVENTS or self._held_bytes > HELD_BYTES:
            return self._release()
        return b""

    def _finish(self) -> bytes:
        if self._refused:
            self._refuse()
            return b""
        if self._stream is None:
            return self._finish_whole()
        out = self._clean(self._stream, self._stream.close())
        if not self._exchange.stream:
            return self._finish_collected(self._stream, out)
        if self.head is Head.PENDING:
            out = self._take_head(self._stream, out)
            if self.head is Head.PENDING:  # Complete, with nothing in it: still a reply.
                out = self._release()
        if self.head is Head.OPEN:
            self._over(self._late_outcome(self._stream))
        return out

    def _finish_whole(self) -> bytes:
        """One JSON reply, for a client that wants it whole or as a stream."""
        body = b"".join(self._held)
        if self._exchange.operation is not Operation.GENERATE:
            return self._finish_other(body)
        try:
            reply = self._upstream.decode_reply(body)
        except UpstreamError as error:
            return self._end_badly(self._judge.inside(error, self._headers, body))
        self._first_event()
        self._exchange.usage, self._exchange.stop = reply.usage, reply.stop
        if self._remember is not None:
            self._remember(as_text(reply, self._context))
        put = replies.streamed if self._exchange.stream else replies.whole
        return self._answer(put(body, reply, self._upstream, self._exchange.client, self._context))

    def _finish_other(self, body: bytes) -> bytes:
        """A count of tokens, or a compaction: as it is, with the model that the client asked for where it names one.

        Only a count can be another dialect's.
        """
        client, wanted = self._exchange.client, self._context.model
        if self._upstream is not client and (counting := self._upstream.counting) is not None:
            return self._answer(client.count_reply(counting.tokens(body)))
        try:
            named = client.model_key in top_level(body)
        except BadRequest:
            return self._fault(UpstreamError(ErrorKind.SERVER, "it is no JSON object", status=502))
        return self._answer(replies.renamed(body, client, self._context) if wanted and named else body)

    def _finish_collected(self, stream: ReplyStream, rest: bytes) -> bytes:
        """A stream that came for a client that wants its reply whole."""
        if stream.error is not None:
            return self._refuse_stream(stream)
        self._note_end(stream)
        if self._whole_of is None:
            return self._answer(stream.whole())
        try:
            return self._answer(self._whole_of(b"".join(self._held) + rest))
        except UpstreamError as error:
            return self._end_badly(self._judge.inside(error, self._headers))

    def _answer(self, body: bytes) -> bytes:
        body = self._outward.enveloped(body)
        self._open_head(None if self._exchange.stream else len(body))
        self._over(OK)
        return body

    def _first_event(self) -> None:
        if self._exchange.first_event_s is None:
            self._exchange.first_event_s = time.time()

    def _open_head(self, length: int | None) -> None:
        self.reply = self._outward.head(length, self._headers)
        self.head = Head.OPEN

    def _release(self) -> bytes:
        """The reply is one: its head opens, and what was held goes out."""
        self._open_head(None)
        self._first_event()
        held = b"".join(self._held)
        self._held.clear()
        return held

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)

    # How it ends.

    def _refuse(self) -> None:
        """The upstream answered with an error status."""
        body = b"".join(self._held)
        failure = self._judge.refused(self._status, self._headers, body)
        if self._upstream is self._exchange.client and body.lstrip()[:1] == b"{":
            self.refusal_body = self._judge.without_secrets(body)
        self._end_badly(failure)

    def _refuse_stream(self, stream: ReplyStream) -> bytes:
        """An error where the reply should have begun."""
        assert stream.error is not None
        return self._end_badly(self._judge.inside(error_of(stream.error), self._headers))

    def _late_outcome(self, stream: ReplyStream) -> Outcome:
        """How a stream ended that had begun well."""
        self._note_end(stream)
        if stream.error is None:
            return OK
        failure = self._judge.inside(error_of(stream.error), self._headers)
        self._exchange.error = str(failure.error)
        return failure.outcome

    def _note_end(self, stream: ReplyStream) -> None:
        if self._remember is not None and stream.signed and stream.end is not None and stream.error is None:
            self._remember(stream.reply())
        self._exchange.usage = stream.usage
        self._exchange.stop = stream.end.stop if stream.end is not None else ""

    def _fault(self, error: Exception) -> bytes:
        """Something that we did not expect, in our own code or in the upstream's bytes."""
        if not isinstance(error, BadEncoding | UpstreamError):
            logger.error("flow=%s attempt=%d broke", self._exchange.id[:8], self.number, exc_info=error)
        return self._end_badly(self._judge.unreadable(error, self._status))

    def _end_badly(self, failure: Failure) -> bytes:
        """Before the head is open the attempt has failed; afterwards the stream ends in the client's own error."""
        self.refusal = failure.error
        self.refusal_headers = self._outward.refusal_headers(self._headers)
        if self.head is Head.OPEN:
            if self._stream is not None:
                self._note_end(self._stream)
            self._exchange.error = str(failure.error)
            self._over(failure.outcome)
            return self._exchange.client.error_frame(failure.error)
        self.head = Head.FAILED
        self._held.clear()
        self._over(failure.outcome)
        return b""

    def _over(self, outcome: Outcome) -> None:
        if self.outcome is not None:
            return
        self.outcome = outcome
        self._record.ended_s = time.time()
        self._record.outcome = outcome.kind
        self._record.message = outcome.message
        status = "" if not self._status else f" {self._status}"
        rule = "" if outcome.action is None else f" (by request-scoped-errors: {outcome.action})"
        who = f"{self._record.provider} {self._record.credential}"
        self.note = f"{who}{status} {outcome.kind} {outcome.message}".strip() + rule
        if outcome.kind not in (OutcomeKind.OK, OutcomeKind.CANCELLED):
            logger.info("flow=%s attempt=%d failed: %s", self._exchange.id[:8], self.number, self.note)
        self._settle(outcome)
