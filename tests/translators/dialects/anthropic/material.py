"""What the tests of this dialect share: its streams and recordings, frames and messages to write tests with."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from tests.support import recordings, streams
from translators.conversation import Conversation, Message, Part, Role, Text
from translators.dialects.anthropic import DIALECT

recorded = partial(recordings.recorded, DIALECT.name)
decode = partial(streams.decode, DIALECT)
encode = partial(streams.encode, DIALECT)


def frames(*data: str) -> bytes:
    """A stream of these payloads."""
    return b"".join(b"data: " + payload.encode() + b"\n\n" for payload in data)


START = '{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":3,"output_tokens":1}}}'
TEXT = '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}'
HI = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}'
STOP = '{"type":"content_block_stop","index":0}'
DONE = '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}'
END = '{"type":"message_stop"}'


def user(*parts: Part | str) -> Message:
    """What the user says; strings are texts."""
    return _message(Role.USER, parts)


def assistant(*parts: Part | str) -> Message:
    """What the model said."""
    return _message(Role.ASSISTANT, parts)


def system(*parts: Part | str) -> Message:
    """A system message in mid-conversation."""
    return _message(Role.SYSTEM, parts)


def _message(role: Role, parts: Iterable[Part | str]) -> Message:
    return Message(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def conversation(*messages: Message, **fields: Any) -> Conversation:
    """A request of these messages."""
    return Conversation(model="asked", messages=messages, **fields)
