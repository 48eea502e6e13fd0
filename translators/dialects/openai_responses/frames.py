"""Frames of a stream, read by their type. Types that have no Struct here are stepped over."""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from translators.dialects.openai_responses import wire
from translators.errors import ErrorKind, UpstreamError
from translators.jsonio import UNREADABLE
from translators.sse import Frame, FrameSplitter

_STRUCTS: Final[Mapping[type[Struct], tuple[str, ...]]] = {
    wire.Delta: (
        "response.output_text.delta",
        "response.function_call_arguments.delta",
        "response.reasoning_summary_text.delta",
        "response.reasoning_text.delta",
        "response.custom_tool_call_input.delta",
        "response.refusal.delta",
    ),
    wire.Done: (
        "response.output_text.done",
        "response.refusal.done",
        "response.function_call_arguments.done",
        "response.custom_tool_call_input.done",
        "response.reasoning_summary_text.done",
        "response.reasoning_text.done",
    ),
    wire.Annotated: ("response.output_text.annotation.added",),
    wire.ItemEvent: ("response.output_item.added", "response.output_item.done"),
    wire.Life: (
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.completed",
        "response.done",
        "response.incomplete",
        "response.failed",
    ),
    wire.ErrorEvent: ("error",),
}
_DECODERS: Final[Mapping[str, msgspec.json.Decoder[Any]]] = {
    word: msgspec.json.Decoder(struct, strict=False) for struct, words in _STRUCTS.items() for word in words
}
_HEAD: Final = msgspec.json.Decoder(wire.Head)
_TEXT: Final[msgspec.json.Decoder[wire.Delta]] = _DECODERS["response.output_text.delta"]
_TEXT_START: Final = b"event: response.output_text.delta\ndata: "
_LF: Final = 0x0A


class Malformed(UpstreamError):
    """An event that can't be read."""

    def __init__(self) -> None:
        super().__init__(ErrorKind.SERVER, "the upstream sent a malformed event", status=502)


def words(chunk: bytes) -> wire.Delta | None:
    """What nearly all frames are, a piece of text and nothing about it, read in one step; None for any other.

    `chunk`: its bytes (see sse.frame_of).
    """
    if not chunk.startswith(_TEXT_START):
        return None
    data = chunk[len(_TEXT_START) :]
    if _LF in data:
        return None
    try:
        delta = _TEXT.decode(data)
    except UNREADABLE:
        return None
    return delta if delta.logprobs is UNSET or len(delta.logprobs) <= len(b"[]") else None


def read(frame: Frame) -> tuple[str, Any]:
    """A frame's type and its Struct, None where the type is none of ours. Raises Malformed.

    The name of the frame is only a hint: relays leave it out.
    """
    data = frame.data
    decoder = _DECODERS.get(frame.event)
    try:
        kind = frame.event if decoder is not None else _HEAD.decode(data).type or ""
        decoder = decoder or _DECODERS.get(kind)
        return kind, None if decoder is None else decoder.decode(data)
    except UNREADABLE as error:
        if data.strip() in (b"", b"[DONE]"):
            return "", None
        return _patiently(data, error)


def rest_of(splitter: FrameSplitter) -> list[Frame]:
    """What stands behind the last blank line; half an event is nothing."""
    rest = splitter.close()
    try:
        for frame in rest:
            read(frame)
    except Malformed:
        return []
    return rest


def _patiently(data: bytes, why: Exception) -> tuple[str, Any]:
    """The same for text that is cut in the middle of a letter: half of an emoji is no JSON to a strict reader."""
    try:
        mended = json.dumps(json.loads(data.decode("utf-8", "replace")), ensure_ascii=False).encode("utf-8", "replace")
        kind = _HEAD.decode(mended).type or ""
        decoder = _DECODERS.get(kind)
        return kind, None if decoder is None else decoder.decode(mended)
    except (*UNREADABLE, ValueError):
        raise Malformed from why
