"""A stream of this dialect as a whole reply of it, and the other way round: for servers that answer as they like.

Every field stays, those too that only Anthropic could read, and those that nobody here knows.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from translators.dialects.anthropic.blocks import EMPTY_OBJECT, object_of
from translators.dialects.anthropic.stream_decoder import StreamDecoder
from translators.errors import ErrorKind, UpstreamError
from translators.events import ReplyError, error_of
from translators.jsonio import ENCODER, UNREADABLE, text_of
from translators.sse import FrameSplitter

type Fields = dict[str, Any]

GROWS: Final = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""What comes in pieces, and the field of the delta that holds one. Of another delta each field counts as it stands."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_BLOCKS: Final = msgspec.json.Decoder(list[dict[str, Raw]])
_LIST: Final = msgspec.json.Decoder(list[Raw] | None)
_TEXT: Final = msgspec.json.Decoder(str)
_INDEX: Final = msgspec.json.Decoder(int)
_NULL: Final = b"null"


class _Block(Struct):
    """`pieces`: what its deltas said of a field, by its name in them."""

    fields: Fields
    pieces: dict[str, list[str]] = field(default_factory=dict)
    citations: list[Raw] = field(default_factory=list)

    def grow(self, delta: Fields) -> None:
        """One more delta."""
        kind = _TEXT.decode(delta.pop("type"))
        if kind in GROWS:
            self.pieces.setdefault(GROWS[kind], []).append(_TEXT.decode(delta[GROWS[kind]]))
        elif kind == "citations_delta":
            self.citations.append(delta["citation"])
        else:
            self.fields |= delta

    def whole(self) -> Fields:
        """All of it."""
        for name, pieces in self.pieces.items():
            said = "".join(pieces)
            if name != "partial_json":
                self.fields[name] = _text(self.fields.get(name)) + said
            elif said.strip():
                self.fields["input"] = object_of(said) or EMPTY_OBJECT  # A limit may have cut it.
        if self.citations:
            self.fields["citations"] = [*_list(self.fields.get("citations")), *self.citations]
        return self.fields


def whole_of(stream: bytes) -> bytes:
    """The sum of a stream. Raises UpstreamError where it failed, or was cut."""
    decoder = StreamDecoder()
    last = [*decoder.feed(stream), *decoder.close()][-1]
    if isinstance(last, ReplyError):
        raise error_of(last)
    try:
        return ENCODER.encode(_sum(stream))
    except (KeyError, *UNREADABLE) as error:
        raise _unreadable() from error


def _sum(stream: bytes) -> Fields:
    """Of a stream that is known to be whole."""
    splitter = FrameSplitter()
    message: Fields = {}
    blocks: list[_Block] = []
    opened: dict[int, _Block] = {}
    for frame in [*splitter.feed(stream), *splitter.close()]:
        if frame.data.strip() == b"[DONE]":  # OpenAI's word, said by compatibles of both
            break
        event: Fields = dict(_OBJECT.decode(frame.data))
        match _text(event.pop("type", None)):
            case "message_start":
                message = message or dict(_OBJECT.decode(event["message"]))
            case "content_block_start":
                opened[_INDEX.decode(event["index"])] = block = _Block(dict(_OBJECT.decode(event["content_block"])))
                blocks.append(block)
            case "content_block_delta":
                opened[_INDEX.decode(event["index"])].grow(dict(_OBJECT.decode(event["delta"])))
            case "message_delta":
                usage = _said(_object(message.get("usage"))) | _said(_object(event.pop("usage", None)))
                message |= _OBJECT.decode(event.pop("delta")) | _said(event) | ({"usage": usage} if usage else {})
            case "message_stop":
                break
    return {**message, "content": [block.whole() for block in blocks]}


def stream_of(body: bytes) -> bytes:
    """The stream that a whole reply could have been. Raises UpstreamError."""
    try:
        return b"".join([_frame(*event) for event in _events(_OBJECT.decode(body))])
    except (KeyError, *UNREADABLE) as error:
        raise _unreadable() from error


def _frame(kind: str, fields: Fields) -> bytes:
    data = msgspec.json.format(ENCODER.encode({"type": kind, **fields}), indent=-1)  # A frame holds no newlines.
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


def _events(message: dict[str, Raw]) -> Iterator[tuple[str, Fields]]:
    ended = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details") if name in message}
    silent: Fields = dict.fromkeys(ended)
    begun = {**message, **silent, "content": []}
    yield "message_start", {"message": begun}
    for index, block in enumerate(_BLOCKS.decode(message["content"])):
        start, deltas = _cut(block)
        yield "content_block_start", {"index": index, "content_block": start}
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    yield "message_delta", {"delta": ended, "usage": message.get("usage", EMPTY_OBJECT)}
    yield "message_stop", {}


def _cut(block: dict[str, Raw]) -> tuple[Fields, list[Fields]]:
    """A block as it begins, and what its deltas say. What has no deltas of its own comes with the beginning."""
    start: Fields = dict(block)
    match _text(block["type"]):
        case "text":
            cited = _list(block.get("citations"))
            start |= {"text": ""} | ({"citations": []} if cited else {})
            deltas = [{"type": "text_delta", "text": block["text"]}]
            return start, deltas + [{"type": "citations_delta", "citation": one} for one in cited]
        case "thinking":
            start |= {"thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": block["thinking"]}]
            return start, [*deltas, {"type": "signature_delta", "signature": block.get("signature", "")}]
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            start["input"] = EMPTY_OBJECT
            return start, [{"type": "input_json_delta", "partial_json": text_of(block["input"])}]
        case _:
            return start, []


def _said(fields: Fields) -> Fields:
    """Those that are not null: what was said before them stands."""
    return {name: raw for name, raw in fields.items() if bytes(raw) != _NULL}


def _object(raw: Raw | None) -> Fields:
    return {} if raw is None or bytes(raw) == _NULL else dict(_OBJECT.decode(raw))


def _list(raw: Raw | None) -> list[Raw]:
    return (_LIST.decode(raw) if raw is not None else None) or []


def _text(raw: Raw | None) -> str:
    """ "" where there is none."""
    return "" if raw is None or bytes(raw) == _NULL else _TEXT.decode(raw)


def _unreadable() -> UpstreamError:
    return UpstreamError(ErrorKind.SERVER, "the upstream's reply can't be read", status=502)
