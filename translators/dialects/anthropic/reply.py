"""Whole replies, both ways."""

from collections.abc import Iterator
from typing import Any

from translators.conversation import (
    Audio,
    File,
    HostedCall,
    HostedResult,
    Image,
    Part,
    Refusal,
    Reply,
    Text,
    Thinking,
    ToolCall,
)
from translators.dialect import Context
from translators.dialects.anthropic import hosted
from translators.dialects.anthropic.blocks import EMPTY_OBJECT, object_of
from translators.dialects.anthropic.citations import pieces_of, read_citations
from translators.dialects.anthropic.decode import NAME
from translators.dialects.anthropic.errors import decode_error, error_of
from translators.dialects.anthropic.reply_wire import LOOSE, REPLY, ReplyBlock
from translators.dialects.anthropic.stream_encoder import ID_PREFIX, client_call_id
from translators.dialects.anthropic.words import UNSHOWN, arguments_of, merged, stop_of, stop_word, usage_fields
from translators.errors import ErrorKind, UpstreamError
from translators.jsonio import ENCODER, UNREADABLE
from translators.names import client_name, reply_id


def decode_reply(body: bytes) -> Reply:
    """Raises UpstreamError where the body is an error or no reply."""
    try:
        kind = LOOSE.decode(body)
        reply = REPLY.decode(body)
    except UNREADABLE as error:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply can't be read", status=502) from error
    if kind.type == "error" or error_of(kind.error) is not None:  # Compatibles send null beside a good reply.
        raise decode_error(500, body, {})
    if reply.content is None:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply holds no content", status=502)
    parts = [part for block in reply.content if (part := _part(block)) is not None]
    calls = sum(isinstance(part, ToolCall) for part in parts)
    if reply.stop_details is not None and reply.stop_details.explanation:
        parts.append(Refusal(reply.stop_details.explanation))
    return Reply(
        id=reply.id or "",
        model=reply.model or "",
        parts=tuple(parts),
        stop=stop_of(reply.stop_reason, calls),
        usage=merged(None, reply.usage),
        stop_sequence=reply.stop_sequence,
    )


def encode_reply(reply: Reply, context: Context) -> bytes:
    """The body of a whole reply."""
    content: list[dict[str, Any]] = []
    calls = 0
    for part in reply.parts:
        calls += isinstance(part, ToolCall)
        if isinstance(part, Text) and part.text and part.notes:
            content += _cited(part)
        elif (block := _block(part, context, calls)) is not None:
            content.append(block)
    refused = any(isinstance(part, Refusal) for part in reply.parts)
    return ENCODER.encode(
        {
            "id": reply_id(reply.id, ID_PREFIX, context.reply_id),
            "type": "message",
            "role": "assistant",
            "model": context.model or reply.model,
            "content": content,
            "stop_reason": stop_word(reply.stop, calls=calls, refused=refused),
            "stop_sequence": reply.stop_sequence,
            "usage": usage_fields(reply.usage),
        }
    )


def _part(block: ReplyBlock) -> Part | None:
    """None for blocks that nobody knows."""
    match block.type:
        case "text":
            return Text(block.text or "", notes=read_citations(block.citations))
        case "thinking":
            return Thinking(block.thinking or "", block.signature or None, NAME if block.signature else None)
        case "redacted_thinking":
            return Thinking("", block.data or "", NAME, redacted=True)
        case "tool_use":
            return ToolCall(block.id or "", block.name or "", arguments_of(block.input) or "{}")
        case "server_tool_use":
            return hosted.call_of(block.id or "", block.name or "", arguments_of(block.input))
        case _:
            return hosted.result_of(block.type, block.tool_use_id or "", block.content)


def _cited(part: Text) -> Iterator[dict[str, Any]]:
    """A block for each piece of a text."""
    for piece in pieces_of(part.text, part.notes):
        said = {"type": "text", "text": part.text[piece.start : piece.end]}
        yield {**said, "citations": piece.locations} if piece.locations else said


def _block(part: Part, context: Context, number: int) -> dict[str, Any] | None:
    match part:
        case Text(text=text) | Refusal(text=text):
            return {"type": "text", "text": text} if text else None
        case Image(media_type=media_type) | File(media_type=media_type):
            return {"type": "text", "text": UNSHOWN.format(what=media_type or "some type")}
        case Audio(format=sound):
            return {"type": "text", "text": UNSHOWN.format(what=f"audio/{sound}")}
        case HostedCall(id=call_id, tool=tool, arguments=arguments) if tool in hosted.TYPES:
            return {
                "type": "server_tool_use",
                "id": hosted.block_id(call_id, context.reply_id),
                "name": tool.value,
                "input": object_of(arguments) or EMPTY_OBJECT,
            }
        case HostedResult() if part.tool in hosted.TYPES:
            return hosted.result_block(part, hosted.block_id(part.call_id, context.reply_id))
        case ToolCall(id=call_id, name=name, arguments=arguments):
            return {
                "type": "tool_use",
                "id": client_call_id(call_id, context, number),
                "name": client_name(context.names, name),
                "input": object_of(arguments) or EMPTY_OBJECT,
            }
        case Thinking(text=text, signature=signature, signer=signer, redacted=redacted):
            own = signature if signer == NAME else None
            if redacted:
                return {"type": "redacted_thinking", "data": own} if own else None
            return {"type": "thinking", "thinking": text, "signature": own or ""} if text or own else None
        case _:  # A reply holds no others.
            return None
