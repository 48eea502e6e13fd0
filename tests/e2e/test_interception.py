"""Clients that only know HTTPS_PROXY: they keep calling their vendor, and the pool answers."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam

from addons.listen import port_problem
from tests.support.certificates import Made, self_made
from tests.support.config import CLIENT_KEY, claude_key, compatible, config
from tests.support.origin import Origin, Tunnel, origin
from tests.support.proxy import Proxy
from tests.support.raw import ask
from tests.support.talkers import AnthropicTalker
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import running

SUPPORT: Final = Path(__file__).parents[1] / "support"
REDIRECT: Final = SUPPORT / "redirect_vendors.py"
BREAK: Final = SUPPORT / "break_interception.py"
OWN_KEY: Final = "sk-ant-own-0123456789"
POOL_KEYS: Final = ("test-key-1", "test-key-2", "test-key-3")
VENDOR: Final = "api.anthropic.com"
OTHER: Final = "example.com"
HELLO: Final[list[MessageParam]] = [{"role": "user", "content": "hello"}]
MODELS: Final = {
    "claude-haiku-*": "gpt-asked",
    "claude-small": "claude-asked",
}


@dataclass(slots=True)
class Scene:
    """The proxy, the pool's vendors, and what stands at the vendors' real names."""

    proxy: Proxy
    claude: AnthropicVendor
    chat: OpenAIChatVendor
    real: Origin
    plain: Origin
    made: Made

    def sdk(self) -> anthropic.Anthropic:
        """The vendor's SDK, which knows the proxy and its CA, and nothing else of us."""
        trusting = ssl.create_default_context(cafile=str(self.proxy.ca))
        http = httpx2.Client(proxy=self.proxy.proxy_url, verify=trusting, trust_env=False)
        return anthropic.Anthropic(api_key=OWN_KEY, http_client=http, max_retries=0)

    def tunnel(self, host: str = VENDOR, **more: Any) -> Tunnel:
        """A connection of a client that trusts our CA."""
        return Tunnel(self.proxy.intercept_port, host, str(self.proxy.ca), **more)

    def check(self) -> None:
        """No key is where it must not be."""
        for vendor in (self.claude, self.chat):
            for request in vendor.requests:
                assert OWN_KEY not in str(request)
                assert OWN_KEY.encode() not in request.body
        for kept in (*self.real.requests, *self.plain.requests):
            assert not any(key.encode() in kept for key in POOL_KEYS)
        assert not any(key in self.proxy.log for key in (*POOL_KEYS, OWN_KEY))

    def sweep(self) -> None:
        """As new."""
        self.claude.reset()
        self.chat.reset()
        self.real.requests.clear()
        self.plain.requests.clear()


@contextmanager
def scene(made: Made, *, scripts: tuple[Path, ...] = (), may_crash: bool = False, **intercept: Any) -> Iterator[Scene]:
    claude = AnthropicVendor(keys=POOL_KEYS, models=("claude-sim",))
    chat = OpenAIChatVendor(keys=POOL_KEYS, models=("gpt-sim",))
    with running(claude, chat), origin(made) as real, origin() as plain:
        described = config(
            claude=[claude_key(claude.base_url, key, {"claude-asked": "claude-sim"}) for key in POOL_KEYS[:2]],
            chat=[compatible("sim", chat.base_url, [POOL_KEYS[2]], {"gpt-asked": "gpt-sim"})],
            routing={"strategy": "fill-first"},
            intercept={"models": MODELS, **intercept},
        )
        hosts = {VENDOR: real.port, OTHER: real.port, "api.openai.com": real.port, "plain.test": plain.port}
        with Proxy(
            described,
            scripts=[REDIRECT, *scripts],
            options={"ssl_insecure": "true"},
            environ={"CLIPROXY_TEST_HOSTS": json.dumps(hosts)},
            may_crash=may_crash,
        ) as proxy:
            proxy.wait_for(rf"listening at 127\.0\.0\.1:{proxy.intercept_port}\b")
            yield Scene(proxy, claude, chat, real, plain, made)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return self_made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def shared(made: Made) -> Iterator[Scene]:
    with scene(made) as opened:
        yield opened


@pytest.fixture
def here(shared: Scene) -> Iterator[Scene]:
    shared.sweep()
    yield shared
    shared.check()


def said(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def post(path: str, body: bytes, *more: str) -> bytes:
    head = (f"POST {path} HTTP/1.1", f"Host: {VENDOR}", f"X-Api-Key: {OWN_KEY}", *more, f"Content-Length: {len(body)}")
    return "\r\n".join((*head, "", "")).encode() + body


def asking(model: str) -> bytes:
    return json.dumps({"model": model, "max_tokens": 50, "messages": HELLO}).encode()


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("model", "vendor", "key"),
    [
        ("claude-asked", "claude", "test-key-1"),
        ("claude-small", "claude", "test-key-1"),
        ("gpt-asked", "chat", "test-key-3"),
        ("claude-haiku-4-5", "chat", "test-key-3"),
    ],
    ids=["same dialect", "mapped", "foreign dialect", "mapped by a pattern to a foreign one"],
)
def test_the_sdk_asks_its_vendor_and_the_pool_answers(
    here: Scene, model: str, vendor: str, key: str, stream: bool
) -> None:
    client = here.sdk()
    if stream:
        with client.messages.stream(model=model, max_tokens=50, messages=HELLO) as events:
            message: anthropic.types.Message = events.get_final_message()
    else:
        message = client.messages.create(model=model, max_tokens=50, messages=HELLO)
    assert (said(message), message.model) == ("echo: hello", model)
    asked = here.claude if vendor == "claude" else here.chat
    assert asked.keys_seen == [key]
    assert here.real.requests == []


def test_another_key_of_the_pool_answers_where_one_fails(here: Scene) -> None:
    here.claude.keys = POOL_KEYS[1:]
    try:
        message = here.sdk().messages.create(model="claude-asked", max_tokens=50, messages=HELLO)
    finally:
        here.claude.keys = POOL_KEYS
    assert said(message) == "echo: hello"
    assert here.claude.keys_seen == ["test-key-1", "test-key-2"]
    here.proxy.change({**here.proxy.config, "disable-cooling": True})
    here.proxy.change(here.proxy.config)


def test_tokens_are_counted_by_the_pool(here: Scene) -> None:
    counted = here.sdk().messages.count_tokens(model="claude-asked", messages=HELLO)
    assert counted.input_tokens > 0
    assert here.real.requests == []


def test_what_is_no_inference_arrives_with_the_clients_own_credential_byte_for_byte(here: Scene) -> None:
    body = b'{"a" : 1}  ' * 20_000
    chunked = b"\r\n".join([b"5", b"hello", b"3", b"abc", b"0", b"", b""])
    sent = [
        post("/api/oauth/profile?b=2&a=%20", body, "X-Odd:   spaced", "x-lower: yes", "Cookie: c=d"),
        f"GET /v1/models?limit=1 HTTP/1.1\r\nHost: {VENDOR}\r\nAUTHORIZATION: Bearer {OWN_KEY}\r\n\r\n".encode(),
        f"GET /v1/messages HTTP/1.1\r\nHost: {VENDOR}\r\nAuthorization: Bearer {OWN_KEY}\r\n\r\n".encode(),
        f"POST /v1/files HTTP/1.1\r\nHost: {VENDOR}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunked,
        post("/v1//messages", asking("claude-asked")),
    ]
    with here.tunnel() as tunnel:
        answers = [tunnel.ask(request) for request in sent]
    assert [status for status, _ in answers] == [200] * len(sent)
    for _, answer in answers:
        assert b"X-Origin: itself\r\nSet-Cookie: a=b\r\n" in answer
        assert answer.endswith(b"origin")
    spaced = sent[0].replace(b"X-Odd:   spaced", b"X-Odd: spaced")  # The one thing that mitmproxy's reader tidies.
    assert here.real.requests == [spaced, *sent[1:]]
    assert here.claude.requests == []


def test_a_host_that_is_not_listed_is_tunnelled_with_its_own_certificate(here: Scene) -> None:
    trusted = str(here.made.ca)
    for host, port, named in ((OTHER, 443, OTHER), (VENDOR, 8443, VENDOR), (VENDOR, 443, OTHER)):
        with Tunnel(here.proxy.intercept_port, host, trusted, port=port, named=named) as tunnel:
            assert "test issuer" in tunnel.issuer
            assert tunnel.ask(post("/v1/messages", asking("claude-asked")))[0] == 200
    assert len(here.real.requests) == 3
    with here.tunnel() as tunnel:
        assert "mitmproxy" in tunnel.issuer


def test_plain_http_passes(here: Scene) -> None:
    got = ask(
        f"{here.proxy.proxy_url}",
        "GET",
        headers={"host": "plain.test"},
    )
    assert got.status == 200
    for _ in range(2):
        with httpx2.Client(proxy=here.proxy.proxy_url, trust_env=False) as client:
            reply = client.post("http://plain.test/v1/messages", content=asking("claude-asked"))
        assert (reply.status_code, reply.text) == (200, "origin")
    assert here.plain.requests[-1].endswith(asking("claude-asked"))
    assert here.claude.requests == []


def test_a_model_that_nobody_serves_goes_to_its_vendor_as_it_is(here: Scene) -> None:
    sent = post("/v1/messages?beta=true", asking("claude-unknown"), "Accept: */*")
    with here.tunnel() as tunnel:
        status, answer = tunnel.ask(sent)
    assert (status, answer[-6:]) == (200, b"origin")
    assert here.real.requests == [sent]
    here.proxy.wait_for("passes: no credential here serves model=claude-unknown")


def test_what_a_web_page_asks_goes_to_the_vendor_as_it_is(here: Scene) -> None:
    sent = post("/v1/messages", asking("claude-asked"), "Origin: https://page.example.com", "Sec-Fetch-Mode: no-cors")
    with here.tunnel() as tunnel:
        status, answer = tunnel.ask(sent)
    assert (status, answer[-6:]) == (200, b"origin")
    assert here.real.requests == [sent]
    assert here.claude.requests == []
    here.proxy.wait_for("passes: it comes from a web page")


def test_it_is_refused_where_the_config_says_so_and_an_edit_is_taken_up(here: Scene) -> None:
    refusing = {**here.proxy.config, "intercept": {"models": MODELS, "unrouted": "refuse"}}
    here.proxy.change(refusing)
    try:
        with pytest.raises(anthropic.NotFoundError, match="claude-unknown"):
            here.sdk().messages.create(model="claude-unknown", max_tokens=50, messages=HELLO)
    finally:
        here.proxy.change(here.proxy.config)
    assert here.real.requests == []


def test_hosts_come_and_go_with_the_config(here: Scene) -> None:
    changed = {"hosts": {OTHER: VENDOR}, "remove-hosts": [VENDOR]}
    here.proxy.change({**here.proxy.config, "intercept": changed})
    try:
        with here.tunnel(OTHER) as tunnel:
            status, answer = tunnel.ask(post("/v1/messages", asking("claude-asked")))
        assert (status, b"echo: hello" in answer) == (200, True)
        with Tunnel(here.proxy.intercept_port, VENDOR, str(here.made.ca)) as tunnel:
            assert "test issuer" in tunnel.issuer
    finally:
        here.proxy.change(here.proxy.config)


def test_a_websocket_is_refused_on_inference_and_passes_elsewhere(here: Scene) -> None:
    handshake = (
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with here.tunnel("api.openai.com") as tunnel:
        status, answer = tunnel.ask(handshake.format(path="/v1/responses", host="api.openai.com").encode())
    assert (status, b"websocket_not_served" in answer) == (426, True)
    assert here.real.requests == []
    with here.tunnel() as tunnel:
        status, _ = tunnel.ask(handshake.format(path="/api/ws/speech_to_text/voice_stream", host=VENDOR).encode())
    assert status == 101
    assert len(here.real.requests) == 1


def test_a_path_that_means_another_one_goes_nowhere(here: Scene) -> None:
    for path in ("/v1/../v1/messages", "/v1/%2e%2e/api/oauth/token", "/api/./x"):
        with here.tunnel() as tunnel:
            status, answer = tunnel.ask(post(path, asking("claude-asked")))
        assert (status, b'"type":"error"' in answer) == (400, True)
    assert [*here.real.requests, *here.claude.requests] == []


def test_the_gateway_still_asks_for_its_key(here: Scene) -> None:
    assert ask(f"{here.proxy.url}/v1/models").status == 401


def test_an_exception_of_ours_sends_nothing_anywhere(made: Made) -> None:
    with scene(made, scripts=(BREAK,), may_crash=True) as it:
        broken = (
            "place_of",
            "body_of",
            "asked_of",
            "open_exchange",
            "hide_keys",
            "Interception.request",
            "Gateway.request",
        )
        for name in broken:
            with it.tunnel(more=f"x-break: {name}\r\n") as tunnel:
                status, answer = tunnel.ask(post("/v1/messages", asking("claude-asked")))
            assert (name, status, b'"type":"error"' in answer) == (name, 500, True)
        with it.tunnel(more="x-break: place_of\r\n") as tunnel:
            status, answer = tunnel.ask(post("/api/oauth/profile", b"{}"))
        assert (status, b'"type":"error"' in answer) == (500, True)
        with pytest.raises(OSError, match=r"EOF|reset"):
            it.tunnel(more="x-break: bare\r\n")
        assert [*it.real.requests, *it.claude.requests, *it.chat.requests] == []
        with it.tunnel() as tunnel:
            assert tunnel.ask(post("/v1/messages", asking("claude-asked")))[0] == 200
        with it.tunnel(more="x-break: Gateway.request\r\n"):
            got = ask(f"{it.proxy.url}/v1/messages", "POST", body=asking("claude-asked"))
        assert (got.status, got.json["type"]) == (500, "error")
        requests = len(it.claude.requests)
        with pytest.raises(OSError, match=r"EOF|reset"):
            it.tunnel(more="x-break: LayerInstaller._put_in\r\n")
        with pytest.raises(OSError, match=r"EOF|reset|closed"):  # From now on for every connection.
            ask(f"{it.proxy.url}/v1/messages", "POST", body=asking("claude-asked"), headers={"x-api-key": CLIENT_KEY})
        assert len(it.claude.requests) == requests
        it.check()


def test_where_the_port_is_taken_the_gateway_goes_on(made: Made) -> None:
    vendor = AnthropicVendor()
    with (
        running(vendor),
        origin() as taken,
        Proxy(
            config(claude=[claude_key(vendor.base_url, "test-key-1", {"a": "m"})], intercept={"port": taken.port}),
        ) as it,
    ):
        it.wait_for(rf"only the gateway: Port {taken.port} .*`intercept\.port` in config\.yaml")
        key = it.config["api-keys"][0]
        assert AnthropicTalker(it.url, key, "a", stream=True).say("hello").text == "echo: hello"


def test_another_instance_is_named_where_its_proxy_has_the_port(here: Scene) -> None:
    problem = port_problem("127.0.0.1", here.proxy.intercept_port, "intercept.port")
    assert problem is not None
    assert "another instance of this gateway" in problem


def test_keys_of_the_ca_are_its_owners_alone(shared: Scene) -> None:
    folder = shared.proxy.ca.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("mitmproxy-ca.pem", "mitmproxy-ca.p12"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
