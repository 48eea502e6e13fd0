"""Vendors that take their time: the vendors' SDKs read what the proxy says meanwhile, and the reply behind it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai import errors, types

from tests.support.config import CLIENT_KEY, claude_key, compatible, config
from tests.support.proxy import Proxy
from tests.support.raw import Got, ask
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.behaviour import Behaviour
from tests.vendors.gemini import GeminiVendor
from tests.vendors.openai_chat import OpenAIChatVendor
from tests.vendors.running import running
from tests.vendors.vendor import Vendor

KEYS: Final = ("test-key-1", "test-key-2")
FLASH: Final = "gemini-2.5-flash"
LONG_S: Final = 2.5
"""A keep-alive is due after one second, and noticed at most one second later."""

SLOW_FAILURE: Final = replace(acts.RESET_BEFORE_HEAD, delay_s=LONG_S)
COMMENT: Final = b": keep-alive\n\n"
PATHS: Final = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "gemini": f"/v1beta/models/{FLASH}:",
}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "anthropic": {"model": "claude-sim", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
    "openai_chat": {"model": "gpt-sim", "messages": [{"role": "user", "content": "hi"}]},
    "gemini": {"contents": [{"parts": [{"text": "hi"}]}]},
}
each_client = pytest.mark.parametrize("client", PATHS)
either_way = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


class Door:
    """A vendor of each dialect, behind a proxy that keeps its clients waiting aloud."""

    def __init__(self, proxy: Proxy, vendors: dict[str, Vendor]) -> None:
        self.proxy = proxy
        self.vendors = vendors

    def post(self, client: str, *, stream: bool, query: str = "") -> Got:
        """A request as curl would make it."""
        path, body = PATHS[client], BODIES[client]
        if client == "gemini":
            path += "streamGenerateContent" if stream else "generateContent"
        else:
            body = {**body, "stream": stream}
        url = f"{self.proxy.url}{path}?{query}"
        return ask(url, "POST", body=body, headers={"authorization": f"Bearer {CLIENT_KEY}"})


@pytest.fixture(scope="module")
def shared() -> Iterator[Door]:
    claude = AnthropicVendor(keys=KEYS, models=("claude-sim",))
    chat = OpenAIChatVendor(keys=KEYS, models=("gpt-sim",))
    gemini = GeminiVendor(keys=KEYS, models=(FLASH,))
    with running(claude, chat, gemini):
        described = config(
            claude=[claude_key(claude.base_url, key, {"claude-sim": "claude-sim"}) for key in KEYS],
            chat=[compatible("sim", chat.base_url, KEYS, {"gpt-sim": "gpt-sim"})],
            gemini_api_key=[{"api-key": key, "base-url": gemini.base_url, "models": [{"name": FLASH}]} for key in KEYS],
            streaming={"keepalive-seconds": 1},
            nonstream_keepalive_interval=1,
            routing={"strategy": "fill-first"},
            disable_cooling=True,
        )
        with Proxy(described) as proxy:
            yield Door(proxy, {"anthropic": claude, "openai_chat": chat, "gemini": gemini})


@pytest.fixture
def door(shared: Door) -> Iterator[Door]:
    for vendor in shared.vendors.values():
        vendor.reset()
    yield shared
    for vendor in shared.vendors.values():
        assert vendor.failures == []


# The SDKs. `noted` is called with the reply's head.

type Noted = Callable[[Any], None]


def by_anthropic(url: str, noted: Noted, *, stream: bool) -> str:
    http = httpx2.Client(event_hooks={"response": [noted]})
    client = anthropic.Anthropic(base_url=url, api_key=CLIENT_KEY, max_retries=0, http_client=http)
    asked: dict[str, Any] = BODIES["anthropic"]
    if stream:
        with client.messages.stream(**asked) as said:
            return "".join(said.text_stream)
    [block] = client.messages.create(**asked).content
    return str(block.text)


def by_openai(url: str, noted: Noted, *, stream: bool) -> str:
    http = httpx2.Client(event_hooks={"response": [noted]})
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=CLIENT_KEY, max_retries=0, http_client=http)
    asked: dict[str, Any] = BODIES["openai_chat"]
    if stream:
        chunks = client.chat.completions.create(stream=True, **asked)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return str(client.chat.completions.create(**asked).choices[0].message.content)


def by_google(url: str, noted: Noted, *, stream: bool) -> str:
    options = types.HttpOptions(base_url=url, timeout=30_000, client_args={"event_hooks": {"response": [noted]}})
    client = genai.Client(api_key=CLIENT_KEY, http_options=options)
    if stream:
        chunks = client.models.generate_content_stream(model=FLASH, contents="hi")
        return "".join(chunk.text or "" for chunk in chunks)
    return str(client.models.generate_content(model=FLASH, contents="hi").text)


SDKS: Final = {"anthropic": by_anthropic, "openai_chat": by_openai, "gemini": by_google}


@each_client
@either_way
def test_the_sdk_reads_the_reply_of_another_key_behind_keep_alives(door: Door, client: str, stream: bool) -> None:
    vendor = door.vendors[client]
    vendor.for_key(KEYS[0]).then(SLOW_FAILURE)
    heads: list[Any] = []
    assert SDKS[client](door.proxy.url, heads.append, stream=stream) == "echo: hi"
    assert vendor.keys_seen == list(KEYS)
    [head] = heads
    assert head.status_code == 200
    assert "x-cliproxy-provider" not in head.headers  # It came before anybody had answered.
    assert "request-id" in head.headers


@each_client
def test_the_sdk_reads_a_stream_that_pauses(door: Door, client: str) -> None:
    pausing: Behaviour = acts.silent(LONG_S, after=5)
    door.vendors[client].for_key(KEYS[0]).then(pausing)
    heads: list[Any] = []
    said = SDKS[client](door.proxy.url, heads.append, stream=True)
    assert said == "one two three four five six seven eight nine ten"
    assert "x-cliproxy-provider" in heads[0].headers


@each_client
def test_the_sdk_fails_as_ever_when_all_fail_behind_keep_alives(door: Door, client: str) -> None:
    for key in KEYS:
        door.vendors[client].for_key(key).then(SLOW_FAILURE if key == KEYS[0] else acts.refused(503))
    with pytest.raises((anthropic.APIError, openai.APIError, errors.APIError)) as raised:
        SDKS[client](door.proxy.url, lambda head: None, stream=True)
    assert "503" in str(raised.value)


# The bytes.


@pytest.mark.parametrize("client", ["anthropic", "openai_chat"])
def test_a_stream_that_is_silent_gets_comments(door: Door, client: str) -> None:
    door.vendors[client].for_key(KEYS[0]).then(SLOW_FAILURE)
    got = door.post(client, stream=True)
    assert got.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert got.body.startswith(COMMENT)
    assert b"echo" in got.body


@pytest.mark.parametrize("client", ["anthropic", "openai_chat"])
def test_a_stream_that_pauses_gets_comments_between_its_events(door: Door, client: str) -> None:
    door.vendors[client].for_key(KEYS[0]).then(acts.silent(LONG_S, after=5))
    before, *_, behind = door.post(client, stream=True).body.split(COMMENT)
    assert before.endswith(b"\n\n")
    assert b"data: " in before
    assert behind.startswith((b"event: ", b"data: "))


@pytest.mark.parametrize("failing", [False, True], ids=["answered", "nobody left"])
def test_a_gemini_array_that_is_silent_gets_white_space(door: Door, failing: bool) -> None:
    vendor = door.vendors["gemini"]
    vendor.for_key(KEYS[0]).then(SLOW_FAILURE)
    if failing:
        vendor.for_key(KEYS[1]).then(acts.refused(503))
    got = door.post("gemini", stream=True)
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert got.body.startswith(b"\n")
    if failing:
        [said] = got.json
        assert said["error"]["code"] == 429
    else:
        assert "".join(one["candidates"][0]["content"]["parts"][0]["text"] for one in got.json) == "echo: hi"


@each_client
def test_an_error_of_a_whole_reply_that_has_begun_is_its_body(door: Door, client: str) -> None:
    """As in CLIProxyAPI: the status was 200 already."""
    for key in KEYS:
        door.vendors[client].for_key(key).then(SLOW_FAILURE if key == KEYS[0] else acts.refused(503))
    got = door.post(client, stream=False)
    assert (got.status, got.headers["content-type"]) == (200, "application/json")
    assert "content-length" not in got.headers
    assert got.body.startswith(b"\n")
    assert "503" in json.dumps(got.json["error"])
