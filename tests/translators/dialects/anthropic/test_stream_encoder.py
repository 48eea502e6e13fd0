"""Events become a stream as Anthropic's clients read it."""

import json
from typing import Any

import pytest

from tests.support.streams import whole
from tests.translators.dialects.anthropic.material import decode, encode
from translators.assemble import events_of
from translators.conversation import Part, Refusal, Reply, Text, Thinking, ToolCall
from translators.dialect import Context
from translators.errors import ErrorKind
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
)

START = ReplyStart("chatcmpl-1", "gpt", Usage(10, 4, 1, 0))
USAGE = Usage(10, 4, 1, 7, 2)


def payloads(events: list[Event], context: Context | None = None) -> list[dict[str, Any]]:
    """What the frames say; each is named by its type."""
    said = []
    for frame in encode(events, context).decode().split("\n\n")[:-1]:
        name, data = frame.split("\n")
        payload = json.loads(data.removeprefix("data: "))
        assert name == f"event: {payload['type']}"
        said.append(payload)
    return said


def blocks(*parts: Part, stop: StopReason = StopReason.END_TURN) -> list[dict[str, Any]]:
    """The starts of the blocks that these parts become."""
    said = payloads(events_of(Reply("r", "m", parts, stop)))
    return [payload["content_block"] for payload in said if payload["type"] == "content_block_start"]


def test_a_stream_has_usage_at_both_ends_and_the_name_that_was_asked_for() -> None:
    text: list[Event] = [PartStart(4, PartKind.TEXT), PartDelta(4, 'a"\n'), PartDelta(4, "é"), PartEnd(4)]
    said = payloads([START, *text, ReplyEnd(StopReason.STOP_SEQUENCE, USAGE, "halt")], Context(model="claude-x"))
    assert said == [
        {
            "type": "message_start",
            "message": {
                "id": "msg_chatcmpl-1",
                "type": "message",
                "role": "assistant",
                "model": "claude-x",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {
                    "input_tokens": 5,
                    "cache_creation_input_tokens": 1,
                    "cache_read_input_tokens": 4,
                    "output_tokens": 0,
                },
            },
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 'a"\n'}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "é"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "stop_sequence", "stop_sequence": "halt"},
            "usage": {
                "input_tokens": 5,
                "cache_creation_input_tokens": 1,
                "cache_read_input_tokens": 4,
                "output_tokens": 7,
                "output_tokens_details": {"thinking_tokens": 2},
            },
        },
        {"type": "message_stop"},
    ]


def test_usage_that_nobody_told_is_zero_at_the_start_and_hides_nothing_at_the_end() -> None:
    said = payloads([ReplyStart("", "m"), ReplyEnd(StopReason.END_TURN)], Context(reply_id="abc"))
    assert said[0]["message"]["id"] == "msg_abc"
    assert said[0]["message"]["usage"]["input_tokens"] == 0
    assert said[1]["usage"] == {"output_tokens": 0}


def test_what_was_signed_here_goes_out_and_comes_back() -> None:
    parts: tuple[Part, ...] = (
        Thinking("hm", "c2ln", "anthropic"),
        Thinking("", "b3BhcXVl", "anthropic", redacted=True),
        Thinking("", "b25seQ", "anthropic"),
        Text("hi"),
        ToolCall("toolu_1", "f", '{"a": 1}'),
    )
    reply = Reply("msg_1", "m", parts, StopReason.TOOL_USE, USAGE)
    assert whole(decode(encode(events_of(reply)))) == reply


@pytest.mark.parametrize("signer", [None, "gemini", "openai_responses"])
def test_a_foreign_signature_never_goes_out(signer: str | None) -> None:
    foreign = (
        Thinking("hm", "secret", signer),
        Thinking("", "secret", signer, redacted=True),
        Thinking("", "secret", signer),
    )
    stream = encode(events_of(Reply("r", "m", foreign, StopReason.END_TURN)))
    assert b"secret" not in stream
    assert whole(decode(stream)).parts == (Thinking("hm"),)


def test_blocks_are_numbered_without_gaps_and_empty_ones_never_show() -> None:
    said = payloads(events_of(Reply("r", "m", (Text(""), Text("a"), Thinking(""), Text("b")), StopReason.END_TURN)))
    assert [one["index"] for one in said if one["type"] == "content_block_start"] == [0, 1]
    assert blocks(Text("")) == []


def test_a_call_without_arguments_is_a_block_without_deltas() -> None:
    events: list[Event] = [START, PartStart(0, PartKind.TOOL_CALL, "c", "f"), PartEnd(0), ReplyEnd(StopReason.TOOL_USE)]
    said = payloads(events)
    assert [one["type"] for one in said[1:3]] == ["content_block_start", "content_block_stop"]
    assert said[1]["content_block"] == {"type": "tool_use", "id": "c", "name": "f", "input": {}}


def test_names_are_the_clients_and_ids_are_legal() -> None:
    calls = (ToolCall("a:1", "up", "{}"), ToolCall("", "g", "{}"))
    events = events_of(Reply("r", "m", calls, StopReason.TOOL_USE))
    said = payloads(events, Context(names={"up": "mcp.tool"}, reply_id="abc"))
    starts = [one["content_block"] for one in said if one["type"] == "content_block_start"]
    assert [start["name"] for start in starts] == ["mcp.tool", "g"]
    assert starts[0]["id"].startswith("a_1_")
    assert starts[1]["id"] == "toolu_abc2"


@pytest.mark.parametrize(
    ("parts", "stop", "word"),
    [
        ((Refusal("No."),), StopReason.END_TURN, "refusal"),
        ((Text("a"),), StopReason.TOOL_USE, "end_turn"),
        ((ToolCall("c", "f", "{}"),), StopReason.END_TURN, "tool_use"),
        ((ToolCall("c", "f", "{"),), StopReason.LENGTH, "max_tokens"),
        ((), StopReason.PAUSE, "pause_turn"),
    ],
)
def test_the_stop_reason_fits_the_parts(parts: tuple[Part, ...], stop: StopReason, word: str) -> None:
    said = payloads(events_of(Reply("r", "m", parts, stop)))
    assert said[-2]["delta"]["stop_reason"] == word


def test_a_refusal_is_text() -> None:
    assert blocks(Refusal("No.")) == [{"type": "text", "text": ""}]


def test_an_error_is_one_frame_of_its_own() -> None:
    said = payloads([START, ReplyError(ErrorKind.OVERLOADED, "too much", 529)])
    assert said[-1] == {"type": "error", "error": {"type": "overloaded_error", "message": "too much"}}
