"""Rules of the config through the real proxy, at both entrances: vendors see the ruled body, and people are told."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import anthropic
import httpx2
import pytest

from tests.support.config import CLIENT_KEY, claude_key, compatible, config
from tests.support.proxied import proxied
from tests.support.proxy import Proxy
from tests.support.raw import Got, ask
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.gemini import GeminiVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running
from tests.vendors.vendor import Vendor

KEY: Final = "test-key-1"
OWN_KEY: Final = "sk-ant-own-0123456789"
HOST: Final = "api.anthropic.com"
MODELS: Final = {
    "anthropic": "claude-asked",
    "openai_chat": "gpt-asked",
    "openai_responses": "codex-asked",
    "gemini": "gemini-asked",
}
UPSTREAM_MODELS: Final = {**MODELS, "gemini": "gemini-2.5-flash"}
SAID: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "anthropic": ("/v1/messages", {"max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}),
    "openai_chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hello"}]}),
    "openai_responses": ("/v1/responses", {"input": "hello"}),
    "gemini": ("", {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}),
}
STYLE: Final = "Answer in British English."
RULES: Final[dict[str, Any]] = {
    "payload": {
        "default": [
            {"models": [{"name": "claude-*", "protocol": "claude"}], "params": {"temperature": 0.5, "max_tokens": 77}},
            {"models": [{"name": "gemini-*", "protocol": "gemini"}], "params": {"generationConfig.topK": 7}},
        ],
        "override": [
            {"models": [{"name": "gpt-*", "protocol": "openai"}], "params": {"seed": 7, "stop": ["END"]}},
            {"models": [{"name": "codex-*", "protocol": "codex"}], "params": {"reasoning.effort": "low"}},
            {"models": [{"name": "*", "headers": {"X-Team": "blue-*"}}], "params": {"metadata.user_id": "blue"}},
        ],
        "override-raw": [{"models": [{"name": "*"}], "params": {"broken": "{"}}],
    },
    "prompt-rules": [
        {"name": "house-style", "enabled": True, "target": "system", "action": "inject", "content": STYLE},
        {"name": "hush", "enabled": True, "target": "user", "action": "strip", "pattern": r" *\(please\)"},
    ],
    "model-routes": [{"alias": "best", "models": ["gpt-asked", "claude-asked"]}],
}


@dataclass(slots=True)
class Place:
    """The proxy and a vendor of each dialect."""

    proxy: Proxy
    vendors: dict[str, Vendor]
    config: dict[str, Any]

    def say(self, client: str, model: str, body: dict[str, Any] | bytes | None = None, **headers: str) -> Got:
        """One request at the gateway."""
        path, said = SAID[client]
        path = path or f"/v1beta/models/{model}:generateContent"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"model": model, **said} if body is None else body
        if client == "gemini" and isinstance(sent, dict):
            sent = {key: value for key, value in sent.items() if key != "model"}
        return ask(self.proxy.url + path, "POST", body=sent, headers={"x-api-key": CLIENT_KEY, **named})

    def heard(self, upstream: str) -> Any:
        """What the vendor was asked last."""
        return self.vendors[upstream].requests[-1].json

    def sdk(self) -> anthropic.Anthropic:
        """Anthropic's SDK, which knows of the proxy only."""
        trusting = ssl.create_default_context(cafile=str(self.proxy.ca))
        http = httpx2.Client(proxy=self.proxy.proxy_url, verify=trusting, trust_env=False)
        return anthropic.Anthropic(api_key=OWN_KEY, http_client=http, max_retries=0)


@pytest.fixture(scope="module")
def opened() -> Iterator[Place]:
    vendors: dict[str, Vendor] = {
        "anthropic": AnthropicVendor(keys=[KEY]),
        "openai_chat": OpenAIChatVendor(keys=[KEY]),
        "openai_responses": ResponsesVendor(keys=[KEY]),
        "gemini": GeminiVendor(keys=[KEY], models=(UPSTREAM_MODELS["gemini"],)),
    }
    with running(*vendors.values()):
        described = config(
            claude=[claude_key(vendors["anthropic"].base_url, KEY, {"claude-asked": "claude-asked"})],
            chat=[compatible("sim", vendors["openai_chat"].base_url, [KEY], {"gpt-asked": "gpt-sim"})],
            codex_api_key=[claude_key(vendors["openai_responses"].base_url, KEY, {"codex-asked": "codex-sim"})],
            gemini_api_key=[claude_key(vendors["gemini"].base_url, KEY, {"gemini-asked": UPSTREAM_MODELS["gemini"]})],
            disable_cooling=True,
        )
        ruled = {**described, **RULES}
        with proxied(ruled, {}) as proxy:
            yield Place(proxy, vendors, ruled)


@pytest.fixture
def place(opened: Place) -> Iterator[Place]:
    for vendor in opened.vendors.values():
        vendor.reset()
    yield opened
    assert not any(key in opened.proxy.log for key in (KEY, CLIENT_KEY, OWN_KEY))


def check(upstream: str, body: Any) -> None:
    """The body is as the rules want it."""
    match upstream:
        case "anthropic":
            assert (body["temperature"], STYLE in json.dumps(body["system"])) == (0.5, True)
        case "openai_chat":
            assert (body["seed"], body["stop"]) == (7, ["END"])
            assert body["messages"][0]["role"] == "system"
            assert STYLE in json.dumps(body["messages"][0])
        case "openai_responses":
            assert body["reasoning"]["effort"] == "low"
            assert STYLE in json.dumps(body)
        case _:
            assert body["generationConfig"]["topK"] == 7
            assert STYLE in json.dumps(body["systemInstruction"])


@pytest.mark.parametrize(
    ("client", "upstream"),
    [(client, upstream) for client in sorted(SAID) for upstream in sorted(MODELS)],
)
def test_a_client_of_any_dialect_is_ruled_on_its_way_to_any_vendor(place: Place, client: str, upstream: str) -> None:
    got = place.say(client, MODELS[upstream])
    assert got.status == 200, got.body
    check(upstream, place.heard(upstream))


def test_a_vendor_of_the_clients_dialect_gets_the_clients_bytes_but_for_what_is_ruled(place: Place) -> None:
    sent = b"""{ "model":"claude-asked" , "system": "%s", "temperature":0.90,
        "max_tokens" : 50, "messages" : [ {"role":"user","content":"\\u00e9 1"} ]} """ % STYLE.encode()
    assert place.say("anthropic", "", sent).status == 200
    assert place.vendors["anthropic"].requests[-1].body == sent
    stripped = sent.replace(b"\\u00e9 1", b"hello (please)")
    assert place.say("anthropic", "", stripped).status == 200
    assert place.vendors["anthropic"].requests[-1].body == stripped.replace(b" (please)", b"").strip()


def test_our_own_count_counts_what_rules_put_in(place: Place) -> None:
    _, said = SAID["anthropic"]
    counts = [
        ask(f"{place.proxy.url}/v1/messages/count_tokens", "POST", body=body, headers={"x-api-key": CLIENT_KEY})
        for body in ({"model": "gpt-asked", **said}, {"model": "gpt-asked", **said, "system": STYLE})
    ]
    assert [got.headers.get("x-cliproxy-estimate") for got in counts] == ["true", "true"]
    assert counts[0].json == counts[1].json


def test_headers_of_the_client_choose_a_rule(place: Place) -> None:
    assert place.say("anthropic", "claude-asked", X_Team="blue-2").status == 200
    assert place.heard("anthropic")["metadata"] == {"user_id": "blue"}
    assert place.say("anthropic", "claude-asked", X_Team="red").status == 200
    assert "metadata" not in place.heard("anthropic")


@pytest.mark.parametrize("model", ["claude-asked", "gpt-asked"])
def test_what_is_intercepted_is_ruled_the_same(place: Place, model: str) -> None:
    said = place.sdk().messages.create(
        model=model, max_tokens=50, messages=[{"role": "user", "content": "hi (please)"}]
    )
    assert [block.text for block in said.content if block.type == "text"] == ["echo: hi"]
    upstream = "anthropic" if model == "claude-asked" else "openai_chat"
    check(upstream, place.heard(upstream))


def test_a_route_asks_the_next_model_where_one_fails_and_passes_over_it(place: Place) -> None:
    place.vendors["openai_chat"].script.then(acts.refused(503, "down"))
    first = place.say("openai_chat", "best")
    assert (first.status, first.json["model"], first.headers["x-cliproxy-model"]) == (200, "best", "claude-asked")
    second = place.say("anthropic", "best")
    assert (second.status, second.json["model"], second.headers["x-cliproxy-attempts"]) == (200, "best", "1")
    assert len(place.vendors["openai_chat"].requests) == 1
    models = ask(place.proxy.url + "/v1/models", headers={"authorization": f"Bearer {CLIENT_KEY}"}).json["data"]
    assert "best" in [model["id"] for model in models]


def test_a_line_tells_what_rules_have_changed_and_which_are_broken(place: Place) -> None:
    since = len(place.proxy.log)
    assert place.say("openai_chat", "gpt-asked").status == 200
    place.proxy.wait_for(r"ruled: prompt house-style, override seed, override stop\n", since=since)
    assert "payload.override-raw[0] is left out: params: holds a text that is no JSON" in place.proxy.log
    assert STYLE not in place.proxy.log


def test_an_edit_of_the_rules_counts_from_the_next_request_on(place: Place) -> None:
    rule = {"models": [{"name": "gpt-*"}], "params": {"seed": 9}}
    place.proxy.change({**place.config, "payload": {"override": [rule]}, "prompt-rules": []})
    try:
        assert place.say("openai_chat", "gpt-asked").status == 200
        body = place.heard("openai_chat")
        assert (body["seed"], "stop" in body, [one["role"] for one in body["messages"]]) == (9, False, ["user"])
    finally:
        place.proxy.change(place.config)
    assert place.say("openai_chat", "gpt-asked").status == 200
    assert place.heard("openai_chat")["seed"] == 7
