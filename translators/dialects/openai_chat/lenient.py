"""Reads a vendor's JSON although some of it has the wrong type: what does not fit is left out.

Only for replies: a client's mistake is a complaint, a vendor's must not cost the client its answer.
"""

import json
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import Raw, Struct

from translators.jsonio import UNREADABLE

_OBJECTS_AS_TEXT = frozenset({"arguments"})


def decode[T: Struct](data: bytes, wire: type[T]) -> T | None:
    """The object as `wire`, fields that do not fit at their defaults; None where it is no JSON object."""
    for attempt in (data, _mended(data)):
        try:
            return _struct(msgspec.json.decode(attempt, type=dict[str, Raw]), wire)
        except UNREADABLE:
            continue
    return None


def _mended(data: bytes) -> bytes:
    """With question marks for halves of surrogate pairs: some vendors cut an emoji between two chunks."""
    try:
        return json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return b""


def _struct[T: Struct](fields: dict[str, Raw], wire: type[T]) -> T:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(wire):
        if field.encode_name in fields:
            fitting = _value(fields[field.encode_name], field.type, field.encode_name)
            if fitting is not None:
                values[field.name] = fitting
    return wire(**values)


def _value(raw: Raw, wire: Any, name: str) -> Any:
    """The value, or as much of it as fits; None where nothing does."""
    try:
        return msgspec.json.decode(raw, type=wire)
    except msgspec.ValidationError:
        pass
    members = get_args(wire) if get_origin(wire) in (Union, UnionType) else (wire,)
    start = bytes(raw).lstrip()[:1]
    if start == b"{":
        return _object(raw, members, name)
    if start == b"[":
        item = next((get_args(member)[0] for member in members if get_origin(member) is list), None)
        items = [] if item is None else msgspec.json.decode(raw, type=list[Raw])
        return [fitting for one in items if (fitting := _value(one, item, name)) is not None] or None
    if start in b"0123456789-" and str in members:
        return bytes(raw).decode()
    if int in members:
        return _number(raw)
    return None


def _object(raw: Raw, members: tuple[Any, ...], name: str) -> Any:
    for member in members:
        if isinstance(member, type) and issubclass(member, Struct):
            return _struct(msgspec.json.decode(raw, type=dict[str, Raw]), member)
    return bytes(raw).decode() if name in _OBJECTS_AS_TEXT else None


def _number(raw: Raw) -> int | None:
    """`"12"` and `12.0`, which some vendors write for 12."""
    try:
        return int(msgspec.json.decode(raw, type=float, strict=False))
    except (msgspec.ValidationError, OverflowError, ValueError):
        return None
