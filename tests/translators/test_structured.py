"""Structured output by way of a tool reaches the client as text."""

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
