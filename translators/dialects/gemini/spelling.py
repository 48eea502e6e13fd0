"""The slow way into a request: snake case, numbers as text, fields that nobody knows.

Google's API takes each field by two names (`topP`, `top_p`) and a number as text; its SDKs write both. Such a body is
spelled anew beside the same Structs, unknown fields are dropped as losses, and it is read again. What only moves
(arguments, schemas) stays as it is.
"""

import re
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators import wire as shapes
from translators.conversation import Loss
from translators.dialects.gemini.request_wire import Request
from translators.errors import BadRequest
from translators.jsonio import ENCODER, UNREADABLE, bad_request

UNKNOWN: Final = "unknown field"

_LAX: Final = msgspec.json.Decoder(Request, strict=False)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_LIST: Final = msgspec.json.Decoder(list[Raw])
_SNAKE: Final = re.compile(r"_([a-z])")


def respelled(body: bytes, losses: list[Loss]) -> Request:
    """A body that is JSON, read once more. Raises BadRequest."""
    try:
        return _LAX.decode(ENCODER.encode(_spelled(Raw(body), Request, "$", losses)))
    except msgspec.ValidationError as error:
        raise bad_request(error) from error
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error


def _spelled(raw: Raw, shape: Any, path: str, losses: list[Loss]) -> Any:
    """The value with its fields as Google names them; itself where it can't be what it should."""
    first = bytes(raw).lstrip()[:1]
    item = shapes.item_type(shape)
    structs = shapes.structs(shape)
    if first == b"[" and item is not None and shapes.structs(item):
        pieces = enumerate(_LIST.decode(raw))
        return [_spelled(piece, item, f"{path}[{index}]", losses) for index, piece in pieces]
    if first == b"{" and structs:
        return dict(_fields(raw, structs[0], path, losses))
    return raw


def _fields(raw: Raw, struct: type[Struct], path: str, losses: list[Loss]) -> list[tuple[str, Any]]:
    known = _known(struct)
    fields: list[tuple[str, Any]] = []
    for key, value in _OBJECT.decode(raw).items():
        name = key if key in known else _SNAKE.sub(lambda letter: letter[1].upper(), key)
        if name in known:
            fields.append((name, _spelled(value, known[name], f"{path}.{key}", losses)))
        else:
            losses.append(Loss(f"{path}.{key}", UNKNOWN))
    return fields


@cache
def _known(struct: type[Struct]) -> dict[str, Any]:
    """Its fields by their names on the wire."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
