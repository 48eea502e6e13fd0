"""A reply on its way: what the pipe adds to decoder and encoder."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import splits
from translators import ReplyStream, UpstreamError
from translators.conversation import Reply, ToolCall
from translators.dialect import Context
from translators.errors import ErrorKind
from translators.events import Event, PartEnd, PartKind, PartStart, ReplyEnd, ReplyStart, StopReason, Usage
from translators.registry import dialect


def chunk(delta: dict[str, object], finish: str | None = None, model: str = "vendor/model-1", **more: object) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": model}
    return f"data: {json.dumps({**head, 'choices': choices, **more})}\n\n".encode()


USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
BODY = b"".join(
    [
        b": waiting\n\n",
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": 'say "model": "vendor/model-1"'}),
        chunk({"content": "."}, "stop", usage=USAGE),
        b"data: [DONE]\n\n",
    ]
)
NAMED = Context(model="my-model")


def passed(*pieces: bytes, context: Context = NAMED) -> bytes:
    stream = ReplyStream("openai_chat", "openai_chat", context=context)
    return b"".join([*(stream.feed(piece) for piece in pieces), stream.close()])


def test_between_two_sides_of_one_dialect_the_bytes_are_the_same() -> None:
    assert passed(BODY, context=Context()) == BODY
    assert passed(BODY, context=Context(model="vendor/model-1")) == BODY


def test_the_model_is_named_as_the_client_asked_for_it_and_nowhere_else() -> None:
    named = passed(BODY)
    assert named.count(b'"model": "my-model"') == 3
    assert json.dumps('say "model": "vendor/model-1"').encode() in named


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"model": "vendor/model-1"', b'"model":"vendor/model-1"'),
        (b'"model": "vendor/model-1"', b'"model" :\t"vendor/model-1"'),
        (b'"model": "vendor/model-1"', b'"model": "vendor\\/model-1"'),
        (b'"model": "vendor/model-1"', b'"model": "vendor\\u002fmodel-1"'),
    ],
    ids=["tight", "wide", "escaped slash", "escaped letter"],
)
def test_the_model_is_found_in_the_vendors_spelling(old: bytes, new: bytes) -> None:
    named = passed(BODY.replace(old, new))
    assert named.count(b'"my-model"') == 3


@given(end=st.sampled_from([b"\n", b"\r\n", b"\r"]), data=st.data())
def test_the_split_does_not_matter_to_what_passes(end: bytes, data: st.DataObject) -> None:
    body = BODY.replace(b"\n", end)
    assert passed(*data.draw(splits(body))) == passed(body) == passed(BODY).replace(b"\n", end)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_whole_frames_leave_at_once(end: bytes) -> None:
    stream = ReplyStream("openai_chat", "openai_chat", context=NAMED)
    frame = chunk({"content": "hello"}).replace(b"\n", end)
    assert stream.feed(frame + b"data: {") == frame.replace(b"vendor/model-1", b"my-model")


def test_an_error_after_half_a_frame_can_be_read() -> None:
    half = BODY[: BODY.index(b'"content": "."')]
    *frames, error = [frame for frame in passed(half).split(b"\n\n") if frame]
    assert [frame[:2] for frame in frames] == [b": ", b"da", b"da"]
    assert "error" in json.loads(error.removeprefix(b"data: "))


@pytest.mark.parametrize("context", [NAMED, Context()], ids=["renamed", "as it is"])
def test_half_a_frame_waits_for_its_end_or_is_left_out(context: Context) -> None:
    frames, half = BODY[:200].rpartition(b"\n\n")[0] + b"\n\n", BODY[:200].rpartition(b"\n\n")[2]
    assert half
    stream = ReplyStream("openai_chat", "openai_chat", context=context)
    assert stream.feed(frames + half).endswith(b"\n\n")
    assert stream.close().startswith(b'data: {"error"')


def test_an_error_of_the_vendors_own_is_not_told_twice() -> None:
    body = chunk({"content": "hello"}) + b'data: {"error": {"message": "broken", "code": 500}}\n\n'
    assert passed(body).count(b'"error"') == 1
    assert passed(body).endswith(b'data: {"error": {"message": "broken", "code": 500}}\n\n')


@pytest.mark.parametrize("client", ["openai_chat", "anthropic"])
def test_what_is_known_of_a_reply_can_be_read_on_the_way(client: str) -> None:
    stream = ReplyStream("openai_chat", client, context=NAMED)
    assert not stream.first_event_seen
    stream.feed(b": waiting\n\n")
    assert not stream.first_event_seen
    stream.feed(chunk({"role": "assistant", "content": "hello"}))
    assert stream.first_event_seen
    assert (stream.model, stream.usage, stream.end, stream.error) == ("vendor/model-1", None, None, None)
    stream.feed(chunk({}, "length", usage=USAGE) + b"data: [DONE]\n\n")
    stream.close()
    assert stream.end is not None
    assert stream.end.stop is StopReason.LENGTH
    assert stream.usage == Usage(input_tokens=5, output_tokens=2)
    assert stream.error is None


def test_the_whole_reply_can_be_had_after_its_stream() -> None:
    stream = ReplyStream("openai_chat", "anthropic", context=NAMED)
    stream.feed(BODY)
    stream.close()
    reply = json.loads(stream.whole())
    assert reply["model"] == "my-model"
    assert reply["content"] == [{"type": "text", "text": 'say "model": "vendor/model-1".'}]


def test_a_reply_that_failed_has_no_whole() -> None:
    stream = ReplyStream("openai_chat", "anthropic")
    stream.feed(chunk({"content": "hello"}) + b'data: {"error": {"message": "broken", "code": 529}}\n\n')
    stream.close()
    with pytest.raises(UpstreamError, match="broken"):
        stream.whole()


def test_a_cut_stream_tells_so_once_and_only_at_its_end() -> None:
    stream = ReplyStream("openai_chat", "anthropic")
    assert b"error" not in stream.feed(chunk({"content": "hello"}))
    last = stream.close()
    assert last.count(b"event: error") == 1
    assert stream.error is not None
    assert stream.error.kind is ErrorKind.SERVER


def test_a_call_without_an_id_gets_one_that_the_client_can_answer() -> None:
    context = Context(reply_id="abc")
    said: list[Event] = [
        ReplyStart("id", "m"),
        PartStart(0, PartKind.TOOL_CALL, name="a"),
        PartEnd(0),
        ReplyEnd(StopReason.TOOL_USE),
    ]
    for name in ("anthropic", "openai_chat"):
        client = dialect(name)
        encoder = client.stream_encoder(context)
        streamed = b"".join(encoder.feed(event) for event in said)
        whole = client.encode_reply(Reply("id", "m", (ToolCall("", "a", "{}"),), StopReason.TOOL_USE), context)
        assert client.call_id("", context, 1).encode() in streamed
        assert client.call_id("", context, 1).encode() in whole
