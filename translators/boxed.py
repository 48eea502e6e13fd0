"""Answers that are no JSON object, asked for within one: the structured output of several vendors is always an object.

A list that the client wants is asked for as `{"answer": [...]}`, and the client is given what stands in it.
"""

from typing import Final

import msgspec
from msgspec import Raw

from translators.conversation import OutputFormat, Reply, Text
from translators.events import Event, PartDelta, PartEnd, PartKind, PartStart
from translators.jsonio import ENCODER, UNREADABLE

FIELD: Final = "answer"
_OPENING: Final = ("{", f'"{FIELD}"', ":")
_DEFINITIONS: Final = ("$defs", "definitions")

_FIELDS: Final = msgspec.json.Decoder(dict[str, Raw])
_TYPES: Final = msgspec.json.Decoder(str | list[str])


def boxed(wanted: OutputFormat) -> OutputFormat | None:
    """The form of an object that holds the answer; None where the answer is an object anyway.

    References into its definitions stay right; one to the root of the schema would not, so such a form is left alone.
    """
    if wanted.schema is None or b'"#"' in bytes(wanted.schema):
        return None
    try:
        schema = _FIELDS.decode(wanted.schema)
        types = _TYPES.decode(schema["type"]) if "type" in schema else "object" if "enum" not in schema else ""
    except UNREADABLE:  # Whoever sends it complains.
        return None
    if "object" in types:
        return None
    definitions = {name: schema.pop(name) for name in _DEFINITIONS if name in schema}
    box = {"type": "object", "properties": {FIELD: schema}, "required": [FIELD], "additionalProperties": False}
    return msgspec.structs.replace(wanted, schema=Raw(ENCODER.encode({**box, **definitions})))


def unboxed(reply: Reply) -> Reply:
    """The whole reply with what stands in the box for the box."""
    parts = tuple(
        msgspec.structs.replace(part, text=_opened(part.text)) if isinstance(part, Text) else part
        for part in reply.parts
    )
    return msgspec.structs.replace(reply, parts=parts)


def _opened(text: str) -> str:
    box = _Box()
    return box.feed(text) + box.close()


class Unboxer:
    """feed(event): the events that the client shall see. A text that is no such box passes as it is."""

    def __init__(self) -> None:
        self._boxes: dict[int, _Box] = {}

    def feed(self, event: Event) -> list[Event]:
        """One more event of the reply."""
        match event:
            case PartStart(part=part, kind=PartKind.TEXT):
                self._boxes[part] = _Box()
            case PartDelta(part=part, text=text) if part in self._boxes:
                said = self._boxes[part].feed(text)
                return [PartDelta(part, said)] if said else []
            case PartEnd(part=part) if part in self._boxes:
                rest = self._boxes.pop(part).close()
                return [PartDelta(part, rest), event] if rest else [event]
            case _:
                pass
        return [event]


class _Box:
    """`_held`: what may yet be a part of the box, its beginning or its end. `_open`: whether it is one, once known."""

    def __init__(self) -> None:
        self._held = ""
        self._open: bool | None = None

    def feed(self, piece: str) -> str:
        """What is known to be the answer."""
        text = self._held + piece
        if self._open is None:
            self._open, text = _begun(text)
        if self._open is not False:
            at = _end_of(text) if self._open else 0
            self._held = text[at:]
            return text[:at]
        self._held = ""
        return text

    def close(self) -> str:
        """What was held, where it is no end of the box."""
        return "" if self._open and self._held.strip() == "}" else self._held


def _end_of(text: str) -> int:
    """Where the end of the box begins, should no more come."""
    return len(text.rstrip().removesuffix("}").rstrip())


def _begun(text: str) -> tuple[bool | None, str]:
    """Whether it is a box, None where that can't be told yet; and what stands in it, or all of it."""
    head = text.lstrip()
    for expected in _OPENING:
        if not head.startswith(expected):
            return (None if expected.startswith(head) else False), text
        head = head[len(expected) :].lstrip()
    return (True, head) if head else (None, text)
