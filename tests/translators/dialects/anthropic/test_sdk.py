"""The official SDK as the judge: it reads what we say over a real connection."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, MessageParam

from tests.support.served import answering
from tests.support.streams import whole
from tests.translators.dialects.anthropic.material import decode, encode, recorded
from translators.assemble import events_of
from translators.conversation import Part, Refusal, Reply, Text, Thinking, ToolCall
from translators.dialect import Context, ModelInfo
from translators.dialects.anthropic import DIALECT
from translators.dialects.anthropic.errors import STATUSES
from translators.errors import ErrorKind, UpstreamError
from translators.events import Event, PartDelta, PartKind, PartStart, ReplyError, ReplyStart, StopReason, Usage

CONTEXT = Context(model="claude-asked-for", names={"up_f": "client.f"}, reply_id="abc")
REPLY = Reply(
    id="chatcmpl-1",
    model="gpt",
    parts=(
        Thinking("Let me see.", "signed", "openai_responses"),
        Text('Hé "llo"\n\u2028 🎉'),
        ToolCall("call_1", "up_f", '{"city": "Paris", "n": [1, {"x": null}]}'),
        ToolCall("call_2", "g", "{}"),
    ),
    stop=StopReason.TOOL_USE,
    usage=Usage(input_tokens=12, cached_tokens=4, cache_write_tokens=3, output_tokens=9, reasoning_tokens=2),
)
ASKED: list[MessageParam] = [{"role": "user", "content": "hi"}]
SPLICED = "as-1ab014c20b.sse"


@contextmanager
def served(body: bytes, content_type: str = "application/json", status: int = 200) -> Iterator[anthropic.Anthropic]:
    """A client of a server that gives every request this answer."""
    with (
        answering() as server,
        anthropic.Anthropic(api_key="test-key-1", base_url=server.base_url, max_retries=0) as client,
    ):
        server.put(body, content_type, status)
        yield client


def streamed(body: bytes) -> Message:
    """What the SDK makes of a stream."""
    with (
        served(body, DIALECT.stream_content_type) as client,
        client.messages.stream(model="m", max_tokens=9, messages=ASKED) as stream,
    ):
        return stream.get_final_message()


def heard(message: Message) -> tuple[Any, ...]:
    """What a client takes from a message."""
    content: list[tuple[Any, ...]] = []
    for block in message.content:
        match block.type:
            case "text":
                content.append(("text", block.text))
            case "thinking":
                content.append(("thinking", block.thinking, block.signature))
            case "redacted_thinking":
                content.append(("redacted", block.data))
            case "tool_use":
                content.append(("tool_use", block.id, block.name, block.input))
            case _:
                pass
    usage = message.usage
    counts = (
        usage.input_tokens,
        usage.cache_read_input_tokens or 0,
        usage.cache_creation_input_tokens or 0,
        usage.output_tokens,
    )
    return content, message.stop_reason, message.stop_sequence, counts


def test_a_stream_is_read_to_the_same_reply() -> None:
    message = streamed(DIALECT.keep_alive + encode(events_of(REPLY), CONTEXT))
    assert message.model == "claude-asked-for"
    assert message.id == "msg_chatcmpl-1"
    content, stop, _, counts = heard(message)
    assert content == [
        ("thinking", "Let me see.", ""),
        ("text", 'Hé "llo"\n\u2028 🎉'),
        ("tool_use", "call_1", "client.f", {"city": "Paris", "n": [1, {"x": None}]}),
        ("tool_use", "call_2", "g", {}),
    ]
    assert (stop, counts) == ("tool_use", (5, 4, 3, 9))
    assert message.usage.output_tokens_details is not None
    assert message.usage.output_tokens_details.thinking_tokens == 2


def test_whole_and_streamed_are_heard_alike() -> None:
    with served(DIALECT.encode_reply(REPLY, CONTEXT)) as client:
        message = client.messages.create(model="m", max_tokens=9, messages=ASKED)
    assert heard(message) == heard(streamed(encode(events_of(REPLY), CONTEXT)))


@pytest.mark.parametrize("path", recorded("*.sse"))
def test_a_recording_that_went_through_us_is_heard_as_the_vendor_said_it(path: Path) -> None:
    stream = re.match(rb'.*?"message_stop"[^\n]*', path.read_bytes(), re.DOTALL)  # some recordings hold several
    assert stream is not None
    body = stream[0] + b"\n\n"
    events = decode(body)
    if path.name == SPLICED:
        assert isinstance(events[-1], ReplyError)
        return
    content, *rest = heard(streamed(body))
    ours, *our_rest = heard(streamed(encode(events)))
    refusals = [("text", part.text) for part in whole(events).parts if isinstance(part, Refusal)]
    assert ours == [block for block in content if block != ("text", "")] + refusals
    assert our_rest == rest


@pytest.mark.parametrize("stop", StopReason)
def test_every_stop_reason_is_one_that_the_sdk_knows(stop: StopReason) -> None:
    parts: tuple[Part, ...] = (ToolCall("c", "f", "{}"),) if stop is StopReason.TOOL_USE else (Text("a"),)
    message = streamed(encode(events_of(Reply("r", "m", parts, stop, stop_sequence="x"))))
    Message.model_validate(message.model_dump())
    assert message.stop_sequence == "x"


def test_an_error_within_a_stream_raises_there() -> None:
    events: list[Event] = [
        ReplyStart("r", "m"),
        PartStart(0, PartKind.TEXT),
        PartDelta(0, "so"),
        ReplyError(ErrorKind.OVERLOADED, "too much", 529),
    ]
    with pytest.raises(anthropic.APIStatusError, match="too much"):
        streamed(encode(events))


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        (ErrorKind.INVALID_REQUEST, anthropic.BadRequestError),
        (ErrorKind.AUTHENTICATION, anthropic.AuthenticationError),
        (ErrorKind.PERMISSION, anthropic.PermissionDeniedError),
        (ErrorKind.NOT_FOUND, anthropic.NotFoundError),
        (ErrorKind.RATE_LIMIT, anthropic.RateLimitError),
        (ErrorKind.SERVER, anthropic.InternalServerError),
        (ErrorKind.OVERLOADED, anthropic.APIStatusError),
        (ErrorKind.TIMEOUT, anthropic.APIStatusError),
        (ErrorKind.BILLING, anthropic.APIStatusError),
        (ErrorKind.TOO_LARGE, anthropic.APIStatusError),
    ],
)
def test_a_refusal_raises_its_own_class(kind: ErrorKind, raised: type[Exception]) -> None:
    status = STATUSES[kind]
    body = DIALECT.encode_error(UpstreamError(kind, "no such luck", status=status))
    with served(body, status=status) as client, pytest.raises(raised, match="no such luck"):
        client.messages.create(model="m", max_tokens=9, messages=ASKED)


def test_counts_and_models_are_read() -> None:
    with served(DIALECT.count_reply(7)) as client:
        assert client.messages.count_tokens(model="m", messages=ASKED).input_tokens == 7
    models = (ModelInfo("a", "o", 1_700_000_000, "A"), ModelInfo("b", "o"))
    with served(DIALECT.model_list(models)) as client:
        assert [model.id for model in client.models.list()] == ["a", "b"]
    with served(DIALECT.one_model(models[0])) as client:
        model = client.models.retrieve("a")
        assert (model.display_name, model.created_at.year) == ("A", 2023)
