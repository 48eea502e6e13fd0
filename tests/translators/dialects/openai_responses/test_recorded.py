"""What vendors really sent."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from tests.support.recordings import recorded
from tests.support.streams import whole
from tests.translators.dialects.openai_responses.material import decode
from translators import ReplyStream
from translators.conversation import Part, Reply, Text, Thinking, ToolCall
from translators.dialect import Context
from translators.dialects.openai_responses import DIALECT
from translators.errors import UpstreamError
from translators.events import ReplyError
from translators.notes import Logprobs

NAME = "openai_responses"
BROKEN = "rs-78b134e7a7.sse"
"""Its first and last event lack a brace."""

FOREIGN = "rj-4678447795.json"
"""A reply of chat completions."""


@pytest.mark.parametrize("path", recorded(NAME, "*.sse"))
def test_a_stream_says_what_its_whole_reply_says(path: Path) -> None:
    data = path.read_bytes()
    if path.name == BROKEN:
        assert [type(event) for event in decode(data)] == [ReplyError]
        return
    streamed, at_once = whole(decode(data)), DIALECT.decode_reply(DIALECT.whole_of(data) if DIALECT.whole_of else b"")
    assert (flat(streamed), streamed.stop) == (flat(at_once), at_once.stop)
    assert streamed.usage == at_once.usage
    assert streamed.usage is not None
    assert streamed.id
    assert streamed.model
    for part in streamed.parts:
        if isinstance(part, ToolCall):
            assert isinstance(json.loads(part.arguments), dict)


def flat(reply: Reply) -> list[tuple[Part, list[str]]]:
    """The parts, likely tokens by their words alone: they arrive a piece at a time, and less rounded."""
    return [_flat(part) if isinstance(part, Text) else (part, []) for part in reply.parts]


def _flat(text: Text) -> tuple[Part, list[str]]:
    tokens = [token.chosen.token for note in text.notes if isinstance(note, Logprobs) for token in note.tokens]
    others = tuple(note for note in text.notes if not isinstance(note, Logprobs))
    return msgspec.structs.replace(text, notes=others), tokens


@pytest.mark.parametrize("path", recorded(NAME, "*.sse"))
def test_a_stream_passes_with_its_name_changed_and_nothing_else(path: Path) -> None:
    data = path.read_bytes()
    if path.name == BROKEN:
        return
    stream = ReplyStream(NAME, NAME, context=Context(model="asked-as-this"))
    got = b"".join(stream.feed(data[start : start + 777]) for start in range(0, len(data), 777)) + stream.close()
    assert got.replace(b"asked-as-this", stream.model.encode()) == data
    events = [json.loads(line) for line in re.findall(rb"^data: (.*)$", got, re.MULTILINE)]
    said = {event["response"]["model"] for event in events if "response" in event}
    assert said == {"asked-as-this"}
    assert (stream.error, stream.usage is None) == (None, False)


@pytest.mark.parametrize("path", recorded(NAME, "*.json"))
def test_a_whole_reply_is_understood(path: Path) -> None:
    body = path.read_bytes()
    said = json.loads(body)
    if "output" not in said:
        with pytest.raises(UpstreamError):
            DIALECT.decode_reply(body)
        assert path.name == FOREIGN or "error" in said
        return
    reply = DIALECT.decode_reply(body)
    kinds = [item["type"] for item in said["output"]]
    assert sum(isinstance(part, Text) for part in reply.parts) == kinds.count("message")
    assert sum(isinstance(part, ToolCall) for part in reply.parts) == kinds.count("function_call")
    assert sum(isinstance(part, Thinking) for part in reply.parts) <= kinds.count("reasoning")
    assert reply.usage is not None
    assert reply.usage.input_tokens + reply.usage.output_tokens == said["usage"]["total_tokens"]
