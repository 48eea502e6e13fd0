"""Chunks of Gemini streams, and what becomes of them."""

import json
from typing import Any

from tests.support import streams
from translators.dialects.gemini import DIALECT
from translators.events import Event

FINISH = {"candidates": [{"finishReason": "STOP"}]}


def chunk(*parts: Any, finish: str = "", **more: Any) -> dict[str, Any]:
    """A chunk with these parts; text where a part is a string."""
    said = [{"text": part} if isinstance(part, str) else part for part in parts]
    candidate: dict[str, Any] = {"content": {"parts": said, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "r", **more}


def events_stream(*chunks: Any) -> bytes:
    """As server-sent events."""
    return b"".join(b"data: " + json.dumps(one).encode() + b"\r\n\r\n" for one in chunks)


def array(*chunks: Any) -> bytes:
    """As Google writes the JSON array."""
    return b"[" + b",\r\n".join(json.dumps(one, indent=2).encode() for one in chunks) + b"\n]\n"


def decode(*chunks: Any) -> list[Event]:
    """The events of these chunks."""
    return streams.decode(DIALECT, events_stream(*chunks))


def decode_bytes(*pieces: bytes) -> list[Event]:
    """The events of a body that arrives in these pieces."""
    return streams.decode(DIALECT, *pieces)
