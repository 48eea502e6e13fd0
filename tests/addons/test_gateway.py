"""From a request at the base URL to an exchange, or to an answer of our own."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tflow

from addons import exchange as exchanges
from addons.accounts.masking import MASK
from addons.attempt import UpstreamAttempt
from addons.exchange import Exchange
from addons.gateway import Gateway, spoken, visit_of
from addons.listen import PLACEHOLDER_HOST
from addons.serving import Builder, Current
from addons.settings import parse
from addons.usage.record import UsageRecord
from translators import registry
from translators.dialect import Operation

KEY = "test-client-key-1"
CONFIG = {
    "api-keys": [KEY],
    "claude-api-key": [
        {"api-key": "test-key-1", "base-url": "http://127.0.0.1:9", "models": [{"name": "c", "alias": "claude-asked"}]}
    ],
    "gemini-api-key": [
        {"api-key": "test-key-2", "base-url": "http://127.0.0.1:9", "models": [{"name": "g", "alias": "a/gemini:1"}]}
    ],
    "codex-api-key": [
        {"api-key": "test-key-3", "base-url": "http://127.0.0.1:9/v1", "models": [{"name": "r", "alias": "gpt-asked"}]}
    ],
    "openai-compatibility": [
        {"name": "chat", "base-url": "http://127.0.0.1:9/v1", "models": [{"name": "o", "alias": "chat-asked"}]}
    ],
}
MODELS = {
    "anthropic": "claude-asked",
    "gemini": "a/gemini:1",
    "openai_chat": "chat-asked",
    "openai_responses": "gpt-asked",
}
"""Dialect of the vendor -> what clients ask for."""
HELLO = [{"role": "user", "content": "hello"}]
BODIES: dict[str, dict[str, Any]] = {
    "anthropic": {"max_tokens": 9, "messages": HELLO},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
    "ollama": {"messages": HELLO, "prompt": "hello"},
    "openai_chat": {"messages": HELLO},
    "openai_completions": {"prompt": "hello"},
    "openai_responses": {"input": "hello"},
}
GENERATING = [
    (dialect.name, route.path)
    for dialect in registry.all_dialects().values()
    for route in dialect.routes
    if route.operation is Operation.GENERATE
]


class Forgetful:
    """A sink for usage that nobody looks at."""

    def take(self, record: UsageRecord) -> None:
        """Does nothing."""


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return Gateway(Current(Builder(Forgetful()).build(parse(json.dumps(CONFIG)).settings)))


def flow_of(
    path: str, body: Any = None, *, method: str = "POST", key: str = KEY, headers: Mapping[str, str] | None = None
) -> http.HTTPFlow:
    fields = {"authorization": f"Bearer {key}", **(headers or {})} if key else dict(headers or {})
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    made = http.Request.make(method, f"http://{PLACEHOLDER_HOST}/", content if method == "POST" else b"")
    made.headers.update(fields)
    made.path = path
    flow = tflow.tflow()
    flow.request = made
    return flow


def opened(gateway: Gateway, path: str, body: Any = None, **more: Any) -> Exchange:
    flow = flow_of(path, body, **more)
    gateway.request(flow)
    exchange = exchanges.of(flow)
    assert exchange is not None, flow.response and flow.response.content
    assert flow.response is None
    return exchange


def answered(gateway: Gateway, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
    flow = flow_of(path, body, **more)
    gateway.request(flow)
    assert exchanges.of(flow) is None
    assert flow.response is not None
    return flow.response.status_code, json.loads(flow.response.content or b"null")


def said(*words: str) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": word} for word in words]}]}


def test_a_body_says_model_and_stream(gateway: Gateway) -> None:
    exchange = opened(gateway, "/v1/messages?beta=true", {"model": "claude-asked", "stream": True})
    assert (exchange.client.name, exchange.operation) == ("anthropic", Operation.GENERATE)
    assert (exchange.model, exchange.stream, exchange.query) == ("claude-asked", True, "beta=true")
    assert exchange.conductor is not None


@pytest.mark.parametrize(("action", "stream"), [("generateContent", False), ("streamGenerateContent", True)])
def test_a_path_may_say_model_and_stream_and_the_body_then_does_not(
    gateway: Gateway, action: str, stream: bool
) -> None:
    body = {**said("hello"), "model": "claude-asked", "stream": not stream}
    exchange = opened(gateway, f"/v1beta/models/a/gemini:1:{action}?alt=sse", body)
    assert exchange.client.name == "gemini"
    assert (exchange.model, exchange.stream, exchange.query) == ("a/gemini:1", stream, "alt=sse")
    assert json.loads(exchange.body) == body


def test_what_stands_around_a_body_is_kept_for_the_reply(gateway: Gateway) -> None:
    boxed = {"model": "chat-asked", "request": said("hello")}
    exchange = opened(gateway, "/v1internal:streamGenerateContent?alt=sse", boxed)
    assert (exchange.client.name, exchange.model, exchange.stream) == ("gemini", "chat-asked", True)
    assert json.loads(exchange.body) == boxed["request"]
    assert exchange.envelope is not None


def test_a_count_that_a_vendor_makes_is_an_exchange(gateway: Gateway) -> None:
    exchange = opened(gateway, "/v1beta/models/a%2Fgemini%3A1%3AcountTokens", said("hello"))
    assert (exchange.operation, exchange.model, exchange.stream) == (Operation.COUNT_TOKENS, "a/gemini:1", False)


def test_a_compaction_is_an_exchange_and_never_a_stream(gateway: Gateway) -> None:
    exchange = opened(gateway, "/v1/responses/compact", {"model": "gpt-asked", "input": "x", "stream": True})
    assert (exchange.operation, exchange.stream) == (Operation.COMPACT, False)
    status, told = answered(gateway, "/v1/responses/compact", {"model": "claude-asked", "input": "x"})
    assert (status, told["error"]["code"]) == (400, "operation_not_served")


def test_a_legacy_completion_is_an_exchange(gateway: Gateway) -> None:
    exchange = opened(gateway, "/v1/completions", {"model": "claude-asked", "prompt": "x"})
    assert exchange.client.name == "openai_completions"


@pytest.mark.parametrize("parameter", ["key", "auth_token"])
def test_a_key_in_the_query_is_for_us_alone(gateway: Gateway, parameter: str) -> None:
    path = f"/v1beta/models/a/gemini:1:generateContent?{parameter}={KEY}&alt=json"
    flow = flow_of(path, said("x"), key="")
    gateway.request(flow)
    exchange = exchanges.of(flow)
    assert exchange is not None
    assert exchange.query == "alt=json"
    assert KEY not in flow.request.path
    assert MASK in flow.request.path


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-goog-api-key"])
def test_a_clients_key_is_not_shown_to_people(gateway: Gateway, header: str) -> None:
    flow = flow_of("/v1/models", method="GET", key="", headers={header: KEY})
    gateway.request(flow)
    assert flow.response is not None
    assert flow.response.status_code == 200
    assert flow.request.headers[header] == MASK
    assert MASK not in [value for name, value in flow.request.headers.items() if name != header]


@pytest.mark.parametrize(
    ("path", "headers", "dialect"),
    [
        ("/v1/models", {}, "openai_chat"),
        ("/v1/models?key=some", {}, "openai_chat"),
        ("/v1/models", {"Anthropic-Version": "2023-06-01"}, "anthropic"),
        ("/v1/models", {"User-Agent": "claude-cli/2.1.197 (external, cli)"}, "anthropic"),
        ("/v1/models", {"x-goog-api-client": "google-genai-sdk/3.4"}, "gemini"),
        ("/v1/models", {"x-goog-api-key": "some"}, "gemini"),
        ("/v1/models", {"x-goog-api-key": "some", "anthropic-version": "2023-06-01"}, "anthropic"),
        ("/v1/models?client_version=0.169.0", {}, "openai_responses"),
        ("/v1beta/models", {"anthropic-version": "2023-06-01"}, "gemini"),
        ("/api/provider/anthropic/v1/models", {"x-goog-api-key": "some"}, "anthropic"),
        ("/api/provider/google/v1/models", {"anthropic-version": "2023-06-01"}, "gemini"),
        ("/backend-api/codex/models", {}, "openai_responses"),
    ],
)
def test_who_speaks_is_told_by_the_path_then_by_what_its_sdk_sends(
    path: str, headers: dict[str, str], dialect: str
) -> None:
    assert spoken(visit_of(flow_of(path, method="GET", headers=headers))) == dialect


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/v1/messages", "authentication_error"),
        ("/v1/chat/completions", "invalid_api_key"),
        ("/v1/responses", "invalid_api_key"),
        ("/v1beta/models/x:generateContent", "UNAUTHENTICATED"),
        ("/v1beta/nothing", "UNAUTHENTICATED"),
        ("/api/provider/google/v1/nothing", "UNAUTHENTICATED"),
        ("/v1/../v1/messages", "invalid_api_key"),
    ],
)
def test_a_refusal_is_in_the_words_of_its_path(gateway: Gateway, path: str, word: str) -> None:
    status, told = answered(gateway, path, {"model": "x"}, key="test-wrong")
    assert status in (400, 401)
    assert word in json.dumps(told)


def test_an_unknown_model_is_refused_in_the_words_of_its_path(gateway: Gateway) -> None:
    status, told = answered(gateway, "/v1beta/models/nobody:generateContent", said("x"))
    assert (status, told["error"]["status"]) == (404, "NOT_FOUND")
    status, told = answered(gateway, "/v1/messages", {"model": "nobody"})
    assert (status, told["error"]["type"]) == (404, "not_found_error")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize(("client", "path"), GENERATING)
def test_who_speaks_another_dialect_is_translated(
    gateway: Gateway, client: str, path: str, upstream: str, stream: bool
) -> None:
    model = MODELS[upstream]
    body = {**BODIES[client], "model": model, "stream": stream}
    if path.startswith("/v1internal:"):
        body = {"model": model, "request": BODIES[client]}
    exchange = opened(gateway, path.format(model=model), body)
    assert exchange.conductor is not None
    step = asyncio.run(exchange.conductor.next())
    assert isinstance(step, UpstreamAttempt)
    step.cancelled()


def test_an_estimate_for_a_route_counts_what_rules_of_its_model_put_in() -> None:
    rule = {"name": "r", "enabled": True, "target": "system", "action": "inject", "content": "many words " * 50}
    counts = []
    for model in ("chat-asked", "other"):
        ruled = {
            **CONFIG,
            "model-routes": [{"alias": "best", "models": ["chat-asked"]}],
            "prompt-rules": [{**rule, "models": [{"name": model}]}],
        }
        gateway = Gateway(Current(Builder(Forgetful()).build(parse(json.dumps(ruled)).settings)))
        _, told = answered(gateway, "/v1/messages/count_tokens", {"model": "best", "messages": HELLO})
        counts.append(told["input_tokens"])
    assert counts[0] > counts[1] + 50


def test_a_count_that_nobody_makes_is_estimated_where_the_request_can_be_read(gateway: Gateway) -> None:
    body = {"model": "chat-asked", "messages": [{"role": "user", "content": "hello"}]}
    status, told = answered(gateway, "/v1/messages/count_tokens", body)
    assert (status, told["input_tokens"] > 0) == (200, True)
    for prompt in (said("hello"), {"generateContentRequest": {**said("hello"), "model": "models/chat-asked"}}):
        status, told = answered(gateway, "/v1beta/models/chat-asked:countTokens", prompt)
        assert (status, told["totalTokens"] > 0) == (200, True)
    status, told = answered(gateway, "/v1beta/models/chat-asked:countTokens", {"contents": "hello"})
    assert (status, told["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("path", ["/v1/responses", "/backend-api/codex/responses"])
def test_a_websockets_handshake_is_426_without_an_upgrade(gateway: Gateway, path: str) -> None:
    flow = flow_of(path, method="GET", headers={"connection": "Upgrade", "upgrade": "websocket"})
    gateway.request(flow)
    assert flow.response is not None
    assert flow.response.status_code == 426
    assert "upgrade" not in flow.response.headers


@pytest.mark.parametrize("path", ["/", "/healthz", "/healthz/"])
def test_the_door_needs_no_key(gateway: Gateway, path: str) -> None:
    status, _ = answered(gateway, path, method="GET", key="")
    assert status == 200
    status, _ = answered(gateway, path, method="DELETE", key="")
    assert status == 405


def test_a_preflight_is_refused_everywhere_with_or_without_a_key(gateway: Gateway) -> None:
    asked = {"origin": "http://example.org", "access-control-request-method": "POST"}
    for path in ("/v1/messages", "/", "/nothing"):
        for key in ("", KEY):
            status, _ = answered(gateway, path, method="OPTIONS", key=key, headers=asked)
            assert status == 403


def test_options_without_a_page_behind_it_is_a_wrong_method(gateway: Gateway) -> None:
    status, _ = answered(gateway, "/v1/messages", method="OPTIONS")
    assert status == 405


def test_what_is_no_gateways_passes() -> None:
    current = Current(Builder(Forgetful()).build(parse(json.dumps(CONFIG)).settings))
    flow = flow_of("/v1/messages", {"model": "claude-asked"})
    flow.request.host = "api.anthropic.com"
    Gateway(current).request(flow)
    assert flow.response is None
    assert exchanges.of(flow) is None


def test_a_fault_of_ours_is_a_500_and_no_request_goes_out(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("addons.opening.Exchange", None)
    status, told = answered(gateway, "/v1/messages", {"model": "claude-asked"})
    assert (status, told["error"]["type"]) == (500, "api_error")
    assert "could not be opened" in caplog.text


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://example.com"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
    ids=["another site", "an opaque origin", "no origin"],
)
def test_a_page_may_not_spend_what_needs_no_key(headers: dict[str, str]) -> None:
    open_to_all = Gateway(Current(Builder(Forgetful()).build(parse(json.dumps({**CONFIG, "api-keys": []})).settings)))
    body = {"model": MODELS["openai_chat"], "messages": HELLO}
    status, told = answered(open_to_all, "/v1/chat/completions", body, key="", headers=headers)
    assert (status, told["error"]["code"]) == (403, "cross_origin")
    opened(open_to_all, "/v1/chat/completions", body, key="", headers={"origin": "vscode-file://vscode-app"})


def test_a_page_with_a_key_is_let_in(gateway: Gateway) -> None:
    body = {"model": MODELS["openai_chat"], "messages": HELLO}
    opened(gateway, "/v1/chat/completions", body, headers={"origin": "https://example.com"})


@pytest.mark.parametrize("path", ["/v1/messages?x=\udcff&key=", "/v1/m\udcff?key=", "/v1/\udced\udca0\udc80?key="])
def test_half_letters_in_an_address_are_read_as_any(gateway: Gateway, path: str) -> None:
    flow = flow_of(f"{path}{KEY}", {"model": "claude-asked", **BODIES["anthropic"]}, key="")
    flow.response = None
    gateway.request(flow)
    assert (exchanges.of(flow) is None) is ("messages" not in path)
    assert flow.response is None or flow.response.status_code == 404
    assert KEY not in flow.request.path
