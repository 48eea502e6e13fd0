"""The base URL: turns a request at a gateway path into an exchange, or answers it."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from mitmproxy import http

from addons import exchange as exchanges
from addons.access import KEY_HEADERS, KEY_PARAMETERS
from addons.accounts.masking import MASK
from addons.conduct import able, estimate
from addons.exchange import Exchange
from addons.listen import OWN_NAME, PLACEHOLDER_HOST
from addons.paths import Place, RouteTable, surface_of
from addons.refusals import (
    CrossOrigin,
    DotSegments,
    InternalError,
    NotServedByModel,
    NoWebSocket,
    UnreadableBody,
    WrongBody,
    WrongMethod,
)
from addons.serving import Current, Serving
from translators import GatewayError, registry
from translators.dialect import Dialect, ModelInfo, Operation, Peek
from translators.jsonio import top_level

logger = logging.getLogger(__name__)

SHOWN_LOSSES: Final = 20
JSON_HEADERS: Final = {"content-type": "application/json"}
CLAUDE_CODE: Final = "claude-cli"
GOOGLE_HEADERS: Final = ("x-goog-api-client", "x-goog-api-key")
CHAT_PATH: Final = "/v1/chat/completions"
RESPONSES_PATH: Final = "/v1/responses"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request at the gateway, read once. Header names in lower case; no secret stays on the flow."""

    flow: http.HTTPFlow
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class Gateway:
    """The routes that every dialect brings, and a few of our own."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._routes = RouteTable(registry.all_dialects().values())

    def request(self, flow: http.HTTPFlow) -> None:
        """The hook: every gateway path is answered or becomes an exchange."""
        if flow.request.host != PLACEHOLDER_HOST or flow.response is not None:
            return
        visit = visit_of(flow)
        try:
            self._serve(visit, self._current.serving)
        except GatewayError as error:
            refuse(flow, self._dialect_of(visit), error)
        except Exception:  # Fail closed: what we can't account for must not leave.
            logger.exception("flow=%s could not be opened", flow.id[:8])
            refuse(flow, self._dialect_of(visit), InternalError(flow.id))

    def response(self, flow: http.HTTPFlow) -> None:
        """The hook: says on the flow who answered, and what could not be said to them, for people."""
        exchange = exchanges.of(flow)
        if exchange is not None and exchange.attempts:
            flow.comment = "\n".join(told(exchange))

    def _serve(self, visit: Visit, serving: Serving) -> None:
        if visit.method == "OPTIONS" and "access-control-request-method" in visit.headers:
            raise CrossOrigin()
        if visit.path in ("/", "/healthz"):
            self._answer_ours(visit)
            return
        name = serving.access.client_name(visit.headers, visit.query)
        place = self._routes.find(visit.method, visit.path, spoken(visit))
        match place.route.operation:
            case Operation.LIST_MODELS:
                answer(visit.flow, place.dialect.model_list(serving.router.models()))
            case Operation.ONE_MODEL:
                answer(visit.flow, place.dialect.one_model(_info(serving, place.model)))
            case Operation.UPGRADE:
                raise NoWebSocket(visit.path)
            case _:
                _open(visit, serving, place, name)

    def _dialect_of(self, visit: Visit) -> Dialect:
        """The dialect that an error at this path is worded in."""
        speaker = spoken(visit)
        try:
            served = self._routes.dialect_at(visit.method, visit.path, speaker)
        except DotSegments:
            served = None
        return served or registry.dialect(speaker)

    def _answer_ours(self, visit: Visit) -> None:
        if visit.method not in ("GET", "HEAD"):
            raise WrongMethod(visit.method, visit.path, ("GET", "HEAD"))
        banner = {"message": OWN_NAME, "endpoints": sorted(self._routes.served())}
        said: object = banner if visit.path == "/" else {"status": "ok"}
        answer(visit.flow, b"" if visit.method == "HEAD" else json.dumps(said).encode())


def told(exchange: Exchange) -> Iterator[str]:
    """The exchange in a line, then a line for each loss."""
    last = exchange.attempts[-1]
    who = f"{last.provider} {last.credential} {last.model}"
    yield f"{exchange.client.name} {exchange.model}: attempt {last.number}, {who}: {exchange.error or last.outcome}"
    for loss in exchange.losses[:SHOWN_LOSSES]:
        yield f"lost {loss.path}: {loss.reason}"
    if len(exchange.losses) > SHOWN_LOSSES:
        yield f"and {len(exchange.losses) - SHOWN_LOSSES} more losses"


def visit_of(flow: http.HTTPFlow) -> Visit:
    """Reads the request, and takes the client's key off the flow, which is shown to people."""
    request = flow.request
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.fields}
    path, _, search = request.path.partition("?")
    query = dict(parse_qsl(search, keep_blank_values=True)) if search else {}
    for header in KEY_HEADERS:
        if header in headers:
            request.headers[header] = MASK
    if any(parameter in query for parameter in KEY_PARAMETERS):
        shown = {key: MASK if key in KEY_PARAMETERS else value for key, value in query.items()}
        request.path = f"{path}?{urlencode(shown, safe='*')}"
    return Visit(flow, request.method, path.rstrip("/") or "/", query, headers)


def spoken(visit: Visit) -> str:
    """The dialect of a client on a path that several share: told by the path, or by what its SDK always sends.

    A `key` in the query tells nothing: CLIProxyAPI takes it from clients of every dialect.
    """
    surface = surface_of(visit.path)
    if surface is not None:
        return surface
    if "anthropic-version" in visit.headers or visit.headers.get("user-agent", "").startswith(CLAUDE_CODE):
        return "anthropic"
    if any(header in visit.headers for header in GOOGLE_HEADERS):
        return "gemini"
    return "openai_responses" if "client_version" in visit.query else "openai_chat"


def answer(flow: http.HTTPFlow, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    """A whole JSON reply of our own."""
    flow.response = http.Response.make(200, body, {**JSON_HEADERS, **(headers or {})})


def refuse(flow: http.HTTPFlow, dialect: Dialect, error: GatewayError) -> None:
    """The error, in the client's dialect."""
    headers = dict(JSON_HEADERS)
    if isinstance(error, WrongMethod):
        headers["allow"] = ", ".join(error.allowed)
    flow.response = http.Response.make(error.status, dialect.encode_error(error), headers)
    logger.info("flow=%s refused: %d %s", flow.id[:8], error.status, error)


def _info(serving: Serving, model: str) -> ModelInfo:
    info = serving.router.info(model)
    if info is None:
        raise serving.router.unknown(model)
    return info


def _open(visit: Visit, serving: Serving, place: Place, client_name: str) -> None:
    """An exchange from the request's body, with a conductor that knows whom to ask."""
    dialect, operation = place.dialect, place.route.operation
    body = _body(visit.flow)
    if place.route.path == CHAT_PATH:
        _check_is_chat(visit, body)
    asked = Peek(place.model, place.route.stream is True) if place.model else dialect.peek(body)
    tiers = serving.router.candidates(asked.model)
    if not tiers:
        raise serving.router.unknown(asked.model)
    if operation is not Operation.GENERATE:
        tiers = able(dialect, operation, tiers)
    if not tiers and operation is Operation.COUNT_TOKENS:
        counted = estimate(dialect, body)
        visit.flow.response = http.Response.make(counted.status, counted.body, counted.headers)
        return
    if not tiers:
        raise NotServedByModel(asked.model, visit.path)
    exchange = Exchange(
        id=visit.flow.id,
        client=dialect,
        operation=operation,
        body=body,
        headers=visit.headers,
        query=urlencode({key: value for key, value in visit.query.items() if key not in KEY_PARAMETERS}),
        model=asked.model,
        stream=asked.stream and operation is Operation.GENERATE,
        client_name=client_name,
        received_s=time.time(),
    )
    exchange.conductor = serving.conductors.conduct(exchange, tiers)
    exchanges.attach(visit.flow, exchange)


def _check_is_chat(visit: Visit, body: bytes) -> None:
    """Some clients send a Responses body to the path of chat completions. The first look costs next to nothing."""
    if b'"messages"' in body:
        return
    fields = top_level(body)
    if "messages" not in fields and ("input" in fields or "instructions" in fields):
        raise WrongBody(visit.path, RESPONSES_PATH)


def _body(flow: http.HTTPFlow) -> bytes:
    """The request's body, decompressed. Raises UnreadableBody."""
    try:
        return flow.request.content or b""
    except ValueError as error:
        encoding = flow.request.headers.get("content-encoding", "")
        raise UnreadableBody(f"the body is not valid {encoding!r}") from error
