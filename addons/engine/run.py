"""Runs one exchange on its stream: asks the conductor what to do, does it, and brings the reply to the client.

    DECIDING ──▶ CONNECTING ──▶ REPLYING ──▶ DONE
       ▲  └────▶ WAITING           │
       └──────────────┴────────────┘  head FAILED, or no connection

The generators yield mitmproxy commands. Only a hook makes the stream stand still (its events queue up meanwhile); the
conductor's step, the connection and a wait come back as events, so that the client's going is seen at once. What comes
back may already do so *inside* the yield: such a command is the last thing a method does.
"""

import asyncio
import logging
import time
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, cast

from mitmproxy.connection import Connection
from mitmproxy.flow import Error
from mitmproxy.proxy import events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import (
    DropStream,
    ErrorCode,
    GetHttpConnectionCompleted,
    HttpErrorHook,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    SendHttp,
)

from addons.engine.messages import SentRequest, sent_request
from addons.engine.reply import ClientReply
from addons.engine.services import Services
from addons.engine.timers import Reason, Signal
from addons.engine.upstream import ConnectUpstream
from addons.exchange import Answer, Attempt, Breakage, Conductor, Exchange, Head, Step, Wait
from addons.refusals import InternalError

if TYPE_CHECKING:
    from addons.engine.layer import ExchangeHttpLayer
    from addons.engine.recorder import Trace
    from addons.engine.stream import ExchangeStream

logger = logging.getLogger(__name__)

NEVER: Final = float("inf")
GONE: Final = "client disconnected"


class Phase(Enum):
    """What is being waited for."""

    DECIDING = auto()
    CONNECTING = auto()
    REPLYING = auto()
    WAITING = auto()
    DONE = auto()


class Run:
    """One exchange under way. `deadline_s`: when it is overdue, by time.monotonic()."""

    def __init__(self, stream: "ExchangeStream", exchange: Exchange, conductor: Conductor, services: Services) -> None:
        self.stream = stream
        self.deadline_s = NEVER
        self._exchange = exchange
        self._conductor = conductor
        self._services = services
        self._reply = ClientReply(stream, services.recorder)
        self._phase = Phase.DECIDING
        self._attempt: Attempt | None = None
        self._trace: Trace | None = None
        self._alias = stream.stream_id
        self._tries = 0
        self._decision: asyncio.Task[Step] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: ConnectUpstream | None = None
        self._asked_s = 0.0
        self._server: Connection | None = None
        self._sent: SentRequest | None = None
        self._reused = False
        self._reading = False

    @property
    def killed(self) -> bool:
        """Whether a person or an addon has killed the flow."""
        error = self.stream.flow.error
        return error is not None and error.msg == Error.KILLED_MESSAGE

    def start(self) -> CommandGenerator[None]:
        """The request is complete and nobody has answered it."""
        self._services.timers.start(self)
        yield from self._guarded(self._step())

    def on_event(self, event: events.Event) -> CommandGenerator[None]:
        """Everything that the stream hears from now on."""
        if self._phase is not Phase.DONE:
            yield from self._guarded(self._handle(event))

    def orphaned(self) -> None:
        """The client's connection is no more, and with it everybody who could hear of it."""
        if self._phase is not Phase.DONE:
            self._settle_attempt(cancelled=True, problem=GONE)
            self._finish(None)

    # What comes in.

    def _handle(self, event: events.Event) -> CommandGenerator[None]:
        match event:
            case ResponseData():
                if self._is_current(event.stream_id):
                    yield from self._on_data(event.data)
            case ResponseHeaders():
                if self._is_current(event.stream_id):
                    yield from self._on_headers(event)
            case ResponseEndOfMessage():
                if self._is_current(event.stream_id):
                    yield from self._on_end()
            case ResponseProtocolError():
                if self._is_current(event.stream_id):
                    yield from self._on_upstream_lost(event.message)
            case GetHttpConnectionCompleted():
                if event.command is self._connecting:
                    yield from self._on_connected(event)
            case RequestProtocolError():
                yield from self._on_client_gone(event.message)
            case Signal():
                yield from self._on_signal(event.message)
            case _:  # Trailers, of either side, and late answers to what is no longer wanted.
                pass

    def _is_current(self, stream_id: int) -> bool:
        if stream_id != self._alias or not self._reading:
            return False
        assert self._attempt is not None
        self.deadline_s = time.monotonic() + self._attempt.request.silence_timeout_s
        return True

    def _on_signal(self, reason: Reason) -> CommandGenerator[None]:
        match reason:
            case Reason.DECIDED:
                if self._phase is Phase.DECIDING and self._decision is not None and self._decision.done():
                    yield from self._take(self._decision.result())
            case Reason.WAITED:
                if self._phase is Phase.WAITING:
                    yield from self._step()
            case Reason.OVERDUE:
                if self.deadline_s <= time.monotonic():
                    yield from self._on_overdue()
            case Reason.KILLED:
                yield from self._on_killed()
            case Reason.FAULT:  # Who knows what the client has got of the event that broke.
                yield from (self._abort() if self._reply.begun else self._fail())

    # The steps.

    def _step(self) -> CommandGenerator[None]:
        """Asks the conductor. Mostly it knows at once; its first part runs here and now, like every eager task."""
        self._phase = Phase.DECIDING
        self.deadline_s = NEVER
        loop = asyncio.get_running_loop()
        self._decision = asyncio.Task(self._conductor.next(), loop=loop, eager_start=True)
        if self._decision.done():
            yield from self._take(self._decision.result())
        else:
            self._decision.add_done_callback(self._decided)

    def _decided(self, decision: asyncio.Task[Step]) -> None:
        if not decision.cancelled():
            self._services.timers.signal(self.stream, Reason.DECIDED)

    def _take(self, step: Step) -> CommandGenerator[None]:
        self._decision = None
        if isinstance(step, Wait):
            self._phase = Phase.WAITING
            self._timer = self._services.timers.after(step.seconds, self.stream, Reason.WAITED)
        elif isinstance(step, Answer):
            yield from self._answer(step)
        else:
            self._attempt = step
            self._trace = self._services.recorder.start(self.stream.flow, step)
            yield from self._connect(fresh=False)

    def _answer(self, answer: Answer) -> CommandGenerator[None]:
        if self._reply.begun:
            yield from self._reply.send(answer.frame)
            yield from self._complete()
        else:
            whole = yield from self._reply.answer(answer.status, answer.headers, answer.body)
            yield from self._finish_or_cut(whole)

    def _connect(self, *, fresh: bool) -> CommandGenerator[None]:
        assert self._attempt is not None
        request = self._attempt.request
        self._phase = Phase.CONNECTING
        self._asked_s = time.time()
        self.deadline_s = time.monotonic() + request.connect_timeout_s
        address = (request.host, request.port)
        via = self.stream.flow.server_conn.via
        self._connecting = ConnectUpstream(address, request.scheme == "https", via, fresh=fresh)
        # Any value but True: what stands still is said to be dealt with, so that nobody does.
        self._connecting.blocking = self.stream  # type: ignore[assignment]
        yield self._connecting

    def _on_connected(self, completed: GetHttpConnectionCompleted) -> CommandGenerator[None]:
        assert self._attempt is not None
        request = self._attempt.request
        self._connecting = None
        connection, error = completed.reply
        if connection is None:
            yield from self._break(Breakage.CONNECT, f"no connection to {request.host}:{request.port}: {error}")
            return
        if self._tries:
            if self._alias != self.stream.stream_id:
                yield DropStream(self._alias)
            self._alias = self._layer.new_alias(self.stream)
        self._tries += 1
        self._phase = Phase.REPLYING
        self._server = connection
        self._reused = connection.timestamp_start is not None and connection.timestamp_start < self._asked_s
        self._reading = True
        self.deadline_s = time.monotonic() + request.silence_timeout_s
        self._sent = sent_request(request)
        if self._trace is not None:
            self._trace.sent(connection)
        yield SendHttp(RequestHeaders(self._alias, self._sent, end_stream=not request.body), connection)
        if request.body:
            yield SendHttp(RequestData(self._alias, request.body), connection)
        yield SendHttp(RequestEndOfMessage(self._alias), connection)

    # The upstream's reply.

    def _on_headers(self, event: ResponseHeaders) -> CommandGenerator[None]:
        assert self._attempt is not None
        assert self._sent is not None
        self._sent.answered = True
        if self._trace is not None:
            self._trace.opened(event.response)
        if event.response.status_code == 101:  # Nobody asked for another protocol.
            yield from self._cancel_upstream("unexpected upgrade")
            yield from self._break(Breakage.PROTOCOL, "the upstream switched protocols")
            return
        self._attempt.opened(event.response.status_code, event.response.headers.fields)
        yield from self._bring(b"")

    def _on_data(self, data: bytes) -> CommandGenerator[None]:
        assert self._attempt is not None
        if self._trace is not None:
            self._trace.data(data)
        yield from self._bring(self._attempt.feed(data))

    def _on_end(self) -> CommandGenerator[None]:
        assert self._attempt is not None
        self._reading = False
        data = self._attempt.close()
        if self._attempt.head is Head.PENDING:
            raise RuntimeError("the attempt closed without an outcome")
        yield from self._bring(data, last=True)

    def _on_upstream_lost(self, message: str) -> CommandGenerator[None]:
        self._reading = False
        assert self._sent is not None
        if self._reused and not self._sent.answered:
            # A kept connection that its other end had already closed. Once: the next one is fresh.
            yield from self._connect(fresh=True)
        else:
            yield from self._break(Breakage.PROTOCOL, message)

    def _on_overdue(self) -> CommandGenerator[None]:
        assert self._attempt is not None
        request = self._attempt.request
        if self._phase is Phase.CONNECTING and self._connecting is not None:
            dialled = self._layer.dialled(self._connecting)
            if dialled is not None and dialled.timestamp_start is None and dialled.via is None:
                # mitmproxy opens a few connections at a time to one address; this one is still in the queue.
                self.deadline_s = time.monotonic() + request.connect_timeout_s
                return
            yield from self._cancel_upstream("timeout")
            message = f"no connection to {request.host}:{request.port} within {request.connect_timeout_s:g} s"
            yield from self._break(Breakage.CONNECT, message)
        elif self._reading:
            yield from self._cancel_upstream("timeout")
            yield from self._break(Breakage.TIMEOUT, f"nothing came for {request.silence_timeout_s:g} s")

    def _break(self, how: Breakage, message: str) -> CommandGenerator[None]:
        """The upstream is lost: the next step, or the end of what the client already has."""
        assert self._attempt is not None
        self._reading = False
        tail = self._attempt.broken(how, message)
        if self._attempt.head is Head.PENDING:
            raise RuntimeError("the attempt broke without an outcome")
        yield from self._bring(tail, last=True, problem=message)

    def _bring(self, data: bytes, *, last: bool = False, problem: str | None = None) -> CommandGenerator[None]:
        """What an attempt gave, to the client; or on to the next step where it has failed."""
        attempt = self._attempt
        assert attempt is not None
        if attempt.head is Head.OPEN:
            if not self._reply.begun:
                assert attempt.reply is not None
                if not (yield from self._reply.begin(attempt.reply)):
                    yield from self._cancel()
                    return
            yield from self._reply.send(data)
            if last:
                self._settle_attempt(problem=problem)
                yield from self._complete()
        elif attempt.head is Head.FAILED:
            yield from self._cancel_upstream("failed")
            self._settle_attempt(problem=problem)
            yield from self._step()

    # Ends.

    def _complete(self) -> CommandGenerator[None]:
        self.deadline_s = NEVER
        yield from self._finish_or_cut((yield from self._reply.end()))

    def _finish_or_cut(self, complete: bool) -> CommandGenerator[None]:
        """The reply has gone out, or the flow was killed (or its client left) while a hook ran."""
        if complete:
            self._finish(self._reply.response.status_code)
            if self._alias != self.stream.stream_id:
                yield DropStream(self._alias)
        else:
            yield from self._cancel()

    def _on_killed(self) -> CommandGenerator[None]:
        if (yield from self.stream.check_killed(True)):
            yield from self._cancel()

    def _on_client_gone(self, message: str) -> CommandGenerator[None]:
        yield from self._cancel()
        self.stream.client_state = self.stream.server_state = self.stream.state_errored
        self.stream.flow.error = Error(message)
        yield HttpErrorHook(self.stream.flow)
        self.stream.flow.live = False

    def _cancel(self) -> CommandGenerator[None]:
        """Nobody waits for a reply any more."""
        yield from self._cancel_upstream("client gone")
        self._settle_attempt(cancelled=True, problem=GONE)
        self._finish(None)
        if self._alias != self.stream.stream_id:
            yield DropStream(self._alias)
        yield DropStream(self.stream.stream_id)

    def _cancel_upstream(self, why: str) -> CommandGenerator[None]:
        """Closes an HTTP/1 connection, resets a stream of HTTP/2, gives up a dial."""
        if self._connecting is not None:
            command, self._connecting = self._connecting, None
            yield from self._layer.give_up(command)
        elif self._reading:
            self._reading = False
            assert self._server is not None
            yield SendHttp(RequestProtocolError(self._alias, why, ErrorCode.CANCEL), self._server)

    def _settle_attempt(self, *, cancelled: bool = False, problem: str | None = None) -> None:
        attempt, trace = self._attempt, self._trace
        self._attempt = self._trace = None
        if attempt is None:
            return
        if cancelled:
            attempt.cancelled()
        if trace is not None:
            trace.end(failed=attempt.head is Head.FAILED or problem is not None, problem=problem)

    def _finish(self, status: int | None) -> None:
        self._phase = Phase.DONE
        self.deadline_s = NEVER
        self._services.timers.stop(self)
        if self._decision is not None:
            self._decision.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._conductor.finished(status, self._reply.sent_bytes)

    # Faults of ours.

    def _guarded(self, steps: CommandGenerator[None]) -> CommandGenerator[None]:
        """Fails closed: an exception ends in an error for the client, never in silence or another upstream."""
        try:
            yield from steps
        except Exception:
            logger.exception("flow=%s the exchange broke", self._exchange.id[:8])
            try:
                yield from self._fail()
            except Exception:
                logger.exception("flow=%s the exchange could not be ended", self._exchange.id[:8])
                yield from self._abort()

    def _fail(self) -> CommandGenerator[None]:
        if self._phase is Phase.DONE:
            return
        error = InternalError(self._exchange.id)
        yield from self._cancel_upstream("internal error")
        self._settle_attempt(cancelled=True, problem=str(error))
        client = self._exchange.client
        headers = ((b"content-type", b"application/json"),)
        yield from self._answer(Answer(error.status, headers, client.encode_error(error), client.error_frame(error)))

    def _abort(self) -> CommandGenerator[None]:
        """Closes the client's connection (on HTTP/2 its stream)."""
        yield from self._cancel_upstream("internal error")
        self._settle_attempt(cancelled=True, problem="internal error")
        if self._phase is not Phase.DONE:
            self._finish(None)
        stream = self.stream
        stream.client_state = stream.server_state = stream.state_errored
        stream.flow.live = False
        yield SendHttp(ResponseProtocolError(stream.stream_id, "internal error", ErrorCode.KILL), stream.context.client)
        yield DropStream(stream.stream_id)

    @property
    def _layer(self) -> "ExchangeHttpLayer":
        layers = self.stream.context.layers
        return cast("ExchangeHttpLayer", layers[layers.index(self.stream) - 1])
