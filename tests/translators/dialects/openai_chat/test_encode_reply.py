"""Chat replies as our clients get them, beyond what the SDK's tests show."""

import json
from typing import Any

import pytest

from tests.translators.dialects.openai_chat.material import encode
from translators.conversation import Refusal, Reply, Text, Thinking, ToolCall
from translators.dialect import Context
from translators.dialects.openai_chat import DIALECT
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartStart,
    ReplyEnd,
    ReplyStart,
    StopReason,
    Usage,
)


def chunks(*events: Event, context: Context | None = None) -> list[dict[str, Any]]:
    body = encode((ReplyStart("x", "up"), *events), context)
    frames = [frame.removeprefix(b"data: ") for frame in body.split(b"\n\n")]
    assert frames[-2:] == [b"[DONE]", b""]
    return [json.loads(frame) for frame in frames[:-2]]


def deltas(*events: Event, context: Context | None = None) -> list[dict[str, Any]]:
    end = ReplyEnd(StopReason.END_TURN)
    got = chunks(*events, end, context=context)
    return [choice["delta"] for chunk in got[1:-1] for choice in chunk["choices"]]


def finish(stop: StopReason, *parts: Text | Refusal | ToolCall, context: Context | None = None) -> tuple[Any, Any]:
    """The finish, streamed and whole: they must agree."""
    context = context or Context()
    reply = Reply("x", "up", parts, stop)
    whole = json.loads(DIALECT.encode_reply(reply, context))["choices"][0]["finish_reason"]
    events: list[Event] = []
    for number, part in enumerate(parts):
        match part:
            case ToolCall(id=call_id, name=name):
                events += [PartStart(number, PartKind.TOOL_CALL, id=call_id, name=name), PartEnd(number)]
            case Refusal():
                events += [PartStart(number, PartKind.REFUSAL), PartEnd(number)]
            case Text():
                events += [PartStart(number, PartKind.TEXT), PartEnd(number)]
    streamed = chunks(*events, ReplyEnd(stop), context=context)[-1]["choices"][0]["finish_reason"]
    return streamed, whole


CALL = ToolCall("c", "f", "{}")


@pytest.mark.parametrize(
    ("stop", "parts", "word"),
    [
        (StopReason.END_TURN, (Text("a"),), "stop"),
        (StopReason.STOP_SEQUENCE, (Text("a"),), "stop"),
        (StopReason.PAUSE, (Text("a"),), "stop"),
        (StopReason.LENGTH, (Text("a"),), "length"),
        (StopReason.TOOL_USE, (CALL,), "tool_calls"),
        (StopReason.REFUSAL, (), "content_filter"),
        (StopReason.REFUSAL, (Refusal("no"),), "stop"),
    ],
)
def test_stop_reasons_streamed_and_whole(stop: StopReason, parts: tuple[Any, ...], word: str) -> None:
    assert finish(stop, *parts) == (word, word)


def test_a_call_without_arguments_still_gets_an_object() -> None:
    start = PartStart(0, PartKind.TOOL_CALL, id="c", name="f")
    for events in ((start, PartEnd(0)), (start, PartDelta(0, ""), PartEnd(0))):
        pieces = [call["function"].get("arguments") for delta in deltas(*events) for call in delta["tool_calls"]]
        assert pieces == ["", "{}"]


def test_calls_may_interleave_and_are_numbered_from_zero() -> None:
    got = deltas(
        PartStart(0, PartKind.TEXT),
        PartStart(1, PartKind.TOOL_CALL, id="a", name="f"),
        PartStart(2, PartKind.TOOL_CALL, id="b", name="g"),
        PartDelta(2, "{"),
        PartDelta(1, "{}"),
        PartDelta(2, "}"),
    )
    assert [(call["index"], call["function"].get("arguments")) for delta in got for call in delta["tool_calls"]] == [
        (0, ""),
        (1, ""),
        (1, "{"),
        (0, "{}"),
        (1, "}"),
    ]


def test_redacted_thinking_and_signatures_are_not_said() -> None:
    redacted = PartStart(0, PartKind.THINKING, redacted=True), PartDelta(0, "x"), PartEnd(0, "data")
    shown = PartStart(1, PartKind.THINKING), PartDelta(1, "hm"), PartEnd(1, "signature")
    assert deltas(*redacted, *shown) == [{"reasoning_content": "hm"}]
    reply = Reply("x", "up", (Thinking("", "data", "a", redacted=True), Text("a")), StopReason.END_TURN)
    assert b"reasoning_content" not in DIALECT.encode_reply(reply, Context())


@pytest.mark.parametrize(
    ("upstream", "ours"),
    [
        ("chatcmpl-1", "chatcmpl-1"),
        ("msg_1", "chatcmpl-msg_1"),
        ("a b/c", "chatcmpl-abc"),
        ("", "chatcmpl-fresh"),
    ],
)
def test_reply_ids(upstream: str, ours: str) -> None:
    encoder = DIALECT.stream_encoder(Context(reply_id="fresh"))
    assert f'"id":"{ours}"'.encode() in encoder.feed(ReplyStart(upstream, "m"))
    reply = Reply(upstream, "m", (Text("a"),), StopReason.END_TURN)
    assert json.loads(DIALECT.encode_reply(reply, Context(reply_id="fresh")))["id"] == ours


def test_the_prompts_size_counts_where_the_end_tells_nothing() -> None:
    encoder = DIALECT.stream_encoder(Context())
    encoder.feed(ReplyStart("x", "m", Usage(input_tokens=7)))
    assert b'"prompt_tokens":7' in encoder.feed(ReplyEnd(StopReason.END_TURN))


def test_without_any_usage_none_is_invented() -> None:
    assert all("usage" not in chunk for chunk in chunks(ReplyEnd(StopReason.END_TURN)))


def test_cache_writes_are_said_where_there_were_some() -> None:
    usage = Usage(input_tokens=9, cached_tokens=3, cache_write_tokens=2, output_tokens=4, reasoning_tokens=1)
    assert chunks(ReplyEnd(StopReason.END_TURN, usage))[-1]["usage"] == {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def test_a_token_count_is_an_object() -> None:
    assert json.loads(DIALECT.count_reply(17))["input_tokens"] == 17
