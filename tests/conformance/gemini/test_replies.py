"""Gemini's edge cases: what clients hear of its replies."""

import json
from typing import Any

import pytest

from tests.conformance.gemini.asking import said
from translators import ReplyStream, translate_reply
from translators.dialect import Context

CONTEXT = Context(model="asked-for", created_s=1)
CALL = {"functionCall": {"name": "read", "args": {"p": 1}}}
GROUNDING = {
    "webSearchQueries": ["weather"],
    "groundingChunks": [{"web": {"uri": "https://example.com/a", "title": "A"}}],
    "groundingSupports": [{"segment": {"endIndex": 5}, "groundingChunkIndices": [0]}],
}


def chunks(*candidates: dict[str, Any], usage: dict[str, int] | None = None, client: str = "openai_chat") -> list[Any]:
    """A stream of Gemini's, as a client reads it."""
    stream = ReplyStream("gemini", client, context=CONTEXT)
    text = b""
    for candidate in candidates:
        counts = {} if usage is None else {"usageMetadata": usage}
        text += stream.feed(b"data: %s\n\n" % json.dumps({"candidates": [candidate], **counts}).encode())
    text += stream.close()
    lines = [line[6:] for line in text.decode().split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def test_a_later_stop_does_not_overwrite_that_tools_are_called_and_no_chunk_before_the_last_says_why_it_ends() -> None:
    found = chunks(said(CALL), said({"text": ""}, finishReason="STOP"))
    reasons = [choice["finish_reason"] for chunk in found for choice in chunk["choices"]]
    assert reasons == [None] * (len(reasons) - 1) + ["tool_calls"]
    every = chunks(said({"text": "a"}, finishReason="STOP"), said({"text": "b"}, finishReason="STOP"))
    reasons = [choice["finish_reason"] for chunk in every for choice in chunk["choices"]]
    assert reasons == [None] * (len(reasons) - 1) + ["stop"]


def test_a_limit_that_cuts_an_answer_is_told_even_behind_a_call() -> None:
    found = chunks(said(CALL), said(finishReason="MAX_TOKENS"))
    assert [choice["finish_reason"] for chunk in found for choice in chunk["choices"]][-1] == "length"


def test_the_role_is_said_once() -> None:
    found = chunks(said({"text": "a"}), said({"text": "b"}), said(CALL, finishReason="STOP"))
    roles = [choice["delta"].get("role") for chunk in found for choice in chunk["choices"]]
    assert roles == ["assistant", *[None] * (len(roles) - 1)]


def test_a_count_that_is_missing_is_zero() -> None:
    found = chunks(said(finishReason="MAX_TOKENS"), usage={"promptTokenCount": 3, "totalTokenCount": 3})
    usage = found[-1]["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (3, 0, 3)
    reply = {"candidates": [said(finishReason="STOP")], "usageMetadata": {"promptTokenCount": 3}}
    whole = json.loads(translate_reply(json.dumps(reply).encode(), "gemini", "openai_chat"))
    assert whole["usage"]["completion_tokens"] == 0


def test_pages_that_come_where_no_text_is_open_are_what_a_search_found() -> None:
    found = chunks(
        said({"text": "words"}), said(CALL), said(finishReason="STOP", groundingMetadata=GROUNDING), client="anthropic"
    )
    kinds = [one["content_block"]["type"] for one in found if one["type"] == "content_block_start"]
    assert kinds == ["text", "tool_use", "server_tool_use", "web_search_tool_result"]
    assert found[-2]["delta"]["stop_reason"] == "tool_use"
    assert "https://example.com/a" in json.dumps(found)


def test_of_pages_that_nobody_can_name_nothing_is_told() -> None:
    found = chunks(said(CALL), said(finishReason="STOP", groundingMetadata={"webSearchQueries": ["weather"]}))
    assert found == chunks(said(CALL), said(finishReason="STOP"))


@pytest.mark.parametrize("client", ["anthropic", "ollama", "openai_completions", "openai_responses"])
def test_what_a_client_can_not_be_shown_is_told_in_words(client: str) -> None:
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}
    words = b"which this API can't show"
    stream = ReplyStream("gemini", client, context=CONTEXT)
    body = {"candidates": [said({"text": "a"}, sound, {"text": "b"}, finishReason="STOP")]}
    streamed = stream.feed(b"data: %s\n\n" % json.dumps(body).encode()) + stream.close()
    whole = translate_reply(json.dumps(body).encode(), "gemini", client, context=CONTEXT)
    assert words in streamed
    assert whole.count(words) == 1
    assert b"UklGRg==" not in streamed + whole
