"""A Messages reply as it stands on the wire, whole and streamed, as far as it is read.

Blocks and deltas are flat, not tagged unions: the vendor adds types at any time, compatibles send null for what they
don't have, and an unknown type must cost no more than a look at its name.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

ABSENT: Final = Raw(b"")


class OutputDetails(Struct, gc=False):
    thinking_tokens: int | None = None


class CacheCreation(Struct, gc=False):
    ephemeral_1h_input_tokens: int | None = None


class ServerToolUse(Struct, gc=False):
    web_search_requests: int | None = None


class WireUsage(Struct, gc=False):
    """`input_tokens` excludes what was read from or written to a cache."""

    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None
    cache_creation: CacheCreation | None = None
    server_tool_use: ServerToolUse | None = None


class StopDetails(Struct, gc=False):
    explanation: str | None = None


class ReplyBlock(Struct, gc=False):
    """A content block, at its start or whole."""

    type: str
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = ABSENT
    citations: Raw = ABSENT
    tool_use_id: str | None = None
    content: Raw = ABSENT


class ErrorBody(Struct, gc=False):
    type: str | None = None
    message: str | None = None


class ReplyMessage(Struct, gc=False):
    """The whole reply; at the start of a stream it has no content yet."""

    id: str | None = None
    model: str | None = None
    content: list[ReplyBlock] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None
    usage: WireUsage | None = None


class Delta(Struct, gc=False):
    """A piece of a block."""

    type: str
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    signature: str | None = None
    citation: Raw = ABSENT


class MessageStart(Struct, tag_field="type", tag="message_start", gc=False):
    message: ReplyMessage


class BlockStart(Struct, tag_field="type", tag="content_block_start", gc=False):
    index: int
    content_block: ReplyBlock


class BlockDelta(Struct, tag_field="type", tag="content_block_delta", gc=False):
    index: int
    delta: Delta


class BlockStop(Struct, tag_field="type", tag="content_block_stop", gc=False):
    index: int


class StopDelta(Struct, gc=False):
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None


class MessageDelta(Struct, tag_field="type", tag="message_delta", gc=False):
    delta: StopDelta
    usage: WireUsage | None = None


class MessageStop(Struct, tag_field="type", tag="message_stop", gc=False):
    pass


class StreamError(Struct, tag_field="type", tag="error", gc=False):
    error: ErrorBody


type WireEvent = MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop | StreamError

EVENTS: Final = frozenset(
    struct.__struct_config__.tag
    for struct in (MessageStart, BlockStart, BlockDelta, BlockStop, MessageDelta, MessageStop, StreamError)
)


class Loose(Struct, gc=False):
    """A frame that fits no event: of a type that is not known, of none, or broken."""

    type: str | None = None
    error: Raw = ABSENT


# A decoder for one Struct is faster than one for the union, and nearly all frames begin so.
DELTA_START: Final = b'{"type":"content_block_delta"'
DELTA: Final = msgspec.json.Decoder(BlockDelta)
EVENT: Final[msgspec.json.Decoder[WireEvent]] = msgspec.json.Decoder(WireEvent)
LOOSE: Final = msgspec.json.Decoder(Loose)
REPLY: Final = msgspec.json.Decoder(ReplyMessage)
TEXT: Final = msgspec.json.Decoder(str)

HEADS: Final[Mapping[str, bytes]] = {
    f"{field}_delta": b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%%d,'
    b'"delta":{"type":"%b_delta","%b":' % (field.encode(), name)
    for field, name in (("text", b"text"), ("thinking", b"thinking"), ("input_json", b"partial_json"))
}
"""What stands before the piece, in each delta of one block. Source: recorded streams."""
TAILS: Final = frozenset(b"}" + b" " * spaces + b"}" for spaces in range(33))
"""What stands behind it: the vendor hides the length of the piece."""
