"""A whole reply from a stream of Anthropic's own, and a stream from a whole reply: no field is lost."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anthropic.lib.streaming._beta_messages import accumulate_event
from msgspec.structs import replace

from tests.conformance.material import recordings
from tests.support.streams import whole
from tests.translators.dialects.anthropic.material import DONE, END, HI, START, STOP, TEXT, decode, frames
from translators import ReplyStream, stream_of
from translators.conversation import Part, ToolCall
from translators.dialect import Context
from translators.dialects.anthropic import DIALECT, conversions
from translators.dialects.anthropic.blocks import object_of
from translators.dialects.anthropic.conversions import whole_of
from translators.errors import UpstreamError
from translators.events import ReplyError

STREAMS = recordings("anthropic", ".sse")
REPLIES = [path for path in recordings("anthropic", ".json") if json.loads(path.read_bytes())["type"] == "message"]

each_stream = pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
each_reply = pytest.mark.parametrize("path", REPLIES, ids=lambda path: path.stem)


def as_the_sdk_reads_it(stream: bytes) -> dict[str, Any]:
    """What Anthropic's own accumulator makes of a stream."""
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    for line in stream.splitlines():
        if line.startswith(b"data:") and (event := json.loads(line[5:])).get("type") != "ping":
            snapshot = accumulate_event(
                event=event, current_snapshot=snapshot, json_bufs=buffers, request_headers=httpx2.Headers()
            )
    return json.loads(snapshot.to_json(exclude_none=True))  # type: ignore[no-any-return]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


def with_whole_arguments(part: Part) -> Part:
    """A call as a whole reply has it: a limit may have cut the arguments of a streamed one."""
    if isinstance(part, ToolCall) and object_of(part.arguments) is None:
        return replace(part, arguments="{}")
    return part


@each_stream
def test_a_whole_reply_says_what_the_stream_says(path: Path) -> None:
    events = decode(path.read_bytes())
    last = events[-1]
    if isinstance(last, ReplyError):
        with pytest.raises(UpstreamError) as caught:
            whole_of(path.read_bytes())
        assert (caught.value.status, str(caught.value)) == (last.status, last.message)
        return
    said, streamed = DIALECT.decode_reply(whole_of(path.read_bytes())), whole(events)
    parts = tuple(map(with_whole_arguments, streamed.parts))
    assert (said.parts, said.stop, said.usage) == (parts, streamed.stop, streamed.usage)


@pytest.mark.parametrize(
    "name",
    [
        "web-search-with-citations",
        "citations-of-documents",
        "code-execution",
        "web-fetch",
        "redacted-thinking",
        "interleaved-thinking",
        "thinking-then-parallel-calls",
        "blocks-that-only-anthropic-has",
        "refusal-with-an-explanation",
        "pause-turn",
    ],
)
def test_a_whole_reply_is_what_the_sdk_makes_of_the_stream(name: str) -> None:
    [path] = [path for path in STREAMS if path.stem == name]
    made = json.loads(whole_of(path.read_bytes()))
    assert without_nulls(made) == without_nulls(as_the_sdk_reads_it(path.read_bytes()))


@each_reply
def test_a_whole_reply_comes_back_from_its_stream_with_every_field(path: Path) -> None:
    body = json.loads(path.read_bytes())
    stream = conversions.stream_of(path.read_bytes())
    assert json.loads(whole_of(stream)) == body
    assert without_nulls(as_the_sdk_reads_it(stream)) == without_nulls(body)


def test_what_only_anthropic_could_read_reaches_a_client_that_wants_a_stream() -> None:
    [path] = [path for path in REPLIES if path.stem == "web-search"]
    stream = stream_of(path.read_bytes(), "anthropic", "anthropic", context=Context(model="asked-for"))
    assert b'"encrypted_content":"ZW5jcnlwdGVk"' in stream
    assert b'"encrypted_index":"aW5kZXg="' in stream
    assert json.loads(whole_of(stream)) == {**json.loads(path.read_bytes()), "model": "asked-for"}


def test_fields_that_nobody_knows_stay() -> None:
    start = '{"type":"content_block_start","index":0,"content_block":{"type":"new","a":1.50}}'
    more = '{"type":"content_block_delta","index":0,"delta":{"type":"new_delta","b":[1]}}'
    end = DONE.replace('"end_turn"', '"end_turn","c":"d"').replace('"usage"', '"e":{},"f":null,"usage"')
    made = whole_of(frames(START, start, more, STOP, end, END))
    assert b'{"type":"new","a":1.50,"b":[1]}' in made
    assert json.loads(made) == {
        "id": "msg_1",
        "model": "m",
        "stop_reason": "end_turn",
        "c": "d",
        "e": {},
        "usage": {"input_tokens": 3, "output_tokens": 5},
        "content": [{"type": "new", "a": 1.5, "b": [1]}],
    }


@pytest.mark.parametrize("end", [(DONE, END), (DONE, "[DONE]"), (DONE,), (DONE, END, HI)])
def test_a_stream_may_end_as_it_likes_once_it_has_stopped(end: tuple[str, ...]) -> None:
    made = json.loads(whole_of(frames(START, TEXT, HI, HI, STOP, *end)))
    assert (made["content"], made["stop_reason"]) == ([{"type": "text", "text": "hihi"}], "end_turn")


def test_blocks_that_share_an_index_follow_each_other() -> None:
    made = json.loads(whole_of(frames(START, TEXT, HI, STOP, TEXT, HI, HI, STOP, DONE, END)))
    assert [block["text"] for block in made["content"]] == ["hi", "hihi"]


def test_what_is_said_twice_counts_once_and_null_takes_nothing_back() -> None:
    more = DONE.replace('"output_tokens"', '"input_tokens":null,"output_tokens"')
    made = json.loads(whole_of(frames(START, TEXT, HI, STOP, more, END)))
    assert made["usage"] == {"input_tokens": 3, "output_tokens": 5}
    again = START.replace('"usage"', '"odd":5,"usage"')
    assert "odd" not in json.loads(whole_of(frames(START, again, TEXT, HI, STOP, more, END)))


def test_arguments_that_a_limit_has_cut_are_none() -> None:
    start = (
        '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}'
    )
    piece = '{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"a"}}'
    assert json.loads(whole_of(frames(START, start, piece, DONE, END)))["content"][0]["input"] == {}
    assert json.loads(whole_of(frames(START, start, STOP, DONE, END)))["content"][0]["input"] == {}


@pytest.mark.parametrize("stream", [b"", frames(START), frames(START, TEXT, HI), frames(START, "{")])
def test_a_stream_that_was_cut_is_an_error(stream: bytes) -> None:
    with pytest.raises(UpstreamError):
        whole_of(stream)


def test_a_stream_whose_fields_can_not_be_read_is_an_error() -> None:
    odd = '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":5}}'
    cite = '{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}'
    with pytest.raises(UpstreamError, match="can't be read"):
        whole_of(frames(START, odd, cite, STOP, DONE, END))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"content":5}', b'{"type":"message"}', b'{"content":[{"type":"text"}]}']
)
def test_a_stream_of_what_is_no_reply_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        conversions.stream_of(body)


def test_a_stream_that_was_gathered_for_its_own_dialect_names_the_model_that_was_asked_for() -> None:
    [path] = [path for path in STREAMS if path.stem == "web-search-with-citations"]
    stream = ReplyStream("anthropic", "anthropic", context=Context(model="asked-for"))
    made = json.loads(whole_of(stream.feed(path.read_bytes()) + stream.close()))
    assert made["model"] == "asked-for"
    assert "encrypted_content" in json.dumps(made)
