"""What a request says that its dialect's wire does not know: for people who look, never on the hot path.

A typed reader steps over unknown fields. Here the JSON is walked beside the same Structs, and each such field is named.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from translators import jsonio, registry, wire
from translators.conversation import Loss

_ANY: Final = msgspec.json.Decoder()


def audit(body: bytes, client: str) -> tuple[Loss, ...]:
    """The fields, at any depth, that translation does not see. Raises BadRequest where the body is no JSON.

    Parts of an unknown type are not told again: the decoder itself reports them. What only moves (schemas, arguments)
    is not looked into.
    """
    value = jsonio.read(_ANY, body)
    known = registry.dialect(client).request_wire
    return () if known is None else tuple(_unknown(value, known, "$"))


def _unknown(value: Any, shape: Any, path: str) -> Iterator[Loss]:
    if isinstance(value, list):
        item = wire.item_type(shape)
        for index, one in enumerate(value if item is not None else ()):
            yield from _unknown(one, item, f"{path}[{index}]")
    elif isinstance(value, dict):
        held = wire.value_type(shape)
        if held is not None:
            for key, one in value.items():
                yield from _unknown(one, held, f"{path}.{key}")
        elif (struct := _chosen(value, wire.structs(shape))) is not None:
            yield from _unknown_fields(value, struct, path)


def _unknown_fields(value: dict[str, Any], struct: type[Struct], path: str) -> Iterator[Loss]:
    known = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    tag_field = struct.__struct_config__.tag_field
    for key, one in value.items():
        if key in known:
            yield from _unknown(one, known[key], f"{path}.{key}")
        elif key != tag_field:
            yield Loss(f"{path}.{key}", "unknown field")


def _chosen(value: dict[str, Any], structs: tuple[type[Struct], ...]) -> type[Struct] | None:
    """The Struct that this object is; None for an unknown type, and for what only moves."""
    for struct in structs:
        config = struct.__struct_config__
        if config.tag_field is None or value.get(config.tag_field) == config.tag:
            return struct
    return None
