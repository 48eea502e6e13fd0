"""The base URL: turns a request at a gateway path into an exchange, or answers it."""

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Final

from mitmproxy import http

from addons.access import ANYONE
from addons.listen import OWN_NAME, PLACEHOLDER_HOST
from addons.opening import JSON_HEADERS, Visit, asked_of, body_of, hide_keys, open_exchange, read, refuse
from addons.paths import all_routes, surface_of
from addons.refusals import (
    CrossOrigin,
    DotSegments,
    InternalError,
    NoWebSocket,
    WrongBody,
    WrongMethod,
)
from addons.serving import Current, Serving
from addons.web_page import is_from_page
from translators import GatewayError, registry
from translators.dialect import Dialect, ModelInfo, Operation
from translators.jsonio import top_level

logger = logging.getLogger(__name__)

CLAUDE_CODE: Final = "claude-cli"
GOOGLE_HEADERS: Final = ("x-goog-api-client", "x-goog-api-key")
CHAT_PATH: Final = "/v1/chat/completions"
RESPONSES_PATH: Final = "/v1/responses"


class Gateway:
    """The routes that every dialect brings, and a few of our own."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._routes = all_routes()
        self._instance = secrets.token_hex(8)

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

    def _serve(self, visit: Visit, serving: Serving) -> None:
        if visit.method == "OPTIONS" and "access-control-request-method" in visit.headers:
            raise CrossOrigin()
        if visit.path in ("/", "/healthz"):
            self._answer_ours(visit)
            return
        name = serving.access.client_name(visit.headers, visit.query)
        if name == ANYONE and is_from_page(visit.headers):
            raise CrossOrigin
        place = self._routes.find(visit.method, visit.path, spoken(visit))
        match place.route.operation:
            case Operation.LIST_MODELS:
                answer(visit.flow, place.dialect.model_list(serving.router.models()))
            case Operation.ONE_MODEL:
                model = place.model or place.dialect.peek(body_of(visit.flow)).model
                answer(visit.flow, place.dialect.one_model(_info(serving, model)))
            case Operation.ABOUT:
                answer(visit.flow, place.dialect.about)
            case Operation.UPGRADE:
                raise NoWebSocket(visit.path)
            case _:
                body = body_of(visit.flow)
                if place.route.path == CHAT_PATH:
                    _check_is_chat(visit, body)
                asked = asked_of(place, body)
                open_exchange(visit, serving, asked, asked.model, name)

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
        banner = {"message": OWN_NAME, "instance": self._instance, "endpoints": sorted(self._routes.served())}
        said: object = banner if visit.path == "/" else {"status": "ok"}
        answer(visit.flow, b"" if visit.method == "HEAD" else json.dumps(said).encode())


def visit_of(flow: http.HTTPFlow) -> Visit:
    """Reads the request, and takes the client's key off the flow, which is shown to people."""
    visit = read(flow)
    hide_keys(flow, visit)
    return visit


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


def _info(serving: Serving, model: str) -> ModelInfo:
    info = serving.router.info(model)
    if info is None:
        raise serving.router.unknown(model)
    return info


def _check_is_chat(visit: Visit, body: bytes) -> None:
    """Some clients send a Responses body to the path of chat completions. The first look costs next to nothing."""
    if b'"messages"' in body:
        return
    fields = top_level(body)
    if "messages" not in fields and ("input" in fields or "instructions" in fields):
        raise WrongBody(visit.path, RESPONSES_PATH)
