"""Without the engine proper: one attempt for each exchange, through documented hooks only.

The attempt's request goes out as the flow's own, and its credential is taken off the flow as soon as it was sent. A
failure can't be made good by another attempt, so the client is told.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from mitmproxy import ctx, http

from addons import exchange as exchanges
from addons.exchange import Answer, Attempt, Breakage, Conductor, Exchange, Head, Wait
from addons.refusals import InternalError
from translators import GatewayError

logger = logging.getLogger(__name__)


class AttemptFailed(GatewayError):
    """The only attempt has failed."""

    status = 502


class SingleAttempts:
    """The addon, in from the start; remove() takes it out."""

    name = "cliproxy-single-attempts"

    def __init__(self) -> None:
        self._attempts: WeakKeyDictionary[http.HTTPFlow, Attempt] = WeakKeyDictionary()
        ctx.master.addons.add(self)

    def options_changed(self) -> None:
        """Nothing here depends on options."""

    def remove(self) -> None:
        if ctx.master.addons.get(self.name) is self:
            ctx.master.addons.remove(self)

    async def request(self, flow: http.HTTPFlow) -> None:
        exchange, conductor = _conducted(flow)
        if exchange is None or conductor is None or flow.response is not None:
            return
        try:
            step = await conductor.next()
            while isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
                step = await conductor.next()
            if isinstance(step, Answer):
                flow.response = http.Response.make(step.status, step.body, http.Headers(step.headers))
            else:
                self._attempts[flow] = step
                put_on(flow, step)
        except Exception:
            logger.exception("flow=%s the exchange broke", exchange.id[:8])
            error = InternalError(exchange.id)
            flow.response = http.Response.make(error.status, exchange.client.encode_error(error))

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        attempt = self._attempts.get(flow)
        exchange, _ = _conducted(flow)
        if attempt is None or exchange is None or flow.response is None:
            return
        scrub(flow, attempt)
        attempt.opened(flow.response.status_code, flow.response.headers.fields)
        if exchange.stream and 200 <= flow.response.status_code < 300:
            http11 = ((b"transfer-encoding", b"chunked"),) if flow.request.is_http11 else ()
            kind = (b"content-type", exchange.client.stream_content_type.encode())
            flow.response.headers = http.Headers((kind, *http11))
            flow.response.stream = feeder(exchange, attempt)

    def response(self, flow: http.HTTPFlow) -> None:
        exchange, conductor = _conducted(flow)
        if exchange is None or conductor is None or flow.response is None:
            return
        attempt = self._attempts.pop(flow, None)
        if attempt is not None and not flow.response.stream:
            flow.response = whole_reply(exchange, attempt, flow.response.raw_content or b"")
        conductor.finished(flow.response.status_code, len(flow.response.raw_content or b""))

    def error(self, flow: http.HTTPFlow) -> None:
        _, conductor = _conducted(flow)
        if conductor is None:
            return
        attempt = self._attempts.pop(flow, None)
        if attempt is not None:
            scrub(flow, attempt)
            attempt.broken(Breakage.PROTOCOL, flow.error.msg if flow.error is not None else "")
        conductor.finished(None, 0)


def put_on(flow: http.HTTPFlow, attempt: Attempt) -> None:
    """The attempt's request in place of the client's."""
    request = attempt.request
    flow.request.host, flow.request.port, flow.request.scheme = request.host, request.port, request.scheme
    flow.request.method, flow.request.path = request.method, request.path
    flow.request.headers = http.Headers(request.headers)
    flow.request.content = request.body
    if b"host" not in {name.lower() for name, _ in request.headers}:
        flow.request.host_header = f"{request.host}:{request.port}"


def scrub(flow: http.HTTPFlow, attempt: Attempt) -> None:
    """No credential stays on a flow that people look at."""
    for secret in attempt.request.secrets:
        if secret in flow.request.headers:
            flow.request.headers[secret] = b"***"


def feeder(exchange: Exchange, attempt: Attempt) -> Callable[[bytes], Iterable[bytes]]:
    """What mitmproxy passes the upstream's body through. It never gives an empty piece, which would end the body."""

    def feed(data: bytes) -> list[bytes]:
        if _has_failed(attempt):
            return []
        out = attempt.feed(data) if data else attempt.close()
        if _has_failed(attempt):
            out = exchange.client.error_frame(AttemptFailed(attempt.note))
        return [out] if out else []

    return feed


def whole_reply(exchange: Exchange, attempt: Attempt, body: bytes) -> http.Response:
    """The client's reply from the upstream's whole one."""
    out = attempt.feed(body) + attempt.close()
    if attempt.head is Head.OPEN and attempt.reply is not None:
        return http.Response.make(attempt.reply.status, out, http.Headers(attempt.reply.headers))
    error = AttemptFailed(attempt.note)
    return http.Response.make(error.status, exchange.client.encode_error(error), {"content-type": "application/json"})


def _has_failed(attempt: Attempt) -> bool:
    return attempt.head is Head.FAILED


def _conducted(flow: http.HTTPFlow) -> tuple[Exchange | None, Conductor | None]:
    exchange = exchanges.of(flow)
    return exchange, None if exchange is None else exchange.conductor
