"""Whole replies, both ways."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.streams import whole
from tests.translators.dialects.anthropic.material import decode, encode, recorded
from translators.assemble import events_of
from translators.conversation import Part, Refusal, Reply, Text, Thinking, ToolCall
from translators.dialect import Context
from translators.dialects.anthropic import DIALECT
from translators.errors import ErrorKind, UpstreamError
from translators.events import StopReason, Usage

PARTS: tuple[Part, ...] = (
    Thinking("hm", "c2ln", "anthropic"),
    Thinking("", "b3Bh", "anthropic", redacted=True),
    Text("hi"),
    ToolCall("toolu_1", "f", '{"a":1}'),
)
REPLY = Reply("msg_1", "m", PARTS, StopReason.TOOL_USE, Usage(10, 4, 1, 7, 2))


def body(**fields: Any) -> bytes:
    return json.dumps({"type": "message", "id": "msg_1", "model": "m", "content": [], **fields}).encode()


TOOLS = ("web_search", "web_fetch", "code_execution")


def kind_of(block: dict[str, Any]) -> str:
    """The type that it comes back with, "" for one that is skipped; what runs in a shell is code."""
    kind = str(block["type"]).replace("bash_", "").replace("text_editor_", "")
    if kind == "server_tool_use":
        return kind if block["name"].replace("bash_", "").replace("text_editor_", "") in TOOLS else ""
    known = ("text", "thinking", "redacted_thinking", "tool_use", *(f"{tool}_tool_result" for tool in TOOLS))
    return kind if kind in known else ""


@pytest.mark.parametrize("path", recorded("aj-*.json"))
def test_recorded_replies_decode_and_come_back(path: Path) -> None:
    recording = json.loads(path.read_bytes())
    if recording["type"] == "error":
        with pytest.raises(UpstreamError, match=recording["error"]["message"][:20]):
            DIALECT.decode_reply(path.read_bytes())
        return
    reply = DIALECT.decode_reply(path.read_bytes())
    said = json.loads(DIALECT.encode_reply(reply, Context()))
    kept = [kind for block in recording["content"] if (kind := kind_of(block))]
    assert [block["type"] for block in said["content"]][: len(kept)] == kept
    assert said["stop_reason"] == recording["stop_reason"]
    assert said["usage"]["input_tokens"] == recording["usage"]["input_tokens"]
    assert said["usage"]["output_tokens"] == recording["usage"]["output_tokens"]


@pytest.mark.parametrize("path", recorded("aj-*.json"))
def test_streamed_or_whole_a_reply_says_the_same(path: Path) -> None:
    try:
        reply = DIALECT.decode_reply(path.read_bytes())
    except UpstreamError:
        return
    streamed = whole(decode(encode(events_of(reply))))
    assert DIALECT.decode_reply(DIALECT.encode_reply(reply, Context())) == streamed


def test_a_null_error_beside_a_good_reply_says_nothing() -> None:
    reply = DIALECT.decode_reply(body(content=[{"type": "text", "text": "hi"}], stop_reason="end_turn", error=None))
    assert reply.parts == (Text("hi"),)


def test_a_reply_comes_back_as_it_was() -> None:
    assert DIALECT.decode_reply(DIALECT.encode_reply(REPLY, Context())) == REPLY


def test_a_foreign_reply_is_put_into_our_words() -> None:
    parts = (Thinking("hm", "x", "gemini"), Refusal("No."), ToolCall("c|1", "up", "oops"), Text(""))
    reply = Reply("chatcmpl/1", "gpt", parts, StopReason.END_TURN)
    said = json.loads(DIALECT.encode_reply(reply, Context(model="claude-x", names={"up": "client.name"})))
    assert said["id"] == "msg_chatcmpl1"
    assert said["model"] == "claude-x"
    assert said["content"][:2] == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "No."},
    ]
    call = said["content"][2]
    assert (call["name"], call["input"]) == ("client.name", {})
    assert call["id"].startswith("c_1_")
    assert said["stop_reason"] == "refusal"
    assert said["usage"]["output_tokens"] == 0


@pytest.mark.parametrize(
    ("given", "arguments"), [({}, "{}"), (None, "{}"), ({"a": 1}, '{"a": 1}'), ('{"a": 1}', '{"a": 1}')]
)
def test_arguments(given: Any, arguments: str) -> None:
    block = {"type": "tool_use", "id": "t", "name": "f", "input": given}
    reply = DIALECT.decode_reply(body(content=[block]))
    assert (reply.parts, reply.stop) == ((ToolCall("t", "f", arguments),), StopReason.TOOL_USE)


@pytest.mark.parametrize("text", [b"", b"<html>", b"{}", b"[]", b"\xff", b'{"content":3}', b'{"content":[{"type":3}]}'])
def test_what_is_no_reply_is_an_upstream_error(text: bytes) -> None:
    with pytest.raises(UpstreamError) as failure:
        DIALECT.decode_reply(text)
    assert failure.value.status == 502


def test_an_error_in_place_of_a_reply_keeps_its_words() -> None:
    with pytest.raises(UpstreamError, match="slow down") as failure:
        DIALECT.decode_reply(b'{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}')
    assert failure.value.kind is ErrorKind.RATE_LIMIT
