"""What a vendor is asked to count, and what its answer says."""

import json
from typing import Any

import pytest

from translators import Target, UpstreamError, translate_request
from translators.dialect import Counting, Operation
from translators.registry import dialect

ANSWERS = {
    "anthropic": b'{"input_tokens": 2095}',  # platform.claude.com/docs/en/api/messages-count-tokens
    "gemini": b'{"totalTokens": 10, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}]}',  # ai.google.dev
    "openai_responses": b'{"object": "response.input_tokens", "input_tokens": 11}',  # the SDK's InputTokenCountResponse
}
TOKENS = {"anthropic": 2095, "gemini": 10, "openai_responses": 11}
TOOL = {"name": "read", "description": "Reads.", "input_schema": {"type": "object", "properties": {}}}
ASKED: dict[str, Any] = {
    "model": "m",
    "system": "Be kind.",
    "messages": [{"role": "user", "content": "hello"}],
    "tools": [TOOL],
    "tool_choice": {"type": "any"},
    "thinking": {"type": "enabled", "budget_tokens": 2048},
}
SAID = {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hello"}], "model": "m"}


def counting(name: str) -> Counting:
    found = dialect(name).counting
    assert found is not None
    return found


def counted(client: str, upstream: str, body: dict[str, Any], model: str) -> dict[str, Any]:
    target = Target(model, genuine=True, operation=Operation.COUNT_TOKENS)
    request = translate_request(json.dumps(body).encode(), client, upstream, target=target)
    said: dict[str, Any] = json.loads(request.body)
    return said


@pytest.mark.parametrize("name", ANSWERS)
def test_a_documented_answer_is_read(name: str) -> None:
    assert counting(name).tokens(ANSWERS[name]) == TOKENS[name]


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"7",
        b"{}",
        b'{"error": {"message": "no"}}',
        b'{"input_tokens": null, "totalTokens": null}',
        b'{"input_tokens": "7", "totalTokens": "7"}',
        b'{"input_tokens": -1, "totalTokens": -1}',
        b'{"input_tokens": true, "totalTokens": true}',
        b'{"input_tokens": 7.5, "totalTokens": 7.5}',
        b'{"input_tokens": \xff, "totalTokens": \xff}',
    ],
)
def test_an_answer_without_a_count_is_the_vendors_fault(name: str, body: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        counting(name).tokens(body)
    assert caught.value.status == 502


def test_anthropic_is_asked_without_the_limits_of_an_answer() -> None:
    said = counted("openai_chat", "anthropic", {**SAID, "max_tokens": 5, "temperature": 0.3}, "claude-sonnet-4-5")
    assert said == {
        "model": "claude-sonnet-4-5",
        "system": [{"type": "text", "text": "Be kind."}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
    }


def test_the_gemini_api_counts_a_whole_request_that_names_its_model() -> None:
    said = counted("anthropic", "gemini", ASKED, "gemini-2.5-flash")
    assert said.keys() == {"generateContentRequest"}
    whole = said["generateContentRequest"]
    assert whole["model"] == "models/gemini-2.5-flash"
    assert whole["systemInstruction"] == {"parts": [{"text": "Be kind."}]}
    assert whole["contents"] == [{"role": "user", "parts": [{"text": "hello"}]}]
    assert [declared["name"] for declared in whole["tools"][0]["functionDeclarations"]] == ["read"]


def test_responses_are_asked_without_what_is_to_be_kept_or_told() -> None:
    said = counted("anthropic", "openai_responses", {**ASKED, "max_tokens": 4096}, "gpt-5.1")
    assert said.keys() == {"model", "input", "tools", "tool_choice", "reasoning"}
    assert [item["role"] for item in said["input"]] == ["developer", "user"]
