"""Completions as clients get them, beyond what the SDK's tests show."""

import json
from typing import Any

import pytest

from translators.assemble import events_of
from translators.conversation import Part, Refusal, Reply, Text, Thinking, ToolCall
from translators.dialect import Context
from translators.dialects.openai_completions import DIALECT
from translators.errors import ErrorKind
from translators.events import ReplyError, ReplyStart, StopReason, Usage

CONTEXT = Context(model="asked", created_s=7)
USAGE = Usage(input_tokens=10, cached_tokens=4, output_tokens=5, reasoning_tokens=2)


def reply_of(*parts: Part, stop: StopReason = StopReason.END_TURN, usage: Usage | None = USAGE) -> Reply:
    return Reply("msg_01", "upstream", parts, stop, usage)


def whole(reply: Reply, context: Context = CONTEXT) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DIALECT.encode_reply(reply, context))
    return read


def streamed(reply: Reply, context: Context = CONTEXT) -> list[dict[str, Any]]:
    encoder = DIALECT.stream_encoder(context)
    frames = b"".join(encoder.feed(event) for event in events_of(reply)).split(b"\n\n")
    assert frames[-2:] == [b"data: [DONE]", b""]
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames[:-2]]


def test_a_whole_reply_is_one_text() -> None:
    assert whole(reply_of(Text("hello "), Text("there"))) == {
        "id": "cmpl-msg_01",
        "object": "text_completion",
        "created": 7,
        "model": "asked",
        "choices": [{"index": 0, "text": "hello there", "logprobs": None, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    }


def test_a_stream_has_the_same_shape_in_pieces() -> None:
    *texts, end, usage = streamed(reply_of(Text("hello "), Text("there")))
    for chunk in (*texts, end, usage):
        shared = {"id": "cmpl-msg_01", "object": "text_completion", "created": 7, "model": "asked"}
        assert chunk.items() >= shared.items()
    assert [chunk["choices"][0]["text"] for chunk in texts] == ["hello ", "there"]
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in texts)
    assert end["choices"] == [{"index": 0, "text": "", "logprobs": None, "finish_reason": "stop"}]
    assert usage["choices"] == []
    assert usage["usage"] == whole(reply_of())["usage"]


def test_a_stream_tells_usage_only_to_who_asked() -> None:
    context = Context(model="asked", include_usage=False)
    assert all("usage" not in chunk for chunk in streamed(reply_of(Text("x")), context))
    assert all("usage" not in chunk for chunk in streamed(reply_of(Text("x"), usage=None)))


@pytest.mark.parametrize(
    ("stop", "word"),
    [
        (StopReason.END_TURN, "stop"),
        (StopReason.STOP_SEQUENCE, "stop"),
        (StopReason.TOOL_USE, "stop"),
        (StopReason.PAUSE, "stop"),
        (StopReason.LENGTH, "length"),
        (StopReason.REFUSAL, "content_filter"),
    ],
)
def test_every_stop_has_a_word_of_the_sdk(stop: StopReason, word: str) -> None:
    reply = reply_of(Text("x"), stop=stop, usage=None)
    assert whole(reply)["choices"][0]["finish_reason"] == word
    assert streamed(reply)[-1]["choices"][0]["finish_reason"] == word


def test_only_words_can_be_said() -> None:
    reply = reply_of(Thinking("hm"), Text("yes"), ToolCall("1", "f", '{"a":1}'), Refusal(" but no"), usage=None)
    assert whole(reply)["choices"][0]["text"] == "yes but no"
    assert "".join(chunk["choices"][0]["text"] for chunk in streamed(reply)) == "yes but no"


@pytest.mark.parametrize(("given", "told"), [("cmpl-9", "cmpl-9"), ("", "cmpl-abc"), ('m"1\n', "cmpl-m1")])
def test_a_reply_has_an_id_of_this_dialect(given: str, told: str) -> None:
    reply = Reply(given, "m", (Text("x"),), StopReason.END_TURN)
    context = Context(reply_id="abc")
    assert whole(reply, context)["id"] == told
    assert streamed(reply, context)[0]["id"] == told


def test_a_stream_that_fails_ends_in_an_error_and_nothing_more() -> None:
    encoder = DIALECT.stream_encoder(CONTEXT)
    encoder.feed(ReplyStart("x", "m"))
    frame = encoder.feed(ReplyError(ErrorKind.OVERLOADED, "too busy", status=529))
    assert json.loads(frame.removeprefix(b"data: "))["error"]["message"] == "too busy"
