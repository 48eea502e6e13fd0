"""Structured output by way of a tool reaches the client as text."""

import json

from translators import stream_of
from translators.conversation import Reply, Text, ToolCall
from translators.dialect import Context
from translators.events import Event, PartDelta, PartEnd, PartKind, PartStart, ReplyEnd, ReplyStart, StopReason, Usage
from translators.structured import JsonToolFilter, as_text

USAGE = Usage(input_tokens=3, output_tokens=4)


def filtered(*events: Event) -> list[Event]:
    json_tool = JsonToolFilter("json_reply")
    return [shown for event in events for shown in json_tool.feed(event)]


def call(part: int, name: str, *pieces: str) -> list[Event]:
    deltas: list[Event] = [PartDelta(part, piece) for piece in pieces]
    return [PartStart(part, PartKind.TOOL_CALL, id=f"call_{part}", name=name), *deltas, PartEnd(part)]


def test_the_arguments_of_the_tool_become_text() -> None:
    start, end = ReplyStart("r", "m"), ReplyEnd(StopReason.TOOL_USE, USAGE)
    assert filtered(start, *call(0, "json_reply", '{"a"', ":1}"), end) == [
        start,
        PartStart(0, PartKind.TEXT),
        PartDelta(0, '{"a"'),
        PartDelta(0, ":1}"),
        PartEnd(0),
        ReplyEnd(StopReason.END_TURN, USAGE),
    ]


def test_a_call_without_arguments_is_an_empty_object() -> None:
    assert PartDelta(0, "{}") in filtered(*call(0, "json_reply"))


def test_another_tool_stays_a_call_and_keeps_its_stop_reason() -> None:
    events = [*call(0, "shell", "{}"), ReplyEnd(StopReason.TOOL_USE)]
    assert filtered(*events) == events
    both = filtered(*call(0, "shell", "{}"), *call(1, "json_reply", "{}"), ReplyEnd(StopReason.TOOL_USE))
    assert both[-1] == ReplyEnd(StopReason.TOOL_USE)


def test_a_reply_that_was_cut_keeps_its_stop_reason() -> None:
    assert filtered(*call(0, "json_reply", "{"), ReplyEnd(StopReason.LENGTH))[-1] == ReplyEnd(StopReason.LENGTH)


def test_a_whole_reply_is_changed_alike() -> None:
    reply = Reply("r", "m", (Text("so:"), ToolCall("c", "json_reply", '{"a":1}')), StopReason.TOOL_USE, USAGE)
    assert as_text(reply, Context(json_tool="json_reply")) == Reply(
        "r", "m", (Text("so:"), Text('{"a":1}')), StopReason.END_TURN, USAGE
    )


def test_nothing_changes_without_such_a_tool() -> None:
    reply = Reply("r", "m", (ToolCall("c", "shell", "{}"),), StopReason.TOOL_USE)
    assert as_text(reply, Context()) is reply
    assert as_text(reply, Context(json_tool="json_reply")) is reply


def test_a_whole_reply_is_streamed_as_text_too() -> None:
    block = {"type": "tool_use", "id": "toolu_1", "name": "json_reply", "input": {"a": 1}}
    usage = {"input_tokens": 3, "output_tokens": 4}
    said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [block], "usage": usage}
    body = json.dumps({**said, "stop_reason": "tool_use", "stop_sequence": None}).encode()
    stream = stream_of(body, "anthropic", "openai_chat", context=Context(json_tool="json_reply"))
    chunks = [json.loads(line[6:]) for line in stream.split(b"\n\n") if line.startswith(b"data: {")]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert not any("tool_calls" in delta for delta in deltas)
    assert json.loads("".join(delta.get("content") or "" for delta in deltas)) == {"a": 1}
    assert [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]][-1] == "stop"
