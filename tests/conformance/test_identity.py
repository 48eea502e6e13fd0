"""What both dialects can say comes back as it was said."""

import json
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, Struct

from tests.conformance.judges import check_accepted, targets
from tests.conformance.material import TWO_WAY_PAIRS, UPSTREAM_DIALECTS, name_of
from tests.conformance.strategies import conversations
from translators import ReplyStream, translate_reply, translate_request
from translators.assemble import events_of
from translators.conversation import Conversation, File, Message, Reply, Role, Text, Tool, ToolCall
from translators.dialect import Context, Target
from translators.events import StopReason, Usage
from translators.names import client_name
from translators.registry import dialect

COMMON = (
    "system",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tokens",
    "temperature",
    "stop",
    "user",
    "stream",
)


def plain(value: Any) -> Any:
    """A value for comparing: opaque JSON read, neighbours of one role in one message."""
    match value:
        case Raw():
            return json.loads(bytes(value))
        case ToolCall():
            return ("ToolCall", value.id, value.name, json.loads(value.arguments))
        case Struct():
            return (type(value).__name__, {key: plain(getattr(value, key)) for key in value.__struct_fields__})
        case tuple() | list():
            return [plain(one) for one in value]
        case _:
            return value


def merged(messages: tuple[Message, ...]) -> list[Any]:
    turns: list[tuple[str, list[Any]]] = []
    for message in messages:
        if not turns or turns[-1][0] != message.role:
            turns.append((message.role, []))
        turns[-1][1].extend(plain(message.parts))
    return turns


def said(conversation: Conversation) -> dict[str, Any]:
    values = {key: plain(getattr(conversation, key)) for key in COMMON}
    return {**values, "messages": merged(conversation.messages)}


def sayable(conversation: Conversation, *names: str) -> Conversation:
    """Less what one of these dialects has no word for."""
    if "openai_responses" in names:  # No stop words, and no answer shorter than 16 tokens.
        enough = max(16, conversation.max_tokens or 0)
        conversation = msgspec.structs.replace(conversation, stop=(), max_tokens=enough)
    if "gemini" in names:  # No users, no names of files, which OpenAI's must have; several calls at once, always.
        file = File("application/pdf", "JVBERi0xLjQ=") if set(names) <= {"gemini", "anthropic"} else Text("a file")
        messages = tuple(
            msgspec.structs.replace(
                message, parts=tuple(file if isinstance(part, File) else part for part in message.parts)
            )
            for message in conversation.messages
        )
        conversation = msgspec.structs.replace(conversation, messages=messages, user=None, parallel_tool_calls=None)
    return conversation


def read_back(name: str, body: bytes, target: Target) -> Conversation:
    """What the body says, and the path where it says more."""
    conversation = dialect(name).decode_request(body)
    return msgspec.structs.replace(conversation, stream=target.stream) if dialect(name).model_in_path else conversation


def target_for(name: str, conversation: Conversation) -> Target:
    first = targets(name)[0]
    return Target(first.model, stream=conversation.stream, genuine=first.genuine)


@pytest.mark.parametrize("name", UPSTREAM_DIALECTS)
@given(conversation=conversations())
@settings(max_examples=100)
def test_decode_undoes_encode(name: str, conversation: Conversation) -> None:
    conversation = sayable(conversation, name)
    target = target_for(name, conversation)
    encoded = dialect(name).encode_request(conversation, target)
    assert encoded.losses == ()
    check_accepted(name, target, encoded.body)
    assert said(read_back(name, encoded.body, target)) == said(conversation)


@pytest.mark.parametrize(("source", "other"), TWO_WAY_PAIRS, ids=map(name_of, TWO_WAY_PAIRS))
@given(conversation=conversations())
@settings(max_examples=60)
def test_a_request_that_goes_there_and_back_is_the_same(source: str, other: str, conversation: Conversation) -> None:
    conversation = sayable(conversation, source, other)
    here, there = target_for(source, conversation), target_for(other, conversation)
    body = dialect(source).encode_request(conversation, here).body
    sent = translate_request(body, source, other, target=there)
    back = translate_request(sent.body, other, source, target=here)
    assert sent.losses == back.losses == ()
    assert json.loads(back.body) == json.loads(body)


CALLS = st.builds(
    ToolCall, st.sampled_from(["call_1", "call_2"]), st.sampled_from(["read", "write"]), st.just('{"a":1}')
)
COUNTS = st.integers(0, 1000)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """A reply that every dialect can say."""
    text = draw(st.lists(st.builds(Text, st.sampled_from(["hello", "日本", "a\nb"])), max_size=1))
    calls = draw(st.lists(CALLS, max_size=2, unique_by=lambda call: call.id))
    cached, written, heard = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    reasoning, spoken = draw(COUNTS), draw(COUNTS)
    return Reply(
        id="the-id",
        model="m",
        parts=(*text, *calls),
        stop=StopReason.TOOL_USE if calls else draw(st.sampled_from([StopReason.END_TURN, StopReason.LENGTH])),
        usage=Usage(
            cached + written + heard + draw(COUNTS),
            cached,
            written,
            reasoning + spoken + draw(COUNTS),
            reasoning,
            input_audio_tokens=heard,
            output_audio_tokens=spoken,
        ),
    )


ALL_COUNT: Final = {"input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"}
SOUND: Final = {"input_audio_tokens", "output_audio_tokens"}
COUNTED: Final = {
    "anthropic": {"cache_write_tokens"},
    "openai_chat": {"cache_write_tokens"} | SOUND,
    "openai_responses": {"cache_write_tokens"},
    "gemini": SOUND,
}
"""What a dialect counts beyond that."""


@pytest.mark.parametrize(("source", "other"), TWO_WAY_PAIRS, ids=map(name_of, TWO_WAY_PAIRS))
@given(reply=replies())
@settings(max_examples=60)
def test_a_reply_that_goes_there_and_back_is_the_same(source: str, other: str, reply: Reply) -> None:
    body = dialect(source).encode_reply(reply, Context())
    back = translate_reply(translate_reply(body, source, other), other, source)
    before, after = dialect(source).decode_reply(body), dialect(source).decode_reply(back)
    assert (after.parts, after.stop) == (before.parts, before.stop) == (reply.parts, reply.stop)
    assert after.usage is not None
    assert reply.usage is not None
    for name in ALL_COUNT | (COUNTED.get(source, set()) & COUNTED.get(other, set())):
        assert getattr(after.usage, name) == getattr(reply.usage, name), name


STRANGE_NAMES = [
    "files.read",
    "files/read",
    "files_read",
    "ünï",
    "日本",
    "x" * 100,
    "x" * 100 + "y",
    "with space",
    "a:b@c",
    "mcp__server__tool-1",
]


@pytest.mark.parametrize(("source", "other"), TWO_WAY_PAIRS, ids=map(name_of, TWO_WAY_PAIRS))
@given(names=st.lists(st.sampled_from(STRANGE_NAMES), min_size=1, unique=True))
@settings(max_examples=40)
def test_a_tool_name_that_a_vendor_refuses_goes_there_and_back(source: str, other: str, names: list[str]) -> None:
    conversation = Conversation(
        model="m", messages=(Message(Role.USER, (Text("hello"),)),), tools=tuple(map(Tool, names)), max_tokens=10
    )
    target = target_for(other, conversation)
    encoded = dialect(other).encode_request(conversation, target)
    check_accepted(other, target, encoded.body)
    sent = [tool.name for tool in dialect(other).decode_request(encoded.body).tools]
    assert [client_name(encoded.names, name) for name in sent] == names

    calls = tuple(ToolCall(f"call_{number}", name, "{}") for number, name in enumerate(sent))
    reply = Reply("id", "m", calls, StopReason.TOOL_USE, Usage())
    context = Context(model="m", names=encoded.names)
    body = dialect(other).encode_reply(reply, Context())
    whole = dialect(source).decode_reply(translate_reply(body, other, source, context=context))
    assert [part.name for part in whole.parts if isinstance(part, ToolCall)] == names

    encoder = dialect(other).stream_encoder(Context())
    stream = ReplyStream(other, source, context=context)
    heard = b"".join(stream.feed(encoder.feed(event)) for event in events_of(reply)) + stream.close()
    decoder = dialect(source).stream_decoder()
    started = [getattr(event, "name", "") for event in decoder.feed(heard) + decoder.close()]
    assert [name for name in started if name] == names
