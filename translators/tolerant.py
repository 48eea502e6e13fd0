"""The tolerant way into a typed wire, for bodies that the strict decoder refuses.

The same Structs, walked part by part over `Raw`: a list item of an unknown `type` (or with a value of one inside) is
dropped as a loss, everything else that does not fit is a complaint with its path: a message of an unknown `role`, too.
Slow, and only walked where the strict way failed.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from translators import wire as shapes
from translators.conversation import Loss
from translators.errors import BadRequest
from translators.jsonio import UNREADABLE, bad_request


class _Unknown(Exception):
    """A value whose tag names no Struct of the union that should hold it."""

    def __init__(self, tag: str, path: str) -> None:
        super().__init__(tag)
        self.tag = tag
        self.path = path


def decode[T](body: bytes, wire: type[T]) -> tuple[T, tuple[Loss, ...]]:
    """The body as `wire`, and what was dropped from it. Raises BadRequest."""
    walk = _Walk()
    try:
        value = walk.value(Raw(body), wire, "$")
    except _Unknown as error:
        raise BadRequest(error.path, f"a known type, not {error.tag!r}") from error
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error
    return value, tuple(walk.losses)


class _Walk:
    def __init__(self) -> None:
        self.losses: list[Loss] = []

    def value(self, raw: Raw, wire: Any, path: str) -> Any:
        try:
            return msgspec.json.decode(raw, type=wire)
        except msgspec.ValidationError as error:
            kind = _kind(bytes(raw))
            if kind == "array" and (item := shapes.item_type(wire)) is not None:
                return self.items(raw, item, path, wire)
            if kind == "object" and (structs := shapes.structs(wire)):
                return self.struct(raw, structs, path, error)
            raise bad_request(error, path) from error

    def items(self, raw: Raw, item: Any, path: str, wire: Any) -> Any:
        values: list[Any] = []
        for index, one in enumerate(msgspec.json.decode(raw, type=list[Raw])):
            place = f"{path}[{index}]"
            try:
                values.append(self.value(one, item, place))
            except _Unknown as error:
                self.losses.append(Loss(place, f"unknown type {error.tag!r}"))
        return tuple(values) if shapes.is_tuple(wire) else values

    def struct(self, raw: Raw, structs: tuple[type[Struct], ...], path: str, error: msgspec.ValidationError) -> Any:
        chosen = structs[0]
        fields = msgspec.json.decode(raw, type=dict[str, Raw])
        tag_field = chosen.__struct_config__.tag_field
        if tag_field is not None:
            tag = msgspec.json.decode(fields.get(tag_field, b"null"))
            known = {struct.__struct_config__.tag: struct for struct in structs}
            if not isinstance(tag, str) or (tag not in known and tag_field != "type"):
                raise BadRequest(f"{path}.{tag_field}", "one of " + ", ".join(sorted(map(str, known))))
            if tag not in known:
                raise _Unknown(tag, f"{path}.{tag_field}")
            chosen = known[tag]
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(chosen):
            if field.encode_name in fields:
                place = f"{path}.{field.encode_name}"
                values[field.name] = self.value(fields[field.encode_name], field.type, place)
            elif field.required:
                raise BadRequest(f"{path}.{field.encode_name}", "a value: it is required") from error
        return chosen(**values)


def _kind(raw: bytes) -> str:
    start = raw.lstrip()[:1]
    return {b"[": "array", b"{": "object"}.get(start, "scalar")
