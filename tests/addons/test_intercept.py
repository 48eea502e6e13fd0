"""The hooks of the interception, without a proxy around them."""

import asyncio
import json
from typing import Any

import pytest
from mitmproxy import connection, http
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import tflow

from addons import exchange as exchanges
from addons.accounts.masking import MASK
from addons.intercept import Interception
from addons.listen import PLACEHOLDER_HOST, gateway_mode, interception_mode
from addons.serving import Builder, Current
from addons.settings import parse
from tests.support.conducting import Kept, attempt_of

OURS = interception_mode("127.0.0.1", 8080)
SECRETS = {
    "authorization": "Bearer own-secret-1",
    "x-api-key": "own-secret-2",
    "x-goog-api-key": "own-secret-3",
    "cookie": "own-secret-4",
    "proxy-authorization": "own-secret-5",
}
QUERY = "?key=own-secret-6&access_token=own-secret-7&beta=true"
CONFIG: dict[str, Any] = {
    "api-keys": ["gateway-key-0123456789"],
    "claude-api-key": [
        {"api-key": "test-key-1", "base-url": "http://127.0.0.1:9", "models": [{"name": "c", "alias": "served"}]}
    ],
    "codex-api-key": [
        {"api-key": "test-key-2", "base-url": "http://127.0.0.1:9/v1", "models": [{"name": "r", "alias": "gpt"}]}
    ],
}


def interception(**intercept: Any) -> Interception:
    settings = parse(json.dumps({**CONFIG, "intercept": intercept})).settings
    return Interception(Current(Builder(Kept()).build(settings)))


def flow_of(
    path: str, body: Any = None, *, method: str = "POST", host: str = "api.anthropic.com", mode: str = OURS, **more: str
) -> http.HTTPFlow:
    flow = tflow.tflow(resp=False)
    flow.client_conn.proxy_mode = ProxyMode.parse(mode)
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    headers = http.Headers([(name.encode(), value.encode()) for name, value in {**SECRETS, **more}.items()])
    flow.request = http.Request.make(method, f"https://{host}{path}", content, headers)
    return flow


def heard(addon: Interception, flow: http.HTTPFlow) -> http.HTTPFlow:
    addon.requestheaders(flow)
    if not flow.request.stream:
        addon.request(flow)
    return flow


def asking(model: str) -> dict[str, Any]:
    return {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}


def is_passed(flow: http.HTTPFlow) -> bool:
    return flow.response is None and exchanges.of(flow) is None and flow.request.stream is True


def has_secret(flow: http.HTTPFlow) -> bool:
    return "own-secret" in f"{flow.request.headers} {flow.request.path}"


def test_no_secret_of_the_client_is_in_an_exchange_on_its_flow_or_at_the_pools_vendor() -> None:
    flow = heard(interception(), flow_of(f"/v1/messages{QUERY}", asking("served")))
    exchange = exchanges.of(flow)
    assert exchange is not None
    assert exchange.conductor is not None
    assert "own-secret" not in f"{exchange.headers} {exchange.query}"
    assert exchange.query == "beta=true"
    assert not has_secret(flow)
    assert flow.request.headers["x-api-key"] == MASK
    attempt = attempt_of(asyncio.run(exchange.conductor.next()))
    assert "own-secret" not in str(attempt.request)
    assert (attempt.request.host, dict(attempt.request.headers)[b"authorization"]) == (
        "127.0.0.1",
        b"Bearer test-key-1",
    )
    exchange.conductor.finished(None, 0)


def test_the_gateways_own_client_key_means_nothing_here() -> None:
    flow = flow_of("/v1/messages", asking("served"), **{"x-api-key": "gateway-key-0123456789"})
    exchange = exchanges.of(heard(interception(), flow))
    assert exchange is not None
    assert exchange.client_name == "-"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/oauth/token"), ("GET", "/v1/messages"), ("OPTIONS", "/v1/messages")]
)
def test_what_is_no_inference_passes_as_it_is(method: str, path: str) -> None:
    flow = flow_of(path + QUERY, asking("served"), method=method)
    before = flow.request.get_state()
    heard(interception(), flow)
    assert is_passed(flow)
    assert flow.request.get_state() == before


def test_its_secrets_are_hidden_once_they_were_sent_and_its_body_is_not_kept() -> None:
    addon = interception()
    flow = heard(addon, flow_of(f"/api/oauth/token{QUERY}"))
    flow.response = http.Response.make(200, b"", {"set-cookie": "own-secret-8"})
    flow.response.raw_content = None
    assert "own-secret" in str(flow.request.get_state())
    addon.responseheaders(flow)
    assert flow.response.stream is True
    assert "own-secret" not in str(flow.request.get_state())
    assert flow.response.headers["set-cookie"] == "own-secret-8"
    addon.response(flow)
    assert not has_secret(flow)
    assert flow.response.headers["set-cookie"] == MASK


def test_a_reply_without_a_body_leaves_with_its_cookie() -> None:
    addon = interception()
    flow = heard(addon, flow_of("/api/oauth/token"))
    flow.response = http.Response.make(204, b"", {"set-cookie": "a=b"})
    addon.responseheaders(flow)
    addon.response(flow)
    assert flow.response.headers["set-cookie"] == "a=b"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_other_listeners_and_plain_http_are_no_business_of_it(scheme: str) -> None:
    addon = interception()
    for mode in ("regular", "regular@127.0.0.1:8080", gateway_mode("127.0.0.1", 8317)):
        flow = heard(addon, flow_of("/v1/messages", asking("served"), mode=mode))
        assert (exchanges.of(flow), flow.response, flow.request.stream) == (None, None, False)
    flow = flow_of("/v1/messages", asking("served"))
    flow.request.scheme, flow.request.port = ("http", 443) if scheme == "http" else ("https", 8443)
    assert is_passed(heard(addon, flow))


def test_a_model_that_nobody_serves_passes_or_is_refused() -> None:
    flow = flow_of(f"/v1/messages{QUERY}", asking("other"))
    before = flow.request.get_state()
    assert is_passed(heard(interception(), flow))
    assert flow.request.get_state() == before
    refused = heard(interception(unrouted="refuse"), flow_of("/v1/messages", asking("other")))
    assert refused.response is not None
    assert (refused.response.status_code, exchanges.of(refused)) == (404, None)
    assert refused.response.json()["type"] == "error"
    assert not has_secret(refused)


def test_what_the_models_vendor_can_not_do_is_unrouted_too() -> None:
    body = {"model": "served", "input": "hello"}
    assert is_passed(heard(interception(), flow_of("/v1/responses/compact", body, host="api.openai.com")))
    refusing = interception(unrouted="refuse")
    refused = heard(refusing, flow_of("/v1/responses/compact", body, host="api.openai.com"))
    assert refused.response is not None
    assert refused.response.status_code == 400


def test_the_map_says_who_answers_and_the_exchange_keeps_what_was_asked_for() -> None:
    exchange = exchanges.of(
        heard(interception(models={"claude-*": "gpt"}), flow_of("/v1/messages", asking("claude-x")))
    )
    assert exchange is not None
    assert exchange.model == "claude-x"


def test_a_body_that_can_not_be_read_goes_nowhere() -> None:
    for body, more in ((b"{", {}), (b"x", {"content-encoding": "gzip"})):
        flow = heard(interception(), flow_of("/v1/messages", body, **more))
        assert flow.response is not None
        assert flow.response.status_code == 400
        assert not has_secret(flow)


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("chatgpt.com", "/backend-api/codex/responses", 426),
        ("api.openai.com", "/v1/responses", 426),
        ("api.anthropic.com", "/api/ws/speech_to_text/voice_stream", None),
    ],
)
def test_a_handshake_is_refused_on_inference_alone(host: str, path: str, status: int | None) -> None:
    flow = heard(interception(), flow_of(path, method="GET", host=host, upgrade="WebSocket"))
    assert (None if flow.response is None else flow.response.status_code) == status


@pytest.mark.parametrize("name", ["place_of", "body_of", "asked_of", "open_exchange", "read", "hide_keys"])
def test_a_fault_of_ours_is_answered(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("on purpose")

    addon, flow = interception(), flow_of("/v1/messages", asking("served"))
    monkeypatch.setattr(f"addons.intercept.{name}", broken)
    heard(addon, flow)
    assert flow.response is not None
    assert flow.response.status_code == 500
    assert flow.response.json()["type"] == "error"


class Hello:
    """What the hook looks at of a handshake."""

    def __init__(
        self, address: tuple[str, int] | None, sni: str | None, mode: str = OURS, alpn: tuple[bytes, ...] = ()
    ) -> None:
        self.client_hello = self
        self.alpn_protocols = list(alpn)
        self.context = self
        self.sni = sni
        self.client = tflow.tclient_conn()
        self.client.proxy_mode = ProxyMode.parse(mode)
        self.server = connection.Server(address=address)
        self.client.alpn = None
        self.ignore_connection = False
        self.establish_server_tls_first = True


@pytest.mark.parametrize(
    ("host", "port", "sni", "tunnelled"),
    [
        ("api.anthropic.com", 443, "api.anthropic.com", False),
        ("API.anthropic.com", 443, "api.anthropic.com", False),
        ("api.anthropic.com", 443, None, False),
        ("api.anthropic.com", 443, "example.com", True),
        ("api.anthropic.com", 8443, "api.anthropic.com", True),
        ("example.com", 443, "api.anthropic.com", True),
        ("example.com", 443, "example.com", True),
        ("cloudcode-pa.googleapis.com", 443, "cloudcode-pa.googleapis.com", False),
    ],
)
def test_only_the_tls_of_listed_hosts_is_opened(host: str, port: int, sni: str | None, tunnelled: bool) -> None:
    hello: Any = Hello((host, port), sni)
    interception().tls_clienthello(hello)
    assert hello.ignore_connection is tunnelled


@pytest.mark.parametrize(
    ("host", "offered", "agreed"),
    [
        ("api.anthropic.com", (b"h2", b"http/1.1"), b"http/1.1"),
        ("api.anthropic.com", (b"h2",), None),
        ("api.anthropic.com", (), None),
        ("chatgpt.com", (b"h2", b"http/1.1"), None),
        ("api.openai.com", (b"h2", b"http/1.1"), None),
        ("example.com", (b"h2", b"http/1.1"), None),
    ],
)
def test_a_host_that_needs_websockets_speaks_http1_with_clients_that_can(
    host: str, offered: tuple[bytes, ...], agreed: bytes | None
) -> None:
    hello: Any = Hello((host, 443), host, alpn=offered)
    interception().tls_clienthello(hello)
    assert hello.client.alpn == agreed


def test_the_vendor_is_not_needed_to_open_a_tunnel() -> None:
    opened: Any = Hello(("api.anthropic.com", 443), "api.anthropic.com")
    interception().tls_clienthello(opened)
    assert opened.establish_server_tls_first is False


@pytest.mark.parametrize(
    ("mode", "agreed", "before", "offered"),
    [
        (OURS, b"http/1.1", (), (b"http/1.1",)),
        (OURS, b"h2", (), (b"h2", b"http/1.1")),
        (OURS, None, (), ()),
        (OURS, b"h2", (b"http/1.1",), (b"http/1.1",)),
        ("regular", b"http/1.1", (), ()),
    ],
)
def test_the_vendor_is_offered_what_the_client_agreed_on(
    mode: str, agreed: bytes | None, before: tuple[bytes, ...], offered: tuple[bytes, ...]
) -> None:
    client = tflow.tclient_conn()
    client.proxy_mode, client.alpn = ProxyMode.parse(mode), agreed
    client.timestamp_tls_setup = 1.0
    data = ServerConnectionHookData(connection.Server(address=("a", 443), alpn_offers=before), client)
    interception().server_connect(data)
    assert tuple(data.server.alpn_offers) == offered


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"origin": "https://evil.example.com", "sec-fetch-mode": "no-cors", "sec-fetch-site": "cross-site"}, True),
        ({"Origin": "HTTP://localhost:3000"}, True),
        ({"origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"origin": "https://api.anthropic.com", "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-mode": "cors"}, False),
        ({"sec-fetch-mode": "no-cors", "sec-fetch-site": "none"}, False),
        ({"origin": "vscode-file://vscode-app", "sec-fetch-site": "cross-site"}, False),
        ({"anthropic-dangerous-direct-browser-access": "true"}, False),
    ],
    ids=["no-cors", "cors", "sandbox", "no origin", "the vendor's own", "Node", "Electron", "editor", "SDK"],
)
def test_a_page_does_not_spend_the_pool(headers: dict[str, str], passes: bool) -> None:
    assert is_passed(heard(interception(), flow_of("/v1/messages", asking("served"), **headers))) is passes
    refusing = interception(unrouted="refuse")
    assert is_passed(heard(refusing, flow_of("/v1/messages", asking("served"), **headers))) is passes
    handshake = flow_of("/v1/responses", method="GET", host="api.openai.com", upgrade="websocket", **headers)
    assert is_passed(heard(interception(), handshake)) is passes


def test_the_tls_of_other_listeners_and_of_the_proxy_itself_is_left_alone() -> None:
    for hello in (Hello(("example.com", 443), "example.com", "regular"), Hello(None, "localhost")):
        data: Any = hello
        interception().tls_clienthello(data)
        assert data.ignore_connection is False


def test_a_fault_of_ours_leaves_tls_closed_and_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addons.intercept.bare", None)
    hello: Any = Hello(("api.anthropic.com", 443), "api.anthropic.com")
    interception().tls_clienthello(hello)
    assert hello.context.server.address[0] == PLACEHOLDER_HOST  # Which is never dialled.
    assert hello.ignore_connection is True


def test_half_letters_in_an_address_do_not_keep_its_secrets() -> None:
    for path in ("/v1/messages?x=\udcff&key=own-secret-6", "/api/\udcff?key=own-secret-6"):
        flow = flow_of("/", asking("served"))
        flow.request.path = path
        addon = interception()
        heard(addon, flow)
        flow.response = http.Response.make()
        addon.responseheaders(flow)
        addon.response(flow)
        assert not has_secret(flow)
        assert (exchanges.of(flow) is None) is path.startswith("/api")


def test_what_mitmproxy_would_stream_is_read_as_a_whole_where_the_pool_answers() -> None:
    flow = flow_of("/v1/messages", asking("served"))
    flow.request.stream = True
    assert exchanges.of(heard(interception(), flow)) is not None


def test_the_password_of_the_proxy_is_not_told_to_origins() -> None:
    flow = flow_of("/", host="plain.test")
    flow.request.scheme, flow.request.port = "http", 80
    assert is_passed(heard(interception(), flow))
    assert "proxy-authorization" not in flow.request.headers
    assert flow.request.headers["authorization"] == SECRETS["authorization"]
