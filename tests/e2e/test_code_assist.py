"""Code Assist's envelope at the gateway: what a client hears in it is what Gemini's API would have said."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.proxy import Proxy
from tests.support.raw import ask
from tests.vendors import behaviour as acts
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.gemini import GeminiVendor
from tests.vendors.running import running

KEY: Final = "test-key-1"
HELLO: Final = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}


@pytest.fixture(scope="module")
def vendors() -> Iterator[tuple[GeminiVendor, AnthropicVendor]]:
    both = GeminiVendor(keys=(KEY,)), AnthropicVendor(keys=(KEY,))
    with running(*both):
        yield both


@pytest.fixture(scope="module")
def proxy(vendors: tuple[GeminiVendor, AnthropicVendor]) -> Iterator[Proxy]:
    gemini, claude = vendors
    described = config(
        gemini_api_key=[claude_key(gemini.base_url, KEY, {"gemini-asked": "gemini-sim"})],
        claude=[claude_key(claude.base_url, KEY, {"claude-asked": "claude-sim"})],
    )
    with Proxy({**described, "disable-cooling": True}) as it:
        yield it


def asked(proxy: Proxy, action: str, model: str) -> tuple[int, str]:
    body = {"model": model, "project": "p", "user_prompt_id": "1", "request": {**HELLO, "session_id": "s"}}
    if action.startswith("count"):
        body = {"request": {"model": f"models/{model}", **HELLO}}
    headers = {"authorization": f"Bearer {CLIENT_KEY}", "content-type": "application/json"}
    reply = ask(f"{proxy.url}/v1internal:{action}", "POST", body=body, headers=headers)
    return reply.status, reply.body.decode()


def words(reply: dict[str, Any]) -> str:
    return "".join(part["text"] for part in reply["response"]["candidates"][0]["content"]["parts"])


@pytest.mark.parametrize("model", ["gemini-asked", "claude-asked"])
def test_replies_whole_and_streamed_come_in_it(proxy: Proxy, model: str) -> None:
    status, body = asked(proxy, "generateContent", model)
    whole = json.loads(body)
    assert (status, words(whole), whole["response"]["modelVersion"]) == (200, "echo: hello", model)
    assert whole["traceId"]
    status, body = asked(proxy, "streamGenerateContent?alt=sse", model)
    chunks = [json.loads(line.removeprefix("data: ")) for line in body.splitlines() if line]
    assert (status, "".join(map(words, chunks))) == (200, "echo: hello")
    status, body = asked(proxy, "streamGenerateContent", model)
    assert (status, "".join(map(words, json.loads(body)))) == (200, "echo: hello")


@pytest.mark.parametrize("model", ["gemini-asked", "claude-asked"])
def test_tokens_are_counted_and_errors_told_without_it(
    proxy: Proxy, vendors: tuple[GeminiVendor, AnthropicVendor], model: str
) -> None:
    status, body = asked(proxy, "countTokens", model)
    assert (status, json.loads(body)["totalTokens"] > 0) == (200, True)
    for vendor in vendors:
        vendor.script.then(acts.refused(400, "not like this"), acts.refused(400, "not like this"))
    for action in ("generateContent", "streamGenerateContent?alt=sse"):
        status, body = asked(proxy, action, model)
        assert (status, json.loads(body)["error"]["status"]) == (400, "INVALID_ARGUMENT")
    for vendor in vendors:
        vendor.reset()
    status, body = asked(proxy, "generateContent", "nobody")
    assert (status, json.loads(body)["error"]["status"]) == (404, "NOT_FOUND")
