"""Every recorded reply of the vendors, read and said again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.recordings import WIRE, files
from tests.support.streams import check_order, splits, whole
from tests.translators.dialects.openai_chat.material import decode, encode, recorded
from translators.assemble import events_of
from translators.conversation import Conversation, Part, Text, Thinking, ToolCall
from translators.dialect import Context, Target
from translators.dialects.openai_chat import DIALECT
from translators.errors import UpstreamError
from translators.events import PartDelta, ReplyEnd, ReplyError, Serializer
from translators.notes import Citation

STREAMS = files(WIRE / "openai_chat", "*.sse")


def text_of(part: Part) -> str:
    assert isinstance(part, Text | Thinking | ToolCall)
    return part.arguments if isinstance(part, ToolCall) else part.text


def is_error(body: bytes) -> bool:
    return b'"error":' in body.replace(b'": ', b'":')


@pytest.mark.parametrize("path", recorded("*.sse"))
def test_a_recorded_stream_decodes_in_order_to_one_end(path: Path) -> None:
    body = path.read_bytes()
    events = decode(body)
    ends = [event for event in events if isinstance(event, ReplyEnd | ReplyError)]
    assert len(ends) == 1
    assert isinstance(ends[0], ReplyError) == is_error(body)
    if isinstance(ends[0], ReplyEnd):
        assert ends[0].usage is not None
        assert ends[0].usage.input_tokens > 0


@pytest.mark.parametrize("path", recorded("*.sse"))
def test_a_recorded_stream_gives_all_its_text_and_arguments(path: Path) -> None:
    said = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("data: {"):
            for choice in json.loads(line[6:]).get("choices", []):
                delta = choice["delta"]
                details = delta.get("reasoning_details") or []
                said += delta.get("reasoning") or "".join(detail.get("text", "") for detail in details)
                said += delta.get("content") or ""
                for call in delta.get("tool_calls") or []:
                    said += call["function"]["arguments"]
    heard = "".join(event.text for event in decode(path.read_bytes()) if isinstance(event, PartDelta))
    assert sorted(heard) == sorted(said)


@pytest.mark.parametrize("path", recorded("*.sse"))
def test_a_recorded_stream_survives_being_said_again(path: Path) -> None:
    events = decode(path.read_bytes())
    again = decode(encode(Serializer().feed_all(events), Context(reply_id="test")))
    if isinstance(events[-1], ReplyError):
        assert isinstance(again[-1], ReplyError)
        assert (again[-1].kind, again[-1].message) == (events[-1].kind, events[-1].message)
        return
    before, after = whole(events), whole(again)
    assert [(type(part), text_of(part)) for part in after.parts] == [
        (type(part), text_of(part)) for part in before.parts
    ]
    assert (after.stop, after.usage, after.model) == (before.stop, before.usage, before.model)


def unplaced(parts: Sequence[Part]) -> list[Part]:
    """A citation that has no place covers all of its text, and says so when it is said again."""
    return [
        replace(
            part, notes=tuple(replace(note, start=None, end=None) for note in part.notes if isinstance(note, Citation))
        )
        if isinstance(part, Text)
        else part
        for part in parts
    ]


@pytest.mark.parametrize("path", recorded("cj-*.json"))
def test_a_recorded_reply_decodes_and_survives_being_said_again(path: Path) -> None:
    body = path.read_bytes()
    if is_error(body):
        with pytest.raises(UpstreamError) as caught:
            DIALECT.decode_reply(body)
        assert str(caught.value) == json.loads(body)["error"]["message"]
        return
    reply = DIALECT.decode_reply(body)
    check_order(events_of(reply))
    again = DIALECT.decode_reply(DIALECT.encode_reply(reply, Context()))
    assert unplaced(again.parts) == unplaced(reply.parts)
    assert (again.stop, again.usage, again.model) == (reply.stop, reply.usage, reply.model)


@pytest.mark.parametrize("path", recorded("*.request.json"))
@pytest.mark.parametrize("genuine", [False, True], ids=["compatible", "genuine"])
def test_a_recorded_request_survives_decoding_and_encoding(path: Path, genuine: bool) -> None:
    conversation = DIALECT.decode_request(path.read_bytes())
    target = Target("gpt-4o", stream=conversation.stream, genuine=genuine)
    encoded = DIALECT.encode_request(conversation, target)
    again = DIALECT.decode_request(encoded.body)
    before, after = bare(conversation), bare(again)
    if genuine:
        for tool in (*before["tools"], *after["tools"]):
            del tool["strict"]  # what other vendors call strict is not what OpenAI does
    else:
        assert after["messages"] == before["messages"]
    assert after["tools"] == before["tools"]
    assert after["tool_choice"] == (before["tool_choice"] if conversation.tools else None)
    lost = {loss.path for loss in (*conversation.losses, *encoded.losses)}
    known = ("$.tools[", "$.provider", "$.thinking", "$.hosted")
    assert all(path.startswith(known) or path.endswith(".cache_control") for path in lost)


NOT_KEPT = frozenset({"cache", "id", "call_id"})  # chat has no cache marks; long ids are shortened


def bare(conversation: Conversation) -> dict[str, Any]:
    """As plain values that can be compared."""
    encoded = msgspec.json.encode(conversation)
    plain: dict[str, Any] = json.loads(
        encoded, object_hook=lambda fields: {key: value for key, value in fields.items() if key not in NOT_KEPT}
    )
    return plain


@pytest.mark.skipif(not STREAMS, reason="no recorded streams")
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_split_of_the_bytes_does_not_matter(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(STREAMS)).read_bytes()
    assert decode(*data.draw(splits(body))) == decode(body)


@pytest.mark.skipif(not STREAMS, reason="no recorded streams")
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_cut_stream_ends_in_one_error_unless_its_finish_was_there(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(STREAMS)).read_bytes()
    cut = body[: data.draw(st.integers(0, len(body)))]
    last = decode(cut)[-1]
    finished = any(f'"finish_reason":"{word}"'.encode() in cut for word in ("stop", "length", "tool_calls"))
    if b"[DONE]" not in cut and not finished:
        assert isinstance(last, ReplyError)


@pytest.mark.skipif(not STREAMS, reason="no recorded streams")
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_stream_never_raises(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(STREAMS)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(decode(bytes(body))[-1], ReplyEnd | ReplyError)
