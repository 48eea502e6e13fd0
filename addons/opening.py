"""From a request that asks for inference to an exchange that is conducted, at whichever entrance it came in."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from mitmproxy import http

from addons import exchange as exchanges
from addons.access import KEY_HEADERS, KEY_PARAMETERS
from addons.accounts.masking import MASK
from addons.counting import able, estimate
from addons.decompress import MAX_BODY_BYTES, BadEncoding, TooLong, decompressed
from addons.exchange import Exchange
from addons.paths import Place
from addons.refusals import BodyTooLarge, NotServedByModel, UnreadableBody, WrongMethod
from addons.serving import Serving
from translators import GatewayError
from translators.dialect import Dialect, Operation, Peek

logger = logging.getLogger(__name__)

JSON_HEADERS: Final = {"content-type": "application/json"}
SECRET_HEADERS: Final = (*KEY_HEADERS, "cookie", "proxy-authorization")
SECRET_PARAMETERS: Final = (*KEY_PARAMETERS, "access_token")
"""Where clients put what nobody else may see: no upstream of ours, and nobody who looks at flows."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, read once. Header names in lower case."""

    flow: http.HTTPFlow
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for. `body`: decompressed, out of its envelope. `model`: as the client calls it."""

    place: Place
    body: bytes
    model: str
    stream: bool


def read(flow: http.HTTPFlow) -> Visit:
    """The request, of which nothing is changed."""
    request = flow.request
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.fields}
    path, _, search = path_of(request).partition("?")
    query = dict(parse_qsl(search, keep_blank_values=True)) if search else {}
    return Visit(flow, request.method, path.rstrip("/") or "/", query, headers)


def path_of(request: http.Request) -> str:
    """Its path with the query, as text that can be encoded: mitmproxy's may hold half letters."""
    return request.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def hide_keys(flow: http.HTTPFlow, visit: Visit) -> None:
    """Takes the client's secrets off the flow, which is shown to people and never sent."""
    for header in SECRET_HEADERS:
        if header in visit.headers:
            flow.request.headers[header] = MASK
    if any(parameter in visit.query for parameter in SECRET_PARAMETERS):
        shown = {key: MASK if key in SECRET_PARAMETERS else value for key, value in visit.query.items()}
        flow.request.path = f"{flow.request.path.partition('?')[0]}?{urlencode(shown, safe='*')}"


def body_of(flow: http.HTTPFlow) -> bytes:
    """The request's body, decompressed. Raises UnreadableBody and BodyTooLarge."""
    if exchanges.is_oversized(flow):
        raise BodyTooLarge(MAX_BODY_BYTES)
    body = flow.request.raw_content or b""
    encoding = flow.request.headers.get("content-encoding", "")
    if not encoding:
        return body
    try:
        return decompressed(body, encoding, MAX_BODY_BYTES)
    except TooLong as error:
        raise BodyTooLarge(MAX_BODY_BYTES) from error
    except BadEncoding as error:
        raise UnreadableBody(f"the body is not valid {encoding[:80]!r}") from error


def asked_of(place: Place, body: bytes) -> Asked:
    """What the path and the body say. Raises BadRequest."""
    if place.route.envelope is not None:
        model, body = place.route.envelope.unwrap_request(body)
        return Asked(place, body, model, place.route.stream is True)
    peek = Peek(place.model, place.route.stream is True) if place.model else place.dialect.peek(body)
    return Asked(place, body, peek.model, peek.stream)


def open_exchange(visit: Visit, serving: Serving, asked: Asked, answering: str, client_name: str) -> None:
    """The flow is an exchange afterwards, or has our answer. `answering`: the model that is to answer.

    Raises UnknownModel, NotServedByModel and BadRequest; the flow is then as it was.
    """
    dialect, operation = asked.place.dialect, asked.place.route.operation
    tiers = serving.router.candidates(answering)
    if not tiers:
        raise serving.router.unknown(answering)
    routed = tiers[0][0].routed
    if operation is not Operation.GENERATE:
        tiers = able(dialect, operation, tiers)
    if not tiers and operation is Operation.COUNT_TOKENS:
        rules = serving.conductors.rules
        said = rules.prompted(asked.body, asked=asked.model, client=dialect.name, operation=operation, routed=routed)
        counted = estimate(dialect, said.body)
        visit.flow.response = http.Response.make(counted.status, counted.body, counted.headers)
        return
    if not tiers:
        raise NotServedByModel(answering, visit.path)
    exchange = Exchange(
        id=visit.flow.id,
        client=dialect,
        operation=operation,
        body=asked.body,
        headers=visit.headers,
        query=urlencode({key: value for key, value in visit.query.items() if key not in SECRET_PARAMETERS}),
        model=asked.model,
        stream=asked.stream and operation is Operation.GENERATE,
        client_name=client_name,
        envelope=asked.place.route.envelope,
        received_s=time.time(),
    )
    exchange.conductor = serving.conductors.conduct(exchange, tiers)
    exchanges.attach(visit.flow, exchange)


def refuse(flow: http.HTTPFlow, dialect: Dialect, error: GatewayError) -> None:
    """The error, in the client's dialect."""
    headers = dict(JSON_HEADERS)
    if isinstance(error, WrongMethod):
        headers["allow"] = ", ".join(error.allowed)
    flow.response = http.Response.make(error.status, dialect.encode_error(error), headers)
    logger.info("flow=%s refused: %d %s", flow.id[:8], error.status, error)
