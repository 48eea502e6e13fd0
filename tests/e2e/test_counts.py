"""The vendors' SDKs count tokens of models that other vendors serve."""

from collections.abc import Iterator
from typing import Any, Final

import anthropic
import openai
import pytest
from google import genai
from google.genai.types import HttpOptions

from tests.support.config import CLIENT_KEY
from tests.support.house import KEYS, House, house
from tests.support.raw import ask
from tests.vendors.gemini import GeminiVendor
from tests.vendors.responses import ResponsesVendor
from tests.vendors.running import running
from tests.vendors.vendor import Vendor

FLASH: Final = "gemini-2.5-flash"
PATHS: Final = {
    "anthropic": "/v1/messages/count_tokens",
    "gemini": f"/v1beta/models/{FLASH}:countTokens",
    "vertex": f"/v1/publishers/google/models/{FLASH}:countTokens",
    "openai_responses": "/v1/responses/input_tokens",
}
MODELS: Final = {
    "anthropic": "claude-asked",
    "gemini": "gemini-asked",
    "vertex": "vertex-asked",
    "openai_responses": "responses-asked",
}
SCHEMA: Final[dict[str, Any]] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
IMAGE: Final = "iVBORw0KGgo="
LONG: Final = " ".join(["hello"] * 101)


@pytest.fixture(scope="module")
def shared_house() -> Iterator[House]:
    vendors: dict[str, Vendor] = {
        "gemini": GeminiVendor(keys=KEYS, models=(FLASH,)),
        "vertex": GeminiVendor(vertex=True, keys=KEYS, models=(FLASH,)),
        "openai_responses": ResponsesVendor(genuine=True, keys=KEYS, models=("gpt-5-sim",)),
        "relay": ResponsesVendor(keys=KEYS, models=("gpt-5-sim",)),
    }

    def key(name: str, model: str, alias: str) -> dict[str, Any]:
        return {"api-key": KEYS[0], "base-url": vendors[name].base_url, "models": [{"name": model, "alias": alias}]}

    with (
        running(*vendors.values()),
        house(
            gemini_api_key=[key("gemini", FLASH, "gemini-asked")],
            vertex_api_key=[key("vertex", FLASH, "vertex-asked")],
            codex_api_key=[
                key("openai_responses", "gpt-5-sim", "responses-asked"),
                key("relay", "gpt-5-sim", "relayed"),
            ],
        ) as opened,
    ):
        opened.vendors.update(vendors)
        yield opened


def by_anthropic(home: House, model: str, words: str) -> int:
    """A history with a tool, its result, thinking, an image and a system text."""
    client = anthropic.Anthropic(base_url=home.proxy.url, api_key=CLIENT_KEY, max_retries=0)
    source: Any = {"type": "base64", "media_type": "image/png", "data": IMAGE}
    messages: Any = [
        {"role": "user", "content": [{"type": "text", "text": words}, {"type": "image", "source": source}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain"}]},
    ]
    return client.messages.count_tokens(
        model=model,
        system="Be kind.",
        messages=messages,
        tools=[{"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}}],
        tool_choice={"type": "auto"},
        thinking={"type": "enabled", "budget_tokens": 2048},
    ).input_tokens


def by_google(home: House, model: str, words: str) -> int:
    client = genai.Client(api_key=CLIENT_KEY, http_options=HttpOptions(base_url=home.proxy.url))
    return client.models.count_tokens(model=model, contents=words).total_tokens or 0


def by_openai(home: House, model: str, words: str) -> int:
    client = openai.OpenAI(base_url=f"{home.proxy.url}/v1", api_key=CLIENT_KEY, max_retries=0)
    counted = client.responses.input_tokens.count(
        model=model,
        instructions="Be kind.",
        input=[{"role": "user", "content": words}],
        tools=[{"type": "function", "name": "look", "parameters": SCHEMA, "strict": False}],
        text={"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}},
    )
    assert counted.object == "response.input_tokens"
    return counted.input_tokens


CLIENTS: Final = {"anthropic": by_anthropic, "gemini": by_google, "openai_responses": by_openai}


@pytest.mark.parametrize(("client", "upstream"), [(a, b) for a in CLIENTS for b in PATHS if a != b])
def test_the_vendor_that_would_answer_counts(home: House, client: str, upstream: str) -> None:
    short, long = (CLIENTS[client](home, MODELS[upstream], words) for words in ("hello", LONG))
    requests = home.vendors[upstream].requests
    assert [request.path for request in requests] == [PATHS[upstream]] * 2
    assert long - short == 100  # The vendors count words.
    assert CLIENTS[client](home, MODELS[upstream], "hello") == short > 0


def test_a_count_says_who_made_it(home: House) -> None:
    body = {"model": "gemini-asked", "messages": [{"role": "user", "content": "hello"}], "tools": []}
    got = ask(f"{home.proxy.url}{PATHS['anthropic']}", "POST", body=body, headers={"x-api-key": CLIENT_KEY})
    assert got.json.keys() == {"input_tokens"}
    told = {name: value for name, value in got.headers.items() if name.startswith("x-cliproxy-")}
    assert told.pop("x-cliproxy-credential")
    assert told == {
        "x-cliproxy-provider": "gemini",
        "x-cliproxy-model": FLASH,
        "x-cliproxy-attempts": "1",
        "x-cliproxy-losses": "0",
    }


def test_a_relay_that_can_not_count_is_estimated_and_answers_as_before(home: House) -> None:
    said: dict[str, Any] = {"model": "relayed", "messages": [{"role": "user", "content": "hello"}]}
    headers = {"x-api-key": CLIENT_KEY}
    got = ask(f"{home.proxy.url}{PATHS['anthropic']}", "POST", body=said, headers=headers)
    assert (got.status, got.headers["x-cliproxy-estimate"]) == (200, "true")
    assert got.json["input_tokens"] > 0
    assert home.vendors["relay"].requests[-1].path.endswith("/responses/input_tokens")
    got = ask(f"{home.proxy.url}/v1/messages", "POST", body={**said, "max_tokens": 50}, headers=headers)
    assert (got.status, got.headers["x-cliproxy-attempts"]) == (200, "1")


def test_a_gemini_client_may_count_a_whole_request_on_vertex(home: House) -> None:
    contents = [{"role": "user", "parts": [{"text": "hello"}]}]
    whole = {"model": "models/vertex-asked", "contents": contents, "systemInstruction": {"parts": [{"text": "x"}]}}
    url = f"{home.proxy.url}/v1beta/models/vertex-asked:countTokens"
    got = ask(url, "POST", body={"generateContentRequest": whole}, headers={"x-goog-api-key": CLIENT_KEY})
    assert (got.status, "x-cliproxy-estimate" in got.headers) == (200, False)
    (request,) = home.vendors["vertex"].requests
    assert request.json.keys() == {"contents", "systemInstruction"}
