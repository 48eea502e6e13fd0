"""The vendors' SDKs, told of a proxy and its CA by the environment and of nothing else: the pool answers, and no vendor
is there under its own name."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai import errors, types

from tests.support.config import claude_key, compatible, config
from tests.support.proxied import proxied
from tests.support.proxy import Proxy
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.gemini import GeminiVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running
from tests.vendors.vendor import Vendor

OWN_KEY: Final = "sk-own-0123456789"
KEYS: Final = ("test-key-1", "test-key-2")
OTHERS: Final = ("HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_API_KEY")

type Say = Callable[[str, bool], tuple[str, str | None]]
"""A model and whether to stream -> what it said, and the name it goes by."""


def anthropics(model: str, stream: bool) -> tuple[str, str | None]:
    asked: Any = {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}
    with anthropic.Anthropic(api_key=OWN_KEY, max_retries=0) as client:
        if not stream:
            message = client.messages.create(**asked)
        else:
            with client.messages.stream(**asked) as events:
                message = events.get_final_message()
    return "".join(block.text for block in message.content if block.type == "text"), message.model


def chat(model: str, stream: bool) -> tuple[str, str | None]:
    asked: Any = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
    with openai.OpenAI(api_key=OWN_KEY, max_retries=0) as client:
        if not stream:
            completion = client.chat.completions.create(**asked)
            return completion.choices[0].message.content or "", completion.model
        chunks = list(client.chat.completions.create(**asked, stream=True))
    said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    return said, chunks[-1].model


def responses(model: str, stream: bool) -> tuple[str, str | None]:
    with openai.OpenAI(api_key=OWN_KEY, max_retries=0) as client:
        if not stream:
            response: Any = client.responses.create(model=model, input="hello")
        else:
            with client.responses.stream(model=model, input="hello") as events:
                response = events.get_final_response()
    return response.output_text, response.model


def googles(version: str) -> Say:
    def say(model: str, stream: bool) -> tuple[str, str | None]:
        options = types.HttpOptions(api_version=version)
        with genai.Client(api_key=OWN_KEY, http_options=options) as client:
            if not stream:
                reply = client.models.generate_content(model=model, contents="hello")
                return reply.text or "", reply.model_version
            chunks = list(client.models.generate_content_stream(model=model, contents="hello"))
        return "".join(chunk.text or "" for chunk in chunks), chunks[-1].model_version

    return say


@dataclass(frozen=True, slots=True)
class Client:
    """An SDK, at one of its vendor's paths. `refused`, `limited`: what it raises for a 400 and a 429."""

    say: Say
    vendor: str
    model: str
    refused: type[Exception]
    limited: type[Exception]


CLIENTS: Final = {
    "anthropic": Client(anthropics, "claude", "claude-asked", anthropic.BadRequestError, anthropic.RateLimitError),
    "openai chat": Client(chat, "chat", "gpt-chat", openai.BadRequestError, openai.RateLimitError),
    "openai responses": Client(responses, "responses", "gpt-asked", openai.BadRequestError, openai.RateLimitError),
    "google v1": Client(googles("v1"), "gemini", "gemini-asked", errors.ClientError, errors.ClientError),
    "google v1beta": Client(googles("v1beta"), "gemini", "gemini-asked", errors.ClientError, errors.ClientError),
}


@dataclass(slots=True)
class Place:
    """The proxy, and the vendors of its pool."""

    proxy: Proxy
    vendors: dict[str, Vendor]


def entries(vendor: Vendor, name: str, alias: str) -> list[dict[str, Any]]:
    return [claude_key(vendor.base_url, key, {alias: name}) for key in KEYS]


@pytest.fixture(scope="module")
def shared() -> Iterator[Place]:
    claude = AnthropicVendor(keys=KEYS, models=("claude-sim",))
    chats = OpenAIChatVendor(keys=KEYS, models=("gpt-sim",))
    response = ResponsesVendor(genuine=True, keys=KEYS, models=("gpt-5-sim",))
    gemini = GeminiVendor(keys=KEYS, models=("gemini-2.5-flash",))
    with running(claude, chats, response, gemini):
        described = config(
            claude=entries(claude, "claude-sim", "claude-asked"),
            chat=[compatible("sim", chats.base_url, KEYS, {"gpt-chat": "gpt-sim"})],
            codex_api_key=entries(response, "gpt-5-sim", "gpt-asked"),
            gemini_api_key=entries(gemini, "gemini-2.5-flash", "gemini-asked"),
            routing={"strategy": "fill-first"},
            disable_cooling=True,
        )
        with proxied(described, {}) as proxy:
            yield Place(proxy, {"claude": claude, "chat": chats, "responses": response, "gemini": gemini})


@pytest.fixture
def here(shared: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for vendor in shared.vendors.values():
        vendor.reset()
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", shared.proxy.proxy_url)
    monkeypatch.setenv("SSL_CERT_FILE", str(shared.proxy.ca))
    yield shared
    assert not any(key in shared.proxy.log for key in (*KEYS, OWN_KEY))
    for vendor in shared.vendors.values():
        for request in vendor.requests:
            assert OWN_KEY not in str(request)
            assert OWN_KEY.encode() not in request.body


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    return CLIENTS[request.param]


@pytest.fixture(params=[True, False], ids=["stream", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_the_pool_answers_where_the_vendor_was_asked(here: Place, client: Client, stream: bool) -> None:
    assert client.say(client.model, stream) == ("echo: hello", client.model)
    assert {name: vendor.keys_seen for name, vendor in here.vendors.items() if vendor.requests} == {
        client.vendor: ["test-key-1"]
    }


def test_tokens_are_counted_by_who_would_answer(here: Place) -> None:
    with anthropic.Anthropic(api_key=OWN_KEY, max_retries=0) as client:
        hello: Any = [{"role": "user", "content": "hello"}]
        assert client.messages.count_tokens(model="gemini-asked", messages=hello).input_tokens > 0
    (request,) = here.vendors["gemini"].requests
    assert request.path == "/v1beta/models/gemini-2.5-flash:countTokens"


@pytest.mark.parametrize("status", [401, 429])
def test_the_next_key_answers_where_one_fails(here: Place, client: Client, stream: bool, status: int) -> None:
    vendor = here.vendors[client.vendor]
    vendor.for_key("test-key-1").always(acts.refused(status, "not with this one"))
    assert client.say(client.model, stream) == ("echo: hello", client.model)
    assert vendor.keys_seen == ["test-key-1", "test-key-2"]


def test_a_client_that_escapes_the_colon_is_answered_too(here: Place) -> None:
    url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-asked%3AgenerateContent"
    asked = {"contents": [{"parts": [{"text": "hello"}]}]}
    with httpx2.Client(verify=ssl.create_default_context(cafile=str(here.proxy.ca))) as client:
        reply = client.post(url, json=asked, headers={"x-goog-api-key": OWN_KEY})
    assert (reply.status_code, "echo: hello" in reply.text) == (200, True)
    assert "gemini-asked%3AgenerateContent HTTP" in here.proxy.log


def test_an_error_is_one_of_the_clients_own(here: Place, client: Client, stream: bool) -> None:
    vendor = here.vendors[client.vendor]
    vendor.script.always(acts.refused(400, "hello is not polite enough"))
    with pytest.raises(client.refused, match="hello is not polite enough"):
        client.say(client.model, stream)
    assert vendor.keys_seen == ["test-key-1"]


def test_so_is_that_of_a_pool_where_nobody_can_answer(here: Place, client: Client, stream: bool) -> None:
    vendor = here.vendors[client.vendor]
    vendor.script.always(acts.refused(429, "monthly limit", retry_after="3600"))
    with pytest.raises(client.limited, match="monthly limit"):
        client.say(client.model, stream)
    assert vendor.keys_seen == list(KEYS)
