"""Runs one exchange on its stream: asks the conductor what to do, does it, and brings the reply to the client.

    DECIDING ──▶ CONNECTING ──▶ REPLYING ──▶ DONE
       ▲  └────▶ WAITING           │
       └──────────────┴────────────┘  head FAILED, or no connection

The generators yield mitmproxy commands. Only a hook makes the stream stand still (its events queue up meanwhile); the
conductor's step, the connection and a wait come back as events, so that the client's going is seen at once, and a
keep-alive can go out in every phase. What comes back may already do so *inside* the yield: such a command is the last
thing a method does.
"""

import logging
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from mitmproxy.connection import Connection
from mitmproxy.flow import Error
from mitmproxy.proxy import events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import (
    DropStream,
    ErrorCode,
    GetHttpConnectionCompleted,
    HttpErrorHook,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    SendHttp,
)

from addons.engine.asking import Asking
from addons.engine.link import Link
from addons.engine.reply import ClientReply
from addons.engine.services import Services
from addons.engine.timers import Reason, Signal
from addons.engine.trial import Trial
from addons.exchange import Answer, Breakage, Conductor, Exchange, Head, Step, Wait
from addons.refusals import InternalError

if TYPE_CHECKING:
    from addons.engine.stream import ExchangeStream

logger = logging.getLogger(__name__)

GONE: Final = "client disconnected"
UNREAD: Final = "the client does not read"


class Phase(Enum):
    """What is being waited for."""

    DECIDING = auto()
    CONNECTING = auto()
    REPLYING = auto()
    WAITING = auto()
    DONE = auto()


class Run:
    """One exchange under way. `woken`: it has been told that a keep-alive is due, and did not get to it yet."""

    def __init__(self, stream: "ExchangeStream", exchange: Exchange, conductor: Conductor, services: Services) -> None:
        self.stream = stream
        self._exchange = exchange
        self._conductor = conductor
        self._services = services
        self._asking = Asking(conductor, stream, services.timers)
        self.woken = False
        self._reply = ClientReply(stream, services.recorder, conductor.pace)
        self._phase = Phase.DECIDING
        self._trial: Trial | None = None
        self._link = Link(stream)

    @property
    def deadline_s(self) -> float:
        """When it is overdue, by time.monotonic()."""
        return self._link.deadline_s

    @property
    def quiet_until_s(self) -> float:
        """When its client is to hear something, by time.monotonic()."""
        return self._reply.quiet_until_s

    @property
    def killed(self) -> bool:
        """Whether a person or an addon has killed the flow."""
        error = self.stream.flow.error
        return error is not None and error.msg == Error.KILLED_MESSAGE

    def reads_from(self, server: Connection) -> bool:
        """Whether its reply comes, or is to come, on this connection."""
        return self._link.reading and (self._link.server is server or self._link.tunnel is server)

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
                if self._link.hears(event.stream_id):
                    yield from self._on_data(event.data)
            case ResponseHeaders():
                if self._link.hears(event.stream_id):
                    yield from self._on_headers(event)
            case ResponseEndOfMessage():
                if self._link.hears(event.stream_id):
                    yield from self._on_end()
            case ResponseProtocolError():
                if self._link.hears(event.stream_id):
                    yield from self._on_upstream_lost(event.message)
            case GetHttpConnectionCompleted():
                if self._link.is_awaited(event):
                    yield from self._on_connected(event)
            case RequestProtocolError():
                yield from self._on_client_gone(event.message)
            case Signal():
                yield from self._on_signal(event.message)
            case _:  # Trailers, of either side, and late answers to what is no longer wanted.
                pass

    def _on_signal(self, reason: Reason) -> CommandGenerator[None]:
        match reason:
            case Reason.DECIDED:
                if self._phase is Phase.DECIDING and (step := self._asking.decided()) is not None:
                    yield from self._take(step)
            case Reason.WAITED:
                if self._phase is Phase.WAITING:
                    yield from self._step()
            case Reason.OVERDUE:
                if (overdue := self._link.overdue()) is not None:
                    yield from self._link.cancel("timeout")
                    yield from self._break(*overdue)
            case Reason.LOST:
                if self._link.is_lost:
                    yield from self._on_upstream_lost("the connection was lost")
            case Reason.QUIET:
                self.woken = False
                if not (yield from self._reply.keep_alive()):
                    yield from self._cancel()
            case Reason.KILLED:
                yield from self._on_killed()
            case Reason.FAULT:  # Who knows what the client has got of the event that broke.
                yield from (self._abort() if self._reply.begun else self._fail())

    # The steps.

    def _step(self) -> CommandGenerator[None]:
        """Asks the conductor."""
        self._phase = Phase.DECIDING
        step = self._asking.ask()
        if step is not None:
            yield from self._take(step)

    def _take(self, step: Step) -> CommandGenerator[None]:
        if isinstance(step, Wait):
            self._phase = Phase.WAITING
            self._asking.wait(step.seconds)
        elif isinstance(step, Answer):
            yield from self._answer(step)
        else:
            self._trial = Trial(step, self._services.recorder.start(self.stream.flow, step))
            self._phase = Phase.CONNECTING
            yield from self._link.connect(step.request)

    def _answer(self, answer: Answer) -> CommandGenerator[None]:
        if self._reply.begun:
            yield from self._reply.send(answer.frame)
            yield from self._complete()
        else:
            whole = yield from self._reply.answer(answer.status, answer.headers, answer.body)
            yield from self._finish_or_cut(whole)

    def _on_connected(self, completed: GetHttpConnectionCompleted) -> CommandGenerator[None]:
        connection, error = completed.reply
        if connection is None:
            self._link.failed()
            yield from self._break(Breakage.CONNECT, f"no connection to {self._link.target}: {error}")
            return
        self._phase = Phase.REPLYING
        if self._trial is not None:
            self._trial.sent(connection)
        yield from self._link.send(connection)

    # The upstream's reply.

    def _on_headers(self, event: ResponseHeaders) -> CommandGenerator[None]:
        assert self._trial is not None
        self._link.answered()
        if self._link.server is not None:
            self._services.sessions.learn(self._link.server)
        if self._trial.opened(event.response):
            yield from self._bring(b"")
        else:  # Nobody asked for that.
            yield from self._link.cancel("unexpected upgrade")
            yield from self._break(Breakage.PROTOCOL, "the upstream switched protocols")

    def _on_data(self, data: bytes) -> CommandGenerator[None]:
        assert self._trial is not None
        yield from self._bring(self._trial.feed(data))

    def _on_end(self) -> CommandGenerator[None]:
        assert self._trial is not None
        self._link.rest()
        yield from self._bring(self._trial.close(), last=True)

    def _on_upstream_lost(self, message: str) -> CommandGenerator[None]:
        assert self._trial is not None
        self._link.rest()
        if self._link.stale:
            self._phase = Phase.CONNECTING
            yield from self._link.connect(self._trial.attempt.request, fresh=True)
        else:
            yield from self._break(Breakage.PROTOCOL, message)

    def _break(self, how: Breakage, message: str) -> CommandGenerator[None]:
        """The upstream is lost: the next step, or the end of what the client already has."""
        assert self._trial is not None
        yield from self._bring(self._trial.broken(how, message), last=True, problem=message)

    def _bring(self, data: bytes, *, last: bool = False, problem: str | None = None) -> CommandGenerator[None]:
        """What an attempt gave, to the client; or on to the next step where it has failed."""
        assert self._trial is not None
        attempt = self._trial.attempt
        if attempt.head is Head.OPEN:
            if not self._reply.begun:
                assert attempt.reply is not None
                if not (yield from self._reply.begin(attempt.reply)):
                    yield from self._cancel()
                    return
            yield from self._reply.send(data)
            if self._reply.is_unread:
                logger.warning("flow=%s given up: its client does not read", self._exchange.id[:8])
                yield from self._abort(UNREAD)
            elif last:
                self._settle_attempt(problem=problem)
                yield from self._complete()
        elif attempt.head is Head.FAILED:
            yield from self._link.cancel("failed")
            self._settle_attempt(problem=problem)
            yield from self._step()

    # Ends.

    def _complete(self) -> CommandGenerator[None]:
        yield from self._finish_or_cut((yield from self._reply.end()))

    def _finish_or_cut(self, complete: bool) -> CommandGenerator[None]:
        """The reply has gone out, or the flow was killed (or its client left) while a hook ran."""
        if complete:
            self._finish(self._reply.response.status_code)
            yield from self._link.forget()
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
        yield from self._link.cancel("client gone")
        self._settle_attempt(cancelled=True, problem=GONE)
        self._finish(None)
        yield from self._link.forget()
        yield DropStream(self.stream.stream_id)

    def _settle_attempt(self, *, cancelled: bool = False, problem: str | None = None) -> None:
        trial, self._trial = self._trial, None
        if trial is not None:
            trial.settle(cancelled=cancelled, problem=problem)

    def _finish(self, status: int | None) -> None:
        self._phase = Phase.DONE
        self._link.rest()
        self._services.timers.stop(self)
        self._asking.cancel()
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
        client = self._exchange.client
        is_open = self._trial is not None and self._trial.attempt.head is Head.OPEN
        frame = client.error_frame(error) if is_open else self._exchange.error_frame(error)
        yield from self._link.cancel("internal error")
        self._settle_attempt(cancelled=True, problem=str(error))
        headers = ((b"content-type", b"application/json"),)
        yield from self._answer(Answer(error.status, headers, client.encode_error(error), frame))

    def _abort(self, why: str = "internal error") -> CommandGenerator[None]:
        """Closes the client's connection (on HTTP/2 its stream)."""
        yield from self._link.cancel(why)
        self._settle_attempt(cancelled=True, problem=why)
        if self._phase is not Phase.DONE:
            self._finish(None)
        stream = self.stream
        stream.client_state = stream.server_state = stream.state_errored
        stream.flow.live = False
        yield SendHttp(ResponseProtocolError(stream.stream_id, why, ErrorCode.KILL), stream.context.client)
        yield DropStream(stream.stream_id)
