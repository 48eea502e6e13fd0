"""What the tests of this dialect share: recordings, decoding with a check of the order, an encoded stream."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from translators.assemble import Assembler
from translators.conversation import Conversation, Message, Part, Reply, Role, Text
from translators.dialect import Context
from translators.dialects.anthropic import DIALECT
from translators.events import Event, Order

RECORDED = Path(__file__).resolve().parents[5] / "shared" / "fixtures" / "wire" / "anthropic"
CLIENTS = RECORDED.parents[1] / "clients"


def recorded(pattern: str) -> list[Any]:
    """The recorded files of a pattern as test parameters; where there are none, one that is skipped."""
    paths = [path for path in sorted(RECORDED.glob(pattern)) if pattern.count(".") == path.name.count(".")]
    if not paths:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no {pattern} in {RECORDED.name}"))]
    return [pytest.param(path, id=path.name) for path in paths]


def decode(*pieces: bytes) -> list[Event]:
    """The events of a body that arrives in these pieces, their order checked; nothing follows the end."""
    decoder = DIALECT.stream_decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.close()
    assert decoder.feed(b'data: {"type":"message_stop"}\n\n') == []
    assert decoder.close() == []
    check_order(events)
    return events


def check_order(events: Iterable[Event]) -> None:
    """Raises OutOfOrder."""
    order = Order()
    for event in events:
        order.take(event)


def whole(events: Iterable[Event]) -> Reply:
    """The sum of the events. Raises UpstreamError where they end in an error."""
    assembler = Assembler()
    for event in events:
        assembler.take(event)
    return assembler.reply()


def encode(events: Iterable[Event], context: Context | None = None) -> bytes:
    """The client's stream."""
    encoder = DIALECT.stream_encoder(context or Context())
    return b"".join(encoder.feed(event) for event in events)


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
