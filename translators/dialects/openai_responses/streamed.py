"""The stream of a whole reply, for a client that wants one where the server answered whole."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.dialects.openai_responses.frames import Malformed
from translators.jsonio import ENCODER, UNREADABLE

type Fields = dict[str, Any]

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_ITEMS: Final = msgspec.json.Decoder(list[dict[str, Raw]] | None)
_LIST: Final = msgspec.json.Decoder(list[Raw] | None)
_TEXT: Final = msgspec.json.Decoder(str)
_UNSAID: Final = {"content": [], "summary": [], "arguments": "", "input": ""}


def stream_of(body: bytes) -> bytes:
    """Every event that an SDK or Codex puts a reply together from; each text comes in one delta.

    What has no deltas of its own stands in its item when that is done. Raises UpstreamError.
    """
    try:
        response: Fields = dict(_OBJECT.decode(msgspec.json.format(body, indent=-1)))  # Frames hold no newlines.
        events = [*_events(response)]
    except UNREADABLE as error:
        raise Malformed from error
    return b"".join([_frame(number, *event) for number, event in enumerate(events)])


def _frame(number: int, kind: str, fields: Fields) -> bytes:
    data = ENCODER.encode({"type": kind, "sequence_number": number, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


def _events(response: Fields) -> Iterator[tuple[str, Fields]]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, item in enumerate(_ITEMS.decode(response.get("output", b"null")) or ()):
        yield "response.output_item.added", {"output_index": index, "item": _begun(item)}
        yield from _said({"item_id": item.get("id", ""), "output_index": index}, item)
        yield "response.output_item.done", {"output_index": index, "item": item}
    incomplete = _text(response, "status") == "incomplete"
    yield f"response.{'incomplete' if incomplete else 'completed'}", {"response": response}


def _begun(item: Fields) -> Fields:
    """An item that has not said anything yet."""
    begun = {name: _UNSAID.get(name, value) for name, value in item.items()}
    return {**begun, "status": "in_progress"} if "status" in item else begun


def _said(where: Fields, item: Fields) -> Iterator[tuple[str, Fields]]:
    match _text(item, "type"):
        case "message":
            for number, part in enumerate(_ITEMS.decode(item.get("content", b"null")) or ()):
                yield from _content({**where, "content_index": number}, part)
        case "reasoning":
            for number, part in enumerate(_ITEMS.decode(item.get("summary", b"null")) or ()):
                yield from _summary({**where, "summary_index": number}, part)
        case "function_call":
            arguments = item.get("arguments", "")
            yield "response.function_call_arguments.delta", {**where, "delta": arguments}
            done = {"arguments": arguments, "name": item.get("name", "")}
            yield "response.function_call_arguments.done", {**where, **done}
        case "custom_tool_call":
            words = item.get("input", "")
            yield "response.custom_tool_call_input.delta", {**where, "delta": words}
            yield "response.custom_tool_call_input.done", {**where, "input": words}


def _content(where: Fields, part: Fields) -> Iterator[tuple[str, Fields]]:
    kind = _text(part, "type")
    field = {"output_text": "text", "refusal": "refusal"}.get(kind)
    yield "response.content_part.added", {**where, "part": part if field is None else {**part, field: ""}}
    if field is not None:
        words = part.get(field, "")
        more: Fields = {"logprobs": _LIST.decode(part.get("logprobs", b"null")) or []} if field == "text" else {}
        yield f"response.{kind}.delta", {**where, **more, "delta": words}
        for number, annotation in enumerate(_LIST.decode(part.get("annotations", b"null")) or ()):
            yield (
                "response.output_text.annotation.added",
                {
                    **where,
                    "annotation_index": number,
                    "annotation": annotation,
                },
            )
        yield f"response.{kind}.done", {**where, **more, field: words}
    yield "response.content_part.done", {**where, "part": part}


def _summary(where: Fields, part: Fields) -> Iterator[tuple[str, Fields]]:
    words = part.get("text", "")
    yield "response.reasoning_summary_part.added", {**where, "part": {**part, "text": ""}}
    yield "response.reasoning_summary_text.delta", {**where, "delta": words}
    yield "response.reasoning_summary_text.done", {**where, "text": words}
    yield "response.reasoning_summary_part.done", {**where, "part": part}


def _text(fields: Fields, name: str) -> str:
    """ "" where there is none, or it is no text."""
    raw = fields.get(name, b"null")
    return _TEXT.decode(raw) if bytes(raw)[:1] == b'"' else ""
