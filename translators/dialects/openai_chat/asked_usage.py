"""Usage in a stream, which a client of chat completions must ask for: the gateway always does, and keeps it to itself
where the client did not."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from translators.errors import BadRequest

NOTHING: Final[Mapping[str, object]] = {}
_USAGE_FRAME: Final = re.compile(
    rb"^data:[^\r\n]*\"choices\"\s*:\s*\[\s*\][^\r\n]*(?:\r\n\r\n|\n\n|\r\r)", re.MULTILINE
)
_EMPTY: Final = (b'"choices":[]', b'"choices": []')
"""As JSON is written; looked for in every piece of a stream, where a pattern would cost as much as the rest."""


class _Options(Struct):
    stream_options: dict[str, Any] | None = None


class _Usage(Struct):
    choices: list[Any]
    usage: dict[str, Any] | None = None


_OPTIONS: Final = msgspec.json.Decoder(_Options)
_CHUNK: Final = msgspec.json.Decoder(_Usage)


def ask_usage(body: bytes) -> Mapping[str, object]:
    """The fields that ask for usage; none where the client asks for it. Raises BadRequest."""
    if b"stream_options" not in body:
        return {"stream_options": {"include_usage": True}}
    try:
        options = _OPTIONS.decode(body).stream_options or {}
    except msgspec.DecodeError as error:
        raise BadRequest("$.stream_options", "an object") from error
    if options.get("include_usage") is True:
        return NOTHING
    return {"stream_options": {**options, "include_usage": True}}


def hide_usage(frames: bytes) -> bytes:
    """The frames without the one that holds usage and no choice."""
    if not any(spelling in frames for spelling in _EMPTY):
        return frames
    return _USAGE_FRAME.sub(lambda match: b"" if _is_usage(match[0]) else match[0], frames)


def _is_usage(frame: bytes) -> bool:
    try:
        chunk = _CHUNK.decode(frame[len(b"data:") :])
    except msgspec.DecodeError:
        return False
    return not chunk.choices and chunk.usage is not None
