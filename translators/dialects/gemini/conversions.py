"""A stream of this dialect as a whole reply of it, and the other way round: for servers that answer as they like."""

from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.errors import ErrorKind, UpstreamError
from translators.jsonio import ENCODER, UNREADABLE
from translators.sse import FrameSplitter, FrameTooLong

TEXT_ONLY: Final = frozenset(("text", "thought"))

type Fields = dict[str, Any]

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_OBJECTS: Final = msgspec.json.Decoder(list[dict[str, Raw]])
_RAWS: Final = msgspec.json.Decoder(list[Raw])
_TEXT: Final = msgspec.json.Decoder(str)


def whole_of(stream: bytes) -> bytes:
    """The sum of a stream's chunks: parts follow each other, texts of one kind are joined, of all else the last word
    counts. Raises UpstreamError."""
    reply: Fields = {}
    candidates: dict[bytes, Fields] = {}
    try:
        for data in _frames(stream):
            chunk = _OBJECT.decode(data)
            for candidate in _list(chunk.pop("candidates", None)):
                _add(candidates.setdefault(bytes(candidate.get("index", b"0")), {}), candidate)
            reply |= chunk
    except (FrameTooLong, *UNREADABLE) as error:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply can't be read", status=502) from error
    return ENCODER.encode({"candidates": list(candidates.values()), **reply} if candidates else reply)


def stream_of(body: bytes) -> bytes:
    """A whole reply, or the array of a stream, as events. Raises UpstreamError."""
    try:
        chunks = _RAWS.decode(body) if body.lstrip()[:1] == b"[" else [body]
        return b"".join([b"data: " + msgspec.json.format(bytes(chunk), indent=-1) + b"\r\n\r\n" for chunk in chunks])
    except UNREADABLE as error:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply can't be read", status=502) from error


def _frames(stream: bytes) -> list[bytes]:
    splitter = FrameSplitter()
    return [frame.data for frame in (*splitter.feed(stream), *splitter.close()) if frame.data.strip() != b"[DONE]"]


def _add(whole: Fields, candidate: dict[str, Raw]) -> None:
    raw = candidate.pop("content", None)
    if raw is not None and bytes(raw) != b"null":
        content = _OBJECT.decode(raw)
        said = whole.setdefault("content", {"parts": []})
        for part in _list(content.pop("parts", None)):
            _say(said["parts"], part)
        said |= content
    whole |= candidate


def _say(parts: list[Fields], part: dict[str, Raw]) -> None:
    """Behind the parts so far, or joined to the last one."""
    last = parts[-1] if parts else None
    if last is not None and _is_text(last) and _is_text(part) and last.get("thought") == part.get("thought"):
        last["text"] = _text(last["text"]) + _text(part["text"])
    else:
        parts.append(dict(part))


def _is_text(part: Fields) -> bool:
    return "text" in part and part.keys() <= TEXT_ONLY


def _text(value: Raw | str) -> str:
    return value if isinstance(value, str) else _TEXT.decode(value)


def _list(raw: Raw | None) -> list[dict[str, Raw]]:
    return [] if raw is None or bytes(raw) == b"null" else _OBJECTS.decode(raw)
