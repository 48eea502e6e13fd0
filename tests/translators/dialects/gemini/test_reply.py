"""Whole Gemini replies."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.translators.dialects.gemini.material import array, chunk
from translators.conversation import Reply, Text, Thinking, ToolCall
from translators.dialects.gemini import DIALECT
from translators.errors import ErrorKind, UpstreamError
from translators.events import StopReason, Usage


def decode(body: Any) -> Reply:
    return DIALECT.decode_reply(body if isinstance(body, bytes) else json.dumps(body, indent=2).encode())


def test_a_reply_is_read_whole() -> None:
    reply = decode(
        chunk(
            {"text": "Hm.", "thought": True},
            {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
            finish="STOP",
            usageMetadata={"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 6},
        )
    )
    assert reply == Reply(
        id="r",
        model="gemini-2.5-flash",
        parts=(Thinking("Hm.", "c2ln", "gemini"), ToolCall("c", "f", '{"a":1}')),
        stop=StopReason.TOOL_USE,
        usage=Usage(input_tokens=10, output_tokens=10, reasoning_tokens=6),
    )


def test_the_array_of_a_stream_is_a_reply_too() -> None:
    assert decode(array(chunk("One"), chunk(" two", finish="STOP"))).parts == (Text("One two"),)


def test_a_blocked_prompt_is_a_reply() -> None:
    assert decode({"promptFeedback": {"blockReason": "SAFETY"}}).stop is StopReason.REFUSAL


def test_an_error_is_the_vendors_own() -> None:
    error = {"code": 503, "message": "busy", "status": "UNAVAILABLE", "details": [{"retryDelay": "2s"}]}
    for body in ({"error": error}, [{"error": error}], [chunk("a"), {"error": error}]):
        with pytest.raises(UpstreamError, match="busy") as caught:
            decode(body)
        assert (caught.value.kind, caught.value.status, caught.value.retry_after_s) == (ErrorKind.OVERLOADED, 503, 2.0)


def test_null_beside_a_good_reply_is_no_error() -> None:
    assert decode(chunk("x", finish="STOP", error=None)).parts == (Text("x"),)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"{}", b"<html>", b"[5]", b"\xff", b'{"candidates": [{}]}'])
def test_what_is_no_reply_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        decode(body)
    assert caught.value.status == 502


@given(st.binary(max_size=40) | st.sampled_from([b'{"candidates":[{"finishReason":5}]}', b"[null]"]))
def test_nothing_else_is_raised(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        decode(body)
