"""JSON that is edited in its bytes: what no edit touches stays as it was written, blanks and all.

A value is taken apart when somebody looks into it, one level at a time, by the typed reader. So an edit costs what its
path is long, and one pass over the bytes for each level of it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec import Raw

from translators.errors import BadRequest
from translators.jsonio import UNREADABLE, quoted

type Kind = Literal["object", "array", "string", "number", "true", "false", "null"]

type Piece = bytes | memoryview

_KINDS: Final[Mapping[int, Kind]] = {
    ord("{"): "object",
    ord("["): "array",
    ord('"'): "string",
    ord("t"): "true",
    ord("f"): "false",
    ord("n"): "null",
}
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_ARRAY: Final = msgspec.json.Decoder(list[Raw])
_ANY: Final = msgspec.json.Decoder()
_BLANK: Final = re.compile(rb"[ \t\n\r]*")
_LEAD: Final = re.compile(rb'[ \t\n\r]*"[^"\\]*(?:\\.[^"\\]*)*"[ \t\n\r]*:[ \t\n\r]*', re.DOTALL)
_NOT_JSON: Final = "valid JSON"


@dataclass(slots=True)
class Member:
    """A value with what stands before it (its key too) and behind it, up to the commas."""

    lead: bytes
    value: "Value"
    trail: bytes = b""


class Value:
    """A JSON value. `fresh`: an edit has put it where nothing was.

    Looking into one that is no JSON raises BadRequest.
    """

    __slots__ = ("_array", "_body", "_end", "_object", "_replaced", "_restructured", "_start", "fresh")

    def __init__(self, body: bytes, start: int = 0, end: int | None = None, *, fresh: bool = False) -> None:
        self._body = body
        self._start = start
        self._end = len(body) if end is None else end
        self._object: dict[str, Member] | None = None
        self._array: list[Member] | None = None
        self._replaced = False
        self._restructured = False
        self.fresh = fresh

    @property
    def kind(self) -> Kind:
        """By its first byte."""
        return _KINDS.get(self._body[self._start], "number")

    @property
    def raw(self) -> bytes:
        """Its bytes, edits and all."""
        pieces: list[Piece] = []
        self._write(pieces)
        return b"".join(pieces)

    def plain(self) -> Any:
        """As Python's own types."""
        try:
            return _ANY.decode(self.raw)
        except UNREADABLE as error:
            raise BadRequest("$", _NOT_JSON) from error

    @property
    def text(self) -> str | None:
        """Of a string; None where it is none."""
        return str(self.plain()) if self.kind == "string" else None

    # Looking.

    def get(self, key: str) -> "Value | None":
        """An object's member; None where there is none, or where this is no object."""
        member = self._members().get(key)
        return None if member is None else member.value

    def fields(self) -> Iterator[tuple[str, "Value"]]:
        """An object's members; none where this is no object."""
        for key, member in self._members().items():
            yield key, member.value

    def items(self) -> list["Value"]:
        """An array's elements; none where this is no array."""
        return [element.value for element in self._elements()]

    def item(self, index: int) -> "Value | None":
        """An array's element; None where there is none, or where this is no array."""
        elements = self._elements()
        return elements[index].value if 0 <= index < len(elements) else None

    def __len__(self) -> int:
        """How many elements an array has; 0 where this is none."""
        return len(self._elements())

    def __bool__(self) -> bool:
        return True

    # Editing.

    def replace(self, raw: bytes) -> None:
        """Another value in its place. `raw`: JSON without blanks around it."""
        self._body, self._start, self._end = raw, 0, len(raw)
        self._object = self._array = None
        self._replaced, self._restructured = True, False

    def put(self, key: str, raw: bytes) -> "Value":
        """A new member of an object, behind the others."""
        value = Value(raw, fresh=True)
        self._members()[key] = Member(quoted(key) + b":", value)
        self._restructured = True
        return value

    def insert(self, index: int, raw: bytes) -> "Value":
        """A new element of an array, before the one that has this index now."""
        value = Value(raw, fresh=True)
        self._elements().insert(index, Member(b"", value))
        self._restructured = True
        return value

    def drop(self, key: str | int) -> None:
        """Takes a member or an element out."""
        if isinstance(key, str):
            del self._members()[key]
        else:
            del self._elements()[key]
        self._restructured = True

    def _members(self) -> dict[str, Member]:
        if self.kind != "object":
            return {}
        if self._object is None:
            self._object = _object(self._body, self._start, self._end)
        return self._object

    def _elements(self) -> list[Member]:
        if self.kind != "array":
            return []
        if self._array is None:
            self._array = _array(self._body, self._start, self._end)
        return self._array

    def _parts(self) -> Collection[Member]:
        """What it has been taken apart into."""
        return self._object.values() if self._object is not None else self._array or ()

    def _is_edited(self) -> bool:
        """Whether its bytes are no longer those that its parent was read with."""
        return self._replaced or self._restructured or any(part.value._is_edited() for part in self._parts())

    def _write(self, pieces: list[Piece]) -> None:
        """Its bytes, of which the long ones are not copied."""
        parts = self._parts()
        if not self._restructured and not any(part.value._is_edited() for part in parts):
            pieces.append(memoryview(self._body)[self._start : self._end])
            return
        pieces.append(b"[" if self._object is None else b"{")
        comma = b""
        for part in parts:
            pieces += (comma, part.lead)
            part.value._write(pieces)
            pieces.append(part.trail)
            comma = b","
        pieces.append(b"]" if self._object is None else b"}")


def read(body: bytes) -> Value:
    """A whole document. Raises BadRequest where it is no object. What nobody looks into is not looked at: whether it is
    UTF-8 is for those to say who read it."""
    start, end = _past_blanks(body, 0), len(body)
    while end > start and body[end - 1] in b" \t\n\r":
        end -= 1
    if not body.startswith(b"{", start):
        raise BadRequest("$", "an object")
    document = Value(body, start, end)
    document.get("")  # Now, so that what is no JSON is refused before anything is made of it.
    return document


def _object(body: bytes, start: int, end: int) -> dict[str, Member]:
    fields = _decoded(_OBJECT, body, start, end)
    found: dict[str, Member] = {}
    at = start + 1
    for key, raw in fields.items():
        lead = _LEAD.match(body, at, end)
        if lead is None:
            return _compact(fields)
        value_end = lead.end() + memoryview(raw).nbytes
        trail_end = _past_blanks(body, value_end)
        found[key] = Member(lead[0], Value(body, lead.end(), value_end), body[value_end:trail_end])
        at = trail_end + 1
        if body[trail_end : trail_end + 1] not in (b",", b"}"):
            return _compact(fields)
    return found if not fields or at == end else _compact(fields)


def _compact(fields: Mapping[str, Raw]) -> dict[str, Member]:
    """Where a key comes twice, places can't be told by the values that count: the last ones."""
    return {key: Member(quoted(key) + b":", Value(bytes(raw))) for key, raw in fields.items()}


def _array(body: bytes, start: int, end: int) -> list[Member]:
    found = []
    at = start + 1
    for raw in _decoded(_ARRAY, body, start, end):
        value_start = _past_blanks(body, at)
        value_end = value_start + memoryview(raw).nbytes
        trail_end = _past_blanks(body, value_end)
        lead, trail = body[at:value_start], body[value_end:trail_end]
        found.append(Member(lead, Value(body, value_start, value_end), trail))
        at = trail_end + 1
    return found


def _decoded[T](decoder: msgspec.json.Decoder[T], body: bytes, start: int, end: int) -> T:
    try:
        return decoder.decode(memoryview(body)[start:end])
    except UNREADABLE as error:
        raise BadRequest("$", _NOT_JSON) from error


def _past_blanks(body: bytes, at: int) -> int:
    found = _BLANK.match(body, at)
    return at if found is None else found.end()
