"""What Google really answered, as far as the recordings beside the project are there."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.material import status_of
from tests.support.recordings import recorded
from tests.support.streams import whole
from tests.translators.dialects.gemini.material import array, decode_bytes
from translators.conversation import Reply, Text, Thinking, ToolCall
from translators.dialects.gemini import DIALECT
from translators.events import ReplyEnd, StopReason


def chunks_of(path: Path) -> list[Any]:
    frames = path.read_bytes().replace(b"\r\n", b"\n").split(b"\n\n")
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames if frame]


def check(reply: Reply, said: list[Any]) -> None:
    """Held against the wire, read without any of our code."""
    counts: dict[str, int] = {}
    for one in said:
        counts |= {name: value for name, value in one.get("usageMetadata", {}).items() if isinstance(value, int)}
    assert reply.usage is not None
    prompt = counts.get("promptTokenCount", 0) + counts.get("toolUsePromptTokenCount", 0)
    assert reply.usage.input_tokens == prompt
    assert reply.usage.cached_tokens == counts.get("cachedContentTokenCount", 0) <= prompt
    assert reply.usage.reasoning_tokens == counts.get("thoughtsTokenCount", 0) <= reply.usage.output_tokens
    if "thoughtsTokenCount" in said[-1].get("usageMetadata", {}) or not counts.get("thoughtsTokenCount"):
        assert reply.usage.input_tokens + reply.usage.output_tokens == counts["totalTokenCount"]
    assert reply.model == said[0]["modelVersion"]
    parts = [part for one in said for part in one["candidates"][0].get("content", {}).get("parts", [])]
    text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    assert "".join(part.text for part in reply.parts if isinstance(part, Text)) == text
    names = [name for part in parts if (name := part.get("functionCall", {}).get("name"))]
    assert [part.name for part in reply.parts if isinstance(part, ToolCall)] == names
    assert (reply.stop is StopReason.TOOL_USE) == bool(names)


def check_calls(reply: Reply) -> None:
    for part in reply.parts:
        if isinstance(part, ToolCall):
            assert isinstance(json.loads(part.arguments), dict)
        if isinstance(part, Thinking) and part.signature:
            assert part.signer == "gemini"


@pytest.mark.parametrize("path", recorded("gemini", "*.sse"))
def test_a_recorded_stream_is_read(path: Path) -> None:
    events = decode_bytes(path.read_bytes())
    assert isinstance(events[-1], ReplyEnd)
    reply = whole(events)
    check(reply, chunks_of(path))
    check_calls(reply)
    assert decode_bytes(array(*chunks_of(path))) == events
    assert DIALECT.decode_reply(array(*chunks_of(path))).parts == whole(events).parts


@pytest.mark.parametrize("path", recorded("gemini", "*.json"))
def test_a_recorded_reply_is_read(path: Path) -> None:
    body = path.read_bytes()
    status = status_of(path)
    if status != 200:
        error = DIALECT.decode_error(status, body, {})
        assert str(error) == json.loads(body)["error"]["message"]
        assert (error.retry_after_s is not None) == (b"retryDelay" in body)
        return
    reply = DIALECT.decode_reply(body)
    check(reply, [json.loads(body)])
    check_calls(reply)
