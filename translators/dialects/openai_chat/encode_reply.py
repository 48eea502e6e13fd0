"""Neutral replies -> whole chat replies."""

from typing import Any

from msgspec import Struct, field

from translators.conversation import Audio, File, Image, Refusal, Reply, Text, Thinking, ToolCall
from translators.dialect import Context, call_id
from translators.dialects.openai_chat.finish import ID_PREFIX, UNSHOWN, finish_of
from translators.dialects.openai_chat.media import image_out
from translators.dialects.openai_chat.said_beside import annotations_of, logprobs_content
from translators.freeform import unwrapped
from translators.jsonio import ENCODER
from translators.names import client_name, reply_id
from translators.notes import Citation, Logprobs
from translators.openai_chunks import encode_usage


class _Message(Struct):
    """What the message says, gathered."""

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    audio: Audio | None = None
    chances: list[Logprobs] = field(default_factory=list)
    length: int = 0


def encode_reply(reply: Reply, context: Context) -> bytes:
    """The body of a whole reply."""
    said = _gathered(reply, context)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(said.texts) if said.texts or not (said.calls or said.refusals) else None,
        "refusal": "".join(said.refusals) or None,
    }
    if any(said.thoughts):
        message["reasoning_content"] = "".join(said.thoughts)
    if said.annotations:
        message["annotations"] = said.annotations
    if said.images:
        message["images"] = said.images
    if said.audio is not None:
        sound = {"id": f"audio_{context.reply_id}", "data": said.audio.data, "transcript": ""}
        message["audio"] = {**sound, "expires_at": context.created_s}
    if said.calls and context.legacy_calls:
        message["function_call"] = said.calls[0]["function"]
    elif said.calls:
        message["tool_calls"] = said.calls
    choice = {
        "index": 0,
        "message": message,
        "logprobs": {"content": logprobs_content(said.chances), "refusal": None} if said.chances else None,
        "finish_reason": finish_of(reply.stop, len(said.calls), bool(said.refusals), context.legacy_calls),
    }
    body: dict[str, Any] = {
        "id": reply_id(reply.id, ID_PREFIX, context.reply_id),
        "object": "chat.completion",
        "created": context.created_s,
        "model": context.model or reply.model,
        "choices": [choice],
    }
    if reply.usage is not None:
        body["usage"] = encode_usage(reply.usage)
    return ENCODER.encode(body)


def _gathered(reply: Reply, context: Context) -> _Message:
    said = _Message()
    for part in reply.parts:
        match part:
            case Text():
                _take_text(said, part)
            case ToolCall():
                said.calls.append(_call(part, context, len(said.calls) + 1))
            case Thinking(text=text, redacted=redacted):
                said.thoughts += [] if redacted else [text]
            case Refusal(text=text):
                said.refusals.append(text)
            case Image(media_type=media_type, data=data):
                said.images.append(image_out(media_type or "image/png", data))
            case Audio():
                said.audio = part
            case File(media_type=media_type):
                _take_text(said, Text(UNSHOWN.format(what=media_type)))
            case _:  # What ran at a vendor shows in what is cited; a reply holds no others.
                continue
    return said


def _take_text(said: _Message, part: Text) -> None:
    said.texts.append(part.text)
    if part.notes:
        citations = [note for note in part.notes if isinstance(note, Citation)]
        said.annotations += annotations_of(citations, said.length, len(part.text))
        said.chances += [note for note in part.notes if isinstance(note, Logprobs)]
    said.length += len(part.text)


def _call(call: ToolCall, context: Context, number: int) -> dict[str, Any]:
    name, known_by = client_name(context.names, call.name), call_id(call.id, context, number)
    if name in context.freeform:
        return {"id": known_by, "type": "custom", "custom": {"name": name, "input": unwrapped(call.arguments)}}
    return {"id": known_by, "type": "function", "function": {"name": name, "arguments": call.arguments or "{}"}}
