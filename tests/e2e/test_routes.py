"""Each path of the gateway, in every spelling that clients have for it."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors
from google.genai.types import HttpOptions

from tests.support.config import CLIENT_KEY
from tests.support.house import KEYS, House, house
from tests.support.raw import Got, ask
from tests.vendors import behaviour as acts
from tests.vendors.gemini import GeminiVendor
from tests.vendors.running import running

MODELS_OF = {"anthropic": "claude-asked", "openai_chat": "gpt-asked", "gemini": "gemini-asked"}
"""Dialect of the vendor -> what clients ask for."""
GEMINI_MODEL = "gemini-2.5-flash"
KEY = {"x-api-key": CLIENT_KEY}
CHAT = {"model": "gpt-asked", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}


@pytest.fixture(scope="module")
def shared_house() -> Iterator[House]:
    gemini = GeminiVendor(keys=KEYS, models=(GEMINI_MODEL,))
    with running(gemini):
        models = [{"name": GEMINI_MODEL, "alias": "gemini-asked"}, {"name": GEMINI_MODEL, "alias": "odd/gemini:8b"}]
        entry = {"api-key": KEYS[0], "base-url": gemini.base_url, "models": models}
        with house(gemini_api_key=[entry]) as opened:
            opened.vendors["gemini"] = gemini
            yield opened


def post(home: House, path: str, body: Any, **headers: str) -> Got:
    return ask(home.proxy.url + path, "POST", body=body, headers={**KEY, **headers})


def get(home: House, path: str, **headers: str) -> Got:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(home.proxy.url + path, headers={**KEY, **named})


def openai_sdk(home: House, path: str = "/v1") -> openai.OpenAI:
    return openai.OpenAI(base_url=home.proxy.url + path, api_key=CLIENT_KEY, max_retries=0)


def google_sdk(home: House, path: str = "", version: str | None = None) -> genai.Client:
    options = HttpOptions(base_url=home.proxy.url + path, api_version=version)
    return genai.Client(api_key=CLIENT_KEY, http_options=options)


# Legacy completions.


@pytest.mark.parametrize("upstream", ["anthropic", "openai_chat"])
def test_a_completion_is_answered_by_every_vendor(home: House, upstream: str) -> None:
    completion = openai_sdk(home).completions.create(model=MODELS_OF[upstream], prompt="hello", max_tokens=50)
    assert (completion.object, completion.model) == ("text_completion", MODELS_OF[upstream])
    assert completion.id.startswith("cmpl-")
    assert completion.created > 1_700_000_000
    [choice] = completion.choices
    assert (choice.text, choice.finish_reason) == ("echo: hello", "stop")
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0
    (request,) = home.vendors[upstream].asked
    assert request.json["messages"][-1]["role"] == "user"


@pytest.mark.parametrize("upstream", ["anthropic", "openai_chat"])
@pytest.mark.parametrize("usage_wanted", [True, False])
def test_a_completion_is_streamed_by_every_vendor(home: House, upstream: str, usage_wanted: bool) -> None:
    wish: dict[str, Any] = {"stream_options": {"include_usage": True}} if usage_wanted else {}
    stream = openai_sdk(home).completions.create(
        model=MODELS_OF[upstream], prompt=["hello there"], max_tokens=50, stream=True, **wish
    )
    chunks = list(stream)
    assert {(chunk.object, chunk.model) for chunk in chunks} == {("text_completion", MODELS_OF[upstream])}
    assert len({chunk.id for chunk in chunks}) == 1
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.text for choice in choices) == "echo: hello there"
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    assert [chunk.usage is not None for chunk in chunks if not chunk.choices] == ([True] if usage_wanted else [])


@pytest.mark.parametrize("upstream", ["anthropic", "openai_chat"])
def test_a_completion_that_breaks_off_is_an_error_of_the_sdk(home: House, upstream: str) -> None:
    home.vendors[upstream].script.then(acts.HALF_A_STREAM)
    stream = openai_sdk(home).completions.create(model=MODELS_OF[upstream], prompt="hello", max_tokens=50, stream=True)
    with pytest.raises(openai.APIError):
        list(stream)


def test_a_prompt_that_can_not_be_answered_names_the_field(home: House) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        openai_sdk(home).completions.create(model="gpt-asked", prompt=["one", "two"])
    assert caught.value.param == "prompt"
    assert home.vendors["openai_chat"].asked == []


def test_what_a_completion_can_not_give_is_counted_as_lost(home: House) -> None:
    got = post(home, "/v1/completions", {"model": "gpt-asked", "prompt": "hello", "n": 2, "logprobs": 3})
    assert (got.status, got.headers["x-cliproxy-losses"]) == (200, "2")


# Gemini's paths.


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/gemini-asked:generateContent",
        "/v1beta/models/gemini-asked%3AgenerateContent",
        "/v1beta//models/gemini-asked:generateContent/",
        "/v1/models/gemini-asked:generateContent",
        "/v1alpha/models/gemini-asked:generateContent",
        "/v1beta1/publishers/google/models/gemini-asked:generateContent",
        "/v1beta/models/odd/gemini:8b:generateContent",
        "/v1beta/models/odd%2Fgemini%3A8b%3AgenerateContent",
        "/api/provider/google/v1beta/models/gemini-asked:generateContent",
        "/api/provider/google/v1beta1/publishers/google/models/gemini-asked:generateContent",
    ],
)
def test_geminis_path_names_the_model(home: House, path: str) -> None:
    got = post(home, path, CONTENTS)
    assert got.status == 200, got.body
    assert got.json["candidates"][0]["content"]["parts"][0]["text"] == "echo: hello"
    (request,) = home.vendors["gemini"].asked
    assert request.path == f"/v1beta/models/{GEMINI_MODEL}:generateContent"


def test_a_key_in_geminis_query_goes_no_further(home: House) -> None:
    path = f"{home.proxy.url}/v1beta/models/gemini-asked:generateContent?key={CLIENT_KEY}"
    assert ask(path, "POST", body=CONTENTS).status == 200
    (request,) = home.vendors["gemini"].asked
    assert request.query == {}


@pytest.mark.parametrize("version", [None, "v1", "v1beta", "v1alpha"])
def test_googles_sdk_is_served_in_every_version_of_the_api(home: House, version: str | None) -> None:
    client = google_sdk(home, version=version)
    assert client.models.generate_content(model="gemini-asked", contents="hello").text == "echo: hello"
    streamed = client.models.generate_content_stream(model="gemini-asked", contents="hello")
    assert "".join(chunk.text or "" for chunk in streamed) == "echo: hello"
    assert client.models.count_tokens(model="gemini-asked", contents="hello").total_tokens
    assert "models/gemini-asked" in {model.name for model in client.models.list()}
    assert client.models.get(model="gemini-asked").name == "models/gemini-asked"
    with pytest.raises(genai_errors.ClientError) as caught:
        client.models.generate_content(model="gemini-nobody", contents="hello")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


def test_a_gemini_client_is_answered_by_another_vendors_model(home: House) -> None:
    got = post(home, "/v1beta/models/claude-asked:generateContent", CONTENTS)
    assert (got.status, got.json["modelVersion"]) == (200, "claude-asked")
    got = post(home, "/v1beta/models/claude-asked:streamGenerateContent", CONTENTS)
    assert [chunk["modelVersion"] for chunk in got.json] == ["claude-asked"] * len(got.json)
    assert got.json[-1]["candidates"][0]["finishReason"] == "STOP"
    assert len(home.vendors["anthropic"].asked) == 2
    got = post(home, "/v1beta/models/claude-asked:countTokens", CONTENTS)
    assert (got.status, "x-cliproxy-estimate" in got.headers) == (200, False)
    assert got.json["totalTokens"] > 0
    assert home.vendors["anthropic"].requests[-1].path == "/v1/messages/count_tokens"


def test_another_client_is_answered_by_geminis_model(home: House) -> None:
    said = post(home, "/v1/chat/completions", {**CHAT, "model": "gemini-asked"})
    assert (said.status, said.json["choices"][0]["finish_reason"]) == (200, "stop")
    said = post(home, "/v1/messages", {**CHAT, "model": "gemini-asked"})
    assert (said.status, said.json["stop_reason"]) == (200, "end_turn")
    assert len(home.vendors["gemini"].asked) == 2


@pytest.mark.parametrize("path", ["/v1beta/nothing", "/v1beta/models/gemini-asked:embedContent", "/v1beta"])
def test_an_unknown_path_of_geminis_is_worded_as_gemini_does(home: House, path: str) -> None:
    got = post(home, path, CONTENTS)
    assert (got.status, got.json["error"]["code"], got.json["error"]["status"]) == (404, 404, "NOT_FOUND")


# Responses, and Codex.


@pytest.mark.parametrize("path", ["/v1/responses", "/backend-api/codex/responses", "/api/provider/openai/responses"])
def test_a_websockets_handshake_is_refused_so_that_codex_takes_http(home: House, path: str) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "OpenAI-Beta": "responses_websockets=2026-02-06",
    }
    got = ask(home.proxy.url + path, headers={**KEY, **handshake})
    assert (got.status, got.json["error"]["code"]) == (426, "websocket_not_served")
    assert "upgrade" not in got.headers
    assert f"POST {path}" in got.json["error"]["message"]
    assert ask(home.proxy.url + path, headers=handshake).status == 401


@pytest.mark.parametrize("path", ["/v1/responses", "/backend-api/codex/responses", "/api/provider/xai/v1/responses"])
def test_a_responses_client_of_another_vendors_model_is_served(home: House, path: str) -> None:
    got = post(home, path, {"model": "claude-asked", "input": "hello", "stream": True})
    assert got.status == 200
    assert got.body.count(b"event: response.completed\n") == 1
    assert b"echo: hello" in got.body


@pytest.mark.parametrize(
    "path", ["/v1/responses/compact", "/backend-api/codex/responses/compact", "/api/provider/openai/responses/compact"]
)
def test_a_compaction_that_nobody_serves_is_no_error_to_be_tried_again(home: House, path: str) -> None:
    got = post(home, path, {"model": "claude-asked", "input": "hello"})
    assert (got.status, got.json["error"]["code"]) == (400, "operation_not_served")


@pytest.mark.parametrize("path", ["/v1/models?client_version=0.169.0", "/backend-api/codex/models?client_version=0.1"])
def test_codex_gets_a_list_of_models_that_it_can_read(home: House, path: str) -> None:
    """It needs `models`; an empty one leaves it the catalogue that it was built with."""
    listed = get(home, path).json
    assert listed["models"] == []
    assert "gpt-asked" in {model["id"] for model in listed["data"]}


@pytest.mark.parametrize("body", [{"input": "hello"}, {"instructions": "be brief", "input": []}])
def test_a_responses_body_at_chats_path_is_told_where_it_belongs(home: House, body: dict[str, Any]) -> None:
    got = post(home, "/v1/chat/completions", {"model": "gpt-asked", **body})
    assert (got.status, got.json["error"]["code"]) == (400, "wrong_path_for_body")
    assert "/v1/responses" in got.json["error"]["message"]
    assert home.vendors["openai_chat"].asked == []


# The paths of Amp.


def test_amps_paths_lead_to_the_dialect_and_the_model_to_the_vendor(home: House) -> None:
    claude = anthropic.Anthropic(base_url=home.proxy.url + "/api/provider/anthropic", api_key=CLIENT_KEY, max_retries=0)
    for model in ("claude-asked", "gpt-asked"):
        message = claude.messages.create(model=model, max_tokens=50, messages=[{"role": "user", "content": "hello"}])
        assert [block.text for block in message.content if block.type == "text"] == ["echo: hello"]
    assert claude.messages.count_tokens(model="claude-asked", messages=[{"role": "user", "content": "x"}]).input_tokens


@pytest.mark.parametrize("path", ["/api/provider/openai/v1", "/api/provider/groq", "/api/provider/cerebras/v1"])
def test_amps_paths_of_other_vendors_speak_openais_dialects(home: House, path: str) -> None:
    sdk = openai_sdk(home, path)
    chat = sdk.chat.completions.create(model="claude-asked", messages=[{"role": "user", "content": "hello"}])
    assert chat.choices[0].message.content == "echo: hello"
    assert sdk.completions.create(model="claude-asked", prompt="hello").choices[0].text == "echo: hello"
    assert "gpt-asked" in {model.id for model in sdk.models.list()}


# Lists of models.


@pytest.mark.parametrize(
    ("path", "headers", "key"),
    [
        ("/v1/models", {}, "id"),
        ("/v1/models", {"anthropic_version": "2023-06-01"}, "display_name"),
        ("/v1/models", {"user_agent": "claude-cli/2.1.197 (external, cli)"}, "display_name"),
        ("/v1/models", {"x_goog_api_client": "google-genai-sdk/1"}, "name"),
        ("/v1/models", {"x_goog_api_key": CLIENT_KEY}, "name"),
        ("/v1beta/models", {}, "name"),
        ("/v1beta/models", {"anthropic_version": "2023-06-01"}, "name"),
        ("/api/provider/google/models", {}, "name"),
        ("/api/provider/google/v1beta/models", {}, "name"),
        ("/api/provider/anthropic/v1/models", {}, "display_name"),
        ("/api/provider/openai/models", {}, "id"),
    ],
)
def test_models_are_listed_as_the_client_or_the_path_wants_them(
    home: House, path: str, headers: dict[str, str], key: str
) -> None:
    listed = get(home, path, **headers).json
    models = listed["models"] if key == "name" else listed["data"]
    assert all(key in model for model in models)
    assert ("object" in listed) is (key == "id")
    one = get(home, f"{path}/gpt-asked", **headers)
    assert one.status == 200
    assert one.json in models


@pytest.mark.parametrize("path", ["/v1/models/nobody", "/v1/models/a/b:c", "/v1beta/models/nobody"])
def test_a_model_that_is_not_there_is_404(home: House, path: str) -> None:
    assert get(home, path).status == 404


# What is refused.


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../v1/messages",
        "/v1/%2e%2e/v1/messages",
        "/v1beta/models/a%2F..%2Fgemini-asked:generateContent",
        "/api/provider/../../v1/messages",
        "/./v1/messages",
    ],
)
def test_a_detour_leads_nowhere(home: House, path: str) -> None:
    got = post(home, path, CHAT)
    assert (got.status, got.headers["content-type"]) == (400, "application/json")
    assert all(vendor.asked == [] for vendor in home.vendors.values())


@pytest.mark.parametrize("path", ["/v1/messages/", "//v1/messages", "/v1//messages"])
def test_a_slash_too_many_is_forgiven(home: House, path: str) -> None:
    got = post(home, path, {**CHAT, "model": "claude-asked"})
    assert (got.status, b"echo: hello" in got.body) == (200, True)


def test_a_preflight_is_refused_without_a_word_that_lets_a_page_in(home: House) -> None:
    asked = {
        "Origin": "http://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    got = ask(home.proxy.url + "/v1/chat/completions", "OPTIONS", headers=asked)
    assert (got.status, got.json["error"]["code"]) == (403, "cross_origin")
    assert not any(name.startswith("access-control") for name in got.headers)


def test_a_plain_prompt_at_the_path_of_gemini_bodies_is_told_where_it_goes(home: House) -> None:
    got = post(home, "/v1/generate", {"model": "gpt-asked", "prompt": "hello"})
    assert got.status == 400
    assert "/v1/completions" in got.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "word"),
    [("/v1/messages", "invalid_request_error"), ("/v1beta/models/x:generateContent", "INVALID_ARGUMENT")],
)
def test_a_wrong_method_is_refused_in_the_paths_own_words(home: House, path: str, word: str) -> None:
    got = ask(home.proxy.url + path, "PUT", headers=KEY, body=b"{}")
    assert (got.status, got.headers["allow"]) == (405, "POST")
    assert word in json.dumps(got.json)


def test_the_banner_lists_what_is_served(home: House) -> None:
    endpoints = ask(home.proxy.url + "/").json["endpoints"]
    assert {
        "POST /v1/chat/completions",
        "POST /v1/completions",
        "POST /v1/responses",
        "POST /v1/messages",
        "POST /v1beta/models/{model}:generateContent",
        "GET /v1/models",
    } <= set(endpoints)
