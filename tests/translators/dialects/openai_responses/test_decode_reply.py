"""Whole replies."""

import json
from typing import Any

import pytest

from tests.translators.dialects.openai_responses.material import USAGE, call, message, response, said
from translators.conversation import Refusal, Reply, Text, Thinking, ToolCall
from translators.dialects.openai_responses import DIALECT
from translators.errors import ErrorKind, UpstreamError
from translators.events import StopReason, Usage


def reply(*output: Any, status: str = "completed", **more: Any) -> Reply:
    return DIALECT.decode_reply(json.dumps(response(status, output=list(output), **more)).encode())


def test_all_that_a_model_says() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
    custom = {"type": "custom_tool_call", "call_id": "call_2", "name": "exec", "input": "ls"}
    refusal = {"type": "refusal", "refusal": "No."}
    got = reply(
        {**thought, "encrypted_content": "sealed"},
        message(said("a"), said("b"), refusal),
        call('{"a":1}'),
        custom,
        {"type": "web_search_call", "id": "ws_1"},
        usage=USAGE,
    )
    assert got == Reply(
        "resp_1",
        "m",
        (
            Thinking("hm", "sealed", "openai_responses"),
            Text("a"),
            Text("b"),
            Refusal("No."),
            ToolCall("call_1", "f", '{"a":1}'),
            ToolCall("call_2", "exec", '{"input":"ls"}'),
        ),
        StopReason.TOOL_USE,
        Usage(9, 5, 2, 4, 3),
    )


def test_a_status_that_is_missing_is_a_good_one() -> None:
    body = json.dumps({"id": "r", "model": "m", "output": [message(said("a"))]}).encode()
    assert DIALECT.decode_reply(body).stop is StopReason.END_TURN


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_reply_that_is_made_in_the_background_is_one(status: str) -> None:
    assert reply(status=status).stop is StopReason.PAUSE


def test_an_incomplete_reply_says_why() -> None:
    got = reply(message(said("a")), status="incomplete", incomplete_details={"reason": "content_filter"})
    assert got.stop is StopReason.REFUSAL


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 502),
        (b"[]", 502),
        (b"<html>", 502),
        (b"{}", 502),
        (b'{"id":"x","choices":[]}', 502),
        (b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}', 429),
        (b'{"status":"failed","error":{"code":"invalid_prompt","message":"no"},"output":[]}', 400),
        (b'{"status":"cancelled","error":null,"output":[]}', 502),
        (b'{"status":"completed","output":[{"type":"message","content":3}]}', 502),
        (b'{"output":["\xff"]}', 502),
        (b"[" * 3000, 502),
    ],
)
def test_what_is_no_reply_is_an_error(body: bytes, status: int) -> None:
    with pytest.raises(UpstreamError) as caught:
        DIALECT.decode_reply(body)
    assert caught.value.status == status


def test_an_error_in_a_reply_keeps_its_words() -> None:
    with pytest.raises(UpstreamError, match="slow down") as caught:
        reply(status="failed", error={"code": "rate_limit_exceeded", "message": "slow down. Please try again in 1m2s"})
    assert (caught.value.kind, caught.value.retry_after_s) == (ErrorKind.RATE_LIMIT, 62.0)
