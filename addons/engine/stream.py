"""mitmproxy's HTTP stream, which hands an exchange over to a Run. Every other flow goes the stock way."""

import logging
from typing import Final

from mitmproxy import http
from mitmproxy.flow import Error
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import (
    DropStream,
    ErrorCode,
    HttpErrorHook,
    HttpStream,
    RequestData,
    RequestProtocolError,
    ResponseProtocolError,
    SendHttp,
)

from addons import exchange as exchanges
from addons.decompress import MAX_BODY_BYTES
from addons.engine.run import Run
from addons.engine.services import Services
from addons.exchange import Conductor
from addons.listen import is_gateway_mode, is_interception_mode
from addons.paths import all_routes
from addons.refusals import InternalError
from translators import GatewayError, registry
from translators.dialect import Dialect

logger = logging.getLogger(__name__)

UNKNOWN: Final = "openai_chat"
"""The dialect of who does not tell."""


class ExchangeStream(HttpStream):
    """One client request. `run` is set as soon as it is known to be an exchange that nobody has answered yet.

    `dropped`: where it puts itself once the layer is to forget it. `hooks_now`: whether hooks that need no time are
    called at once.
    """

    def __init__(
        self,
        context: Context,
        stream_id: int,
        services: Services,
        dropped: list["ExchangeStream"],
        *,
        hooks_now: bool = True,
    ) -> None:
        super().__init__(context, stream_id)
        self.services = services
        self._dropped = dropped
        self._hooks_now = hooks_now
        self.run: Run | None = None
        self._reported = False

    def handle_event(self, event: events.Event) -> CommandGenerator[None]:
        """As stock, but a hook whose listeners need no time has no way up to the server and back, nor a task there."""
        if not self._hooks_now:
            yield from super().handle_event(event)
            return
        run_now = self.services.hooks.run_now
        for command in super().handle_event(event):
            if isinstance(command, commands.StartHook) and run_now(command):
                yield from self.handle_event(events.HookCompleted(command))
            else:
                if isinstance(command, DropStream) and command.stream_id == self.stream_id:
                    self._dropped.append(self)
                yield command

    def let_go(self) -> None:
        """Nothing of it holds it any more, so that all of the exchange goes at once: Python's own look for such circles
        would come rarely, and stop all streams for as long as it takes to go through hundreds of them."""
        if self._paused is None and self.child_layer is None:
            self.client_state = self.server_state = over
            self.run = None
            self.context.layers.clear()

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if self.run is None:
            yield from super()._handle_event(event)
        else:
            yield from self.run.on_event(event)

    def state_consume_request_body(self, event: events.Event) -> CommandGenerator[None]:
        """At our own doors a body that is too long is read, so that its client hears the refusal, and not kept."""
        if isinstance(event, RequestData) and self._is_too_much(event.data):
            self.request_body_buf.clear()
            exchanges.mark_oversized(self.flow)
            return
        yield from super().state_consume_request_body(event)

    def make_server_connection(self) -> CommandGenerator[bool]:
        """Where the stock stream begins to talk to an upstream."""
        if exchanges.is_oversized(self.flow):
            yield from self._refuse_without_body()
            return False
        exchange = exchanges.of(self.flow)
        if exchange is None or exchange.conductor is None:
            if self._is_ours() and not exchanges.passes(self.flow):
                yield from self._refuse_unknown()
                return False
            return (yield from super().make_server_connection())
        self._reported = True
        self.run = Run(self, exchange, exchange.conductor, self.services)
        yield from self.run.start()
        return False

    # An exchange that ends before it could run (killed, the client gone, answered by another addon) is reported too.

    def check_killed(self, emit_error_hook: bool) -> CommandGenerator[bool]:
        killed = yield from super().check_killed(emit_error_hook)
        if killed:
            self._report(None, 0)
        return killed

    def send_response(self, already_streamed: bool = False) -> CommandGenerator[None]:
        yield from super().send_response(already_streamed)
        response = self.flow.response
        if response is not None:
            self._report(response.status_code, len(response.raw_content or b""))

    def handle_protocol_error(self, event: RequestProtocolError | ResponseProtocolError) -> CommandGenerator[None]:
        yield from super().handle_protocol_error(event)
        self._report(None, 0)

    def _refuse_without_body(self) -> CommandGenerator[None]:
        """Fails closed: nobody has answered it, and it may go nowhere."""
        self.flow.error = Error("the request's body was too long to hold")
        yield HttpErrorHook(self.flow)
        yield SendHttp(
            ResponseProtocolError(self.stream_id, self.flow.error.msg, ErrorCode.REQUEST_TOO_LARGE), self.context.client
        )
        self.client_state = self.state_errored
        self.flow.live = False
        self._report(None, 0)

    def _refuse_unknown(self) -> CommandGenerator[None]:
        """Fails closed: a hook of ours has broken, so nobody has said what this request is."""
        logger.error("flow=%s nobody accounts for this request: it goes nowhere", self.flow.id[:8])
        error = InternalError(self.flow.id)
        body = _dialect_of(self.flow.request).encode_error(error)
        self.flow.response = http.Response.make(error.status, body, {"content-type": "application/json"})
        yield from self.send_response()

    def _is_ours(self) -> bool:
        mode = self.context.client.proxy_mode.full_spec
        return is_gateway_mode(mode) or is_interception_mode(mode)

    def _is_too_much(self, data: bytes) -> bool:
        if exchanges.is_oversized(self.flow):
            return True
        return len(self.request_body_buf) + len(data) > MAX_BODY_BYTES and self._is_ours()

    def _report(self, status: int | None, sent_bytes: int) -> None:
        conductor = None if self._reported else _conductor_of(getattr(self, "flow", None))
        if conductor is not None:
            self._reported = True
            conductor.finished(status, sent_bytes)


def over(_: events.Event) -> CommandGenerator[None]:
    """The state of a stream of which nothing more is wanted."""
    yield from ()


def _dialect_of(request: http.Request) -> Dialect:
    """What is spoken at the path, as far as it tells."""
    try:
        spoken = all_routes().dialect_at("POST", request.path.partition("?")[0], UNKNOWN)
    except GatewayError:
        spoken = None
    return spoken or registry.dialect(UNKNOWN)


def _conductor_of(flow: http.HTTPFlow | None) -> Conductor | None:
    exchange = None if flow is None else exchanges.of(flow)
    return None if exchange is None else exchange.conductor
