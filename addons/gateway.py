"""The base URL: turns a request at a gateway path into an exchange, or answers it."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode

from mitmproxy import http

from addons import exchange as exchanges
from addons.access import KEY_HEADERS, KEY_PARAMETERS
from addons.accounts.masking import MASK
from addons.conduct import able, estimate
from addons.exchange import Exchange
from addons.listen import PLACEHOLDER_HOST
from addons.refusals import InternalError, UnknownPath, UnreadableBody, WrongMethod
from addons.route import UnknownModel
from addons.serving import Current, Serving
from translators import GatewayError, registry
from translators.dialect import Dialect, Operation

logger = logging.getLogger(__name__)

SHOWN_LOSSES: Final = 20
JSON_HEADERS: Final = {"content-type": "application/json"}
BANNER: Final = {
    "message": "cliproxy-mitm gateway",
    "endpoints": ["POST /v1/chat/completions", "POST /v1/messages", "POST /v1/messages/count_tokens", "GET /v1/models"],
}


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
        self._routes: dict[str, dict[str, list[tuple[Dialect, Operation]]]] = {}
        for dialect in registry.all_dialects().values():
            for route in dialect.routes:
                methods = self._routes.setdefault(route.path, {})
                methods.setdefault(route.method, []).append((dialect, route.operation))

    def request(self, flow: http.HTTPFlow) -> None:
        """The hook: every gateway path is answered or becomes an exchange."""
        if flow.request.host != PLACEHOLDER_HOST or flow.response is not None:
            return
        visit = visit_of(flow)
        try:
            self._serve(visit, self._current.serving)
        except GatewayError as error:
            refuse(flow, self._dialect_at(visit), error)
        except Exception:  # Fail closed: what we can't account for must not leave.
            logger.exception("flow=%s could not be opened", flow.id[:8])
            refuse(flow, self._dialect_at(visit), InternalError(flow.id))

    def response(self, flow: http.HTTPFlow) -> None:
        """The hook: says on the flow who answered, and what could not be said to them, for people."""
        exchange = exchanges.of(flow)
        if exchange is not None and exchange.attempts:
            flow.comment = "\n".join(told(exchange))

    def _serve(self, visit: Visit, serving: Serving) -> None:
        if visit.path in ("/", "/healthz"):
            _answer_ours(visit)
            return
        name = serving.access.client_name(visit.headers, visit.query)
        methods = self._routes.get(visit.path)
        if methods is None:
            if visit.method == "GET" and visit.path.startswith("/v1/models/"):
                _one_model(visit, serving, unquote(visit.path.removeprefix("/v1/models/")))
                return
            raise UnknownPath(visit.method, visit.path, self._meant(visit.path))
        choices = methods.get(visit.method)
        if choices is None:
            raise WrongMethod(visit.method, visit.path, sorted(methods))
        dialect, operation = _choose(choices, spoken(visit))
        if operation is Operation.LIST_MODELS:
            answer(visit.flow, dialect.model_list(serving.router.models()))
        else:
            _open(visit, serving, dialect, operation, name)

    def _dialect_at(self, visit: Visit) -> Dialect:
        """The dialect that an error at this path is worded in."""
        choices = [choice for method in self._routes.get(visit.path, {}).values() for choice in method]
        return _choose(choices, spoken(visit))[0] if choices else spoken(visit)

    def _meant(self, path: str) -> str | None:
        """A path that is served and ends like this one: base URLs often have a /v1 too many, or too few."""
        for served in self._routes:
            if path.endswith(served) or served.endswith(path):
                return served
        return None


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
    if len(path) > 1:
        path = path.rstrip("/")
    return Visit(flow, request.method, path, query, headers)


def spoken(visit: Visit) -> Dialect:
    """The dialect of a client on a path that several share, told by what its SDK always sends."""
    anthropic = "anthropic-version" in visit.headers or visit.headers.get("user-agent", "").startswith("claude-cli")
    return registry.dialect("anthropic" if anthropic else "openai_chat")


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


def _one_model(visit: Visit, serving: Serving, model: str) -> None:
    for info in serving.router.models():
        if info.id == model:
            answer(visit.flow, spoken(visit).one_model(info))
            return
    raise UnknownModel(model, serving.router.near(model))


def _open(visit: Visit, serving: Serving, dialect: Dialect, operation: Operation, client_name: str) -> None:
    """An exchange from the request's body, with a conductor that knows whom to ask."""
    body = _body(visit.flow)
    peek = dialect.peek(body)
    tiers = serving.router.candidates(peek.model)
    if not tiers:
        raise UnknownModel(peek.model, serving.router.near(peek.model))
    if operation is Operation.COUNT_TOKENS:
        tiers = able(dialect, operation, tiers)
        if not tiers:
            counted = estimate(dialect, body)
            visit.flow.response = http.Response.make(counted.status, counted.body, counted.headers)
            return
    exchange = Exchange(
        id=visit.flow.id,
        client=dialect,
        operation=operation,
        body=body,
        headers=visit.headers,
        query=urlencode({key: value for key, value in visit.query.items() if key not in KEY_PARAMETERS}),
        model=peek.model,
        stream=peek.stream and operation is Operation.GENERATE,
        client_name=client_name,
        received_s=time.time(),
    )
    exchange.conductor = serving.conductors.conduct(exchange, tiers)
    exchanges.attach(visit.flow, exchange)


def _answer_ours(visit: Visit) -> None:
    if visit.method not in ("GET", "HEAD"):
        raise WrongMethod(visit.method, visit.path, ("GET", "HEAD"))
    said: object = BANNER if visit.path == "/" else {"status": "ok"}
    answer(visit.flow, b"" if visit.method == "HEAD" else json.dumps(said).encode())


def _body(flow: http.HTTPFlow) -> bytes:
    """The request's body, decompressed. Raises UnreadableBody."""
    try:
        return flow.request.content or b""
    except ValueError as error:
        encoding = flow.request.headers.get("content-encoding", "")
        raise UnreadableBody(f"the body is not valid {encoding!r}") from error


def _choose(choices: list[tuple[Dialect, Operation]], spoken_by: Dialect) -> tuple[Dialect, Operation]:
    for choice in choices:
        if choice[0] is spoken_by:
            return choice
    return choices[0]
