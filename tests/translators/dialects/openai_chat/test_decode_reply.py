"""Replies as OpenAI and its compatibles send them, each oddity in the smallest form that shows it."""

import json
from typing import Any

import pytest

from tests.support.streams import whole
from tests.translators.dialects.openai_chat.material import decode
from translators.conversation import Refusal, Reply, Text, Thinking, ToolCall
from translators.dialects.openai_chat import DIALECT
from translators.errors import ErrorKind, UpstreamError
from translators.events import (
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

DONE = b"data: [DONE]\n\n"


def frame(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **rest: Any) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return frame({"id": "chatcmpl-1", "model": "m", "created": 7, "choices": [choice], **rest})


def call(index: int | None, call_id: Any = None, name: Any = None, arguments: Any = None) -> dict[str, Any]:
    piece: dict[str, Any] = {"function": {}}
    if index is not None:
        piece["index"] = index
    if call_id is not None:
        piece["id"] = call_id
    if name is not None:
        piece["function"]["name"] = name
    if arguments is not None:
        piece["function"]["arguments"] = arguments
    return piece


def calls(*pieces: dict[str, Any]) -> bytes:
    return chunk({"tool_calls": list(pieces)})


def reply(*frames: bytes) -> Reply:
    return whole(decode(*frames))


def error(*frames: bytes) -> ReplyError:
    last = decode(*frames)[-1]
    assert isinstance(last, ReplyError)
    return last


def test_text_streams_as_one_part() -> None:
    assert decode(chunk({"role": "assistant", "content": ""}), chunk({"content": "a"}), chunk({}, "stop"), DONE) == [
        ReplyStart("chatcmpl-1", "m"),
        PartStart(0, PartKind.TEXT),
        PartDelta(0, "a"),
        PartEnd(0),
        ReplyEnd(StopReason.END_TURN),
    ]


def test_the_body_may_end_without_done_once_a_finish_was_seen() -> None:
    assert reply(chunk({"content": "a"}), chunk({}, "length")).stop is StopReason.LENGTH


def test_a_body_that_ends_without_a_finish_is_a_cut_stream() -> None:
    assert error(chunk({"content": "a"})).status == 502


def test_an_empty_body_is_a_cut_stream() -> None:
    assert decode(b"") == [error(b"")]


def test_done_without_a_finish_counts_as_an_end_where_something_was_said() -> None:
    assert reply(chunk({"content": "a"}), DONE).stop is StopReason.END_TURN
    assert reply(calls(call(0, "c", "f", "{}")), DONE).stop is StopReason.TOOL_USE
    assert error(DONE).message == "the upstream ended without an answer"


def test_what_comes_after_done_is_dropped() -> None:
    events = decode(chunk({"content": "a"}, "stop"), DONE + chunk({"content": "b"}) + chunk({}, "stop"))
    assert [event.text for event in events if isinstance(event, PartDelta)] == ["a"]


def test_the_usage_chunk_behind_the_finish_ends_the_reply() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    decoder = DIALECT.stream_decoder()
    decoder.feed(chunk({"content": "a"}) + chunk({}, "stop"))
    assert decoder.feed(frame({"choices": [], "usage": usage}))[-1] == ReplyEnd(
        StopReason.END_TURN, Usage(input_tokens=3, output_tokens=2)
    )


def test_usage_on_the_finish_chunk_waits_for_a_later_one() -> None:
    first = {"prompt_tokens": 3, "completion_tokens": 1}
    last = {"prompt_tokens": 3, "completion_tokens": 2}
    frames = chunk({"content": "a"}), chunk({}, "stop", usage=first), frame({"choices": [], "usage": last}), DONE
    assert reply(*frames).usage == Usage(input_tokens=3, output_tokens=2)
    assert reply(*frames[:2], DONE).usage == Usage(input_tokens=3, output_tokens=1)


def test_groq_hides_usage_in_a_field_of_its_own() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    frames = chunk({"content": "a"}), chunk({}, "stop", x_groq={"usage": usage}), DONE
    assert reply(*frames).usage == Usage(input_tokens=3, output_tokens=1)


def test_azure_begins_with_a_chunk_that_names_nothing() -> None:
    first = frame({"id": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]})
    assert decode(first, chunk({"content": "a"}, "stop"), DONE)[0] == ReplyStart("chatcmpl-1", "m")


def test_only_the_first_choice_is_read() -> None:
    other = frame({"choices": [{"index": 1, "delta": {"content": "b"}, "finish_reason": "stop"}]})
    assert reply(chunk({"content": "a"}), other, chunk({}, "stop"), DONE).parts == (Text("a"),)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_ends_when_the_text_begins(field: str) -> None:
    frames = chunk({field: "hm"}), chunk({field: "m", "content": ""}), chunk({"content": "a"}), chunk({}, "stop"), DONE
    assert reply(*frames).parts == (Thinking("hmm"), Text("a"))


def test_thinking_sent_in_two_fields_at_once_counts_once() -> None:
    details = [{"type": "reasoning.text", "text": "hm"}]
    both = {"reasoning_content": "hm", "reasoning": "hm", "reasoning_details": details}
    assert reply(chunk(both), chunk({"content": "a"}, "stop")).parts == (Thinking("hm"), Text("a"))


def test_mistral_sends_content_in_parts() -> None:
    thought = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]
    answer = [{"type": "text", "text": "a"}, {"type": "reference", "reference_ids": [1]}]
    assert reply(chunk({"content": thought}), chunk({"content": answer}, "stop")).parts == (Thinking("hm"), Text("a"))


def test_text_after_a_call_opens_a_new_part() -> None:
    frames = chunk({"content": "a"}), calls(call(0, "c", "f", "{}")), chunk({"content": "b"}), chunk({}, "tool_calls")
    assert reply(*frames).parts == (Text("a"), ToolCall("c", "f", "{}"), Text("b"))


def test_interleaved_calls_lose_no_piece() -> None:
    frames = (
        calls(call(0, "c0", "f", ""), call(1, "c1", "g", "")),
        calls(call(0, arguments='{"a"')),
        calls(call(1, arguments='{"b"')),
        calls(call(0, arguments=":1}"), call(1, arguments=":2}")),
        chunk({}, "tool_calls"),
        DONE,
    )
    assert reply(*frames).parts == (ToolCall("c0", "f", '{"a":1}'), ToolCall("c1", "g", '{"b":2}'))


def test_calls_may_count_from_one() -> None:
    assert reply(calls(call(1, "c", "f", "{}")), chunk({}, "tool_calls")).parts == (ToolCall("c", "f", "{}"),)


def test_id_and_name_may_be_repeated_on_each_piece() -> None:
    frames = calls(call(0, "c", "f", '{"a"')), calls(call(0, "c", "f", ":1}")), chunk({}, "tool_calls")
    assert reply(*frames).parts == (ToolCall("c", "f", '{"a":1}'),)


def test_without_an_index_a_new_id_is_a_new_call() -> None:
    frames = calls(call(None, "c0", "f", '{"a"'), call(None, arguments=":1}")), calls(call(None, "c1", "f", "{}"))
    assert reply(*frames, chunk({}, "tool_calls")).parts == (ToolCall("c0", "f", '{"a":1}'), ToolCall("c1", "f", "{}"))


def test_whole_calls_that_all_have_index_zero_are_several() -> None:
    frames = calls(call(0, "c0", "f", '{"a":1}')), calls(call(0, "c1", "f", '{"a":2}'))
    assert len(reply(*frames, chunk({}, "stop")).parts) == 2


@pytest.mark.parametrize("index", [None, 0])
@pytest.mark.parametrize("name", ["f", "g"])
def test_whole_calls_without_ids_are_several(index: int | None, name: str) -> None:
    first, second = call(index, "", "f", '{"a":1}'), call(index, None, name, '{"a":2}')
    expected = [("f", '{"a":1}'), (name, '{"a":2}')]
    for frames in ([calls(first, second)], [calls(first), calls(second)]):
        got = reply(*frames, chunk({}, "tool_calls")).parts
        assert [(part.name, part.arguments) for part in got if isinstance(part, ToolCall)] == expected
        assert len({part.id for part in got if isinstance(part, ToolCall)}) == 2


def test_a_call_without_an_id_may_repeat_its_name_on_each_piece() -> None:
    frames = (
        calls(call(None, None, "f", '{"a"')),
        calls(call(None, None, "f", ":")),
        calls(call(None, None, "f", "{}}")),
    )
    got = reply(*frames, chunk({}, "tool_calls")).parts
    assert [part.arguments for part in got if isinstance(part, ToolCall)] == ['{"a":{}}']


def test_a_call_starts_when_its_name_comes() -> None:
    frames = calls(call(0, "c", "", '{"a"')), calls(call(0, None, None, ":")), calls(call(0, None, "f", "1}"))
    assert reply(*frames, chunk({}, "tool_calls")).parts == (ToolCall("c", "f", '{"a":1}'),)


def test_a_call_that_never_gets_a_name_is_dropped_and_does_not_stop_for_tools() -> None:
    got = reply(chunk({"content": "a"}), calls(call(0, "c", "", "{}")), chunk({}, "tool_calls"), DONE)
    assert (got.parts, got.stop) == ((Text("a"),), StopReason.END_TURN)


def test_a_call_without_an_id_gets_one_that_differs_from_call_to_call() -> None:
    got = reply(calls(call(0, None, "f", "{}"), call(1, "", "f", "{}")), chunk({}, "tool_calls"))
    ids = [part.id for part in got.parts if isinstance(part, ToolCall)]
    assert len(set(ids)) == 2
    assert all(call_id.startswith("call_") for call_id in ids)


def test_values_of_the_wrong_type_are_taken_for_what_they_mean() -> None:
    frames = calls(call(0, 17, "f", {"a": 1})), calls({"index": "0", "id": None, "function": None})
    got = reply(*frames, chunk({"content": 5, "refusal": {}}, "tool_calls", created="now", model=None))
    assert got.parts == (ToolCall("17", "f", '{"a": 1}'), Text("5"))


def test_an_emoji_that_is_cut_between_two_chunks_does_not_end_the_stream() -> None:
    halves = (b'data: {"choices":[{"delta":{"content":"' + half + b'"}}]}\n\n' for half in (b"a\\ud83d", b"\\ude00b"))
    assert reply(*halves, chunk({}, "stop")).parts == (Text("a??b"),)


def test_a_legacy_function_call_is_a_call() -> None:
    frames = chunk({"function_call": {"name": "f", "arguments": ""}}), chunk({"function_call": {"arguments": "{}"}})
    got = reply(*frames, chunk({}, "function_call"), DONE)
    assert [(part.name, part.arguments) for part in got.parts if isinstance(part, ToolCall)] == [("f", "{}")]
    assert got.stop is StopReason.TOOL_USE


@pytest.mark.parametrize(
    ("finish", "stop"),
    [
        ("stop", StopReason.TOOL_USE),
        ("eos", StopReason.TOOL_USE),
        ("length", StopReason.LENGTH),
        ("content_filter", StopReason.REFUSAL),
        ("function_call", StopReason.TOOL_USE),
    ],
)
def test_calls_make_a_tool_stop_unless_length_or_a_filter_wins(finish: str, stop: StopReason) -> None:
    assert reply(calls(call(0, "c", "f", "{}")), chunk({}, finish)).stop is stop


def test_a_refusal_in_words_is_a_refusal() -> None:
    got = reply(chunk({"refusal": "I can't"}), chunk({"refusal": " do that"}), chunk({}, "stop"), DONE)
    assert (got.parts, got.stop) == ((Refusal("I can't do that"),), StopReason.REFUSAL)


def test_an_error_chunk_ends_the_stream() -> None:
    got = error(chunk({"content": "a"}), frame({"error": {"message": "slow down", "code": 429}}), chunk({}, "stop"))
    assert (got.kind, got.message, got.status) == (ErrorKind.RATE_LIMIT, "slow down", 429)


def test_an_error_may_be_a_string_or_an_event() -> None:
    assert error(frame({"error": "no capacity", "choices": []})).message == "no capacity"
    named = error(b'event: error\ndata: {"message": "gone", "type": "overloaded_error"}\n\n')
    assert (named.kind, named.message, named.status) == (ErrorKind.OVERLOADED, "gone", 503)


def test_a_null_error_says_nothing() -> None:
    assert reply(chunk({"content": "a"}, "stop", error=None)).parts == (Text("a"),)


@pytest.mark.parametrize("said", [b"1e999", b'"\xff"', b"[" * 3000 + b"]" * 3000])
def test_an_error_that_cannot_be_read_is_one_all_the_same(said: bytes) -> None:
    body = b'data: {"choices":[],"error":' + said + b"}\n\n"
    assert isinstance(decode(body)[-1], ReplyError)


def test_openrouter_says_error_in_the_finish() -> None:
    assert error(chunk({"content": "a"}), chunk({}, "error"), DONE).status == 502


@pytest.mark.parametrize("data", [b"data: {\n\n", b"data: 5\n\n", b"data: [1]\n\n", b'data: {"a":"\xff"}x\n\n'])
def test_a_chunk_that_is_no_object_ends_the_stream_in_one_error(data: bytes) -> None:
    events = decode(chunk({"content": "a"}) + data + chunk({"content": "b"}, "stop") + DONE)
    assert [type(event) for event in events] == [ReplyStart, PartStart, PartDelta, ReplyError]


def test_empty_frames_comments_and_other_line_ends_do_no_harm() -> None:
    body = b": hello\n\ndata: \n\n" + chunk({"content": "a"}, "stop") + b"event: ping\ndata:\n\n" + DONE
    assert reply(body.replace(b"\n", b"\r\n")).parts == (Text("a"),)


def test_very_many_pieces_of_a_call_that_never_starts_cost_no_more_each() -> None:
    decoder = DIALECT.stream_decoder()
    for _ in range(20_000):
        assert decoder.feed(calls(call(0, "c", "", "x"))) in ([], [ReplyStart("chatcmpl-1", "m")])


USAGES = [
    ({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}, Usage(input_tokens=9, output_tokens=4)),
    (
        {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        Usage(9, 5, 2, 4, 3),
    ),
    ({"prompt_tokens": 9, "completion_tokens": 4, "prompt_cache_hit_tokens": 6}, Usage(9, 6, 0, 4, 0)),
    (
        {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "total_tokens": 16,
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        Usage(9, 0, 0, 7, 3),
    ),
    ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 9, "cache_write_tokens": 9}}, Usage(9, 9, 0)),
    ({"prompt_tokens": "9", "completion_tokens": 4.0, "total_tokens": None}, Usage(9, 0, 0, 4)),
]


@pytest.mark.parametrize(("wire", "usage"), USAGES)
def test_usage_adds_up(wire: dict[str, Any], usage: Usage) -> None:
    assert reply(chunk({"content": "a"}, "stop"), frame({"choices": [], "usage": wire}), DONE).usage == usage


def test_a_whole_reply_is_read_as_its_stream_would_be() -> None:
    message = {
        "role": "assistant",
        "content": "a",
        "reasoning_content": "hm",
        "tool_calls": [
            {"type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"type": "function", "function": {"name": "f", "arguments": {"b": 2}}},
        ],
    }
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    got = DIALECT.decode_reply(json.dumps({"id": "x", "model": "m", "choices": choices}).encode())
    assert [type(part) for part in got.parts] == [Thinking, Text, ToolCall, ToolCall]
    assert got.stop is StopReason.TOOL_USE


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"error": {"message": "no", "code": 402}}', 402),
        (b'{"error": "no"}', 500),
        (b"<html>no</html>", 502),
        (b"[]", 502),
        (b'{"choices": []}', 502),
        (b'{"choices": [{"index": 0}]}', 502),
        (b'{"choices": [{"index": 0, "message": {}, "finish_reason": "error"}]}', 502),
    ],
)
def test_a_whole_reply_that_is_none_is_an_upstream_error(body: bytes, status: int) -> None:
    with pytest.raises(UpstreamError) as caught:
        DIALECT.decode_reply(body)
    assert caught.value.status == status
