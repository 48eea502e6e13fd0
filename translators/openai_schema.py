"""Tool schemas as OpenAI takes them. Results are kept: a client sends the same tools with every request."""

from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.errors import BadRequest
from translators.json_schema import nested
from translators.jsonio import ENCODER

CACHED_SCHEMAS: Final = 512
_UNIONS: Final = ("anyOf", "oneOf", "allOf")
_REFUSED_ON_TOP: Final = (*_UNIONS, "enum", "not")
_STRICT_REFUSED: Final = ("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas")


class Fitted(Struct, frozen=True):
    """`schema`: what to send. `changed`: what had to be said otherwise. `strict`: whether strict mode takes it."""

    schema: Raw
    changed: str | None
    strict: bool


def fitted(schema: Raw) -> Fitted | None:
    """The schema with what OpenAI demands: an object with properties on top and no union there, arrays with items.

    None where it is no JSON object. A schema that is fine keeps its bytes. Sources: OpenAI's refusals "object schema
    missing properties", "array schema missing items", "schema must have type 'object' and not have 'oneOf'/'anyOf'/
    'allOf'/'enum'/'not' at the top level".
    """
    try:
        return _fitted(bytes(schema))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest("$.tools", "schemas of plain JSON that do not nest too deeply") from error


def is_strict(schema: Raw) -> bool:
    """Whether strict mode takes it: nothing optional, nothing additional. Source: OpenAI's guide on strict schemas."""
    try:
        return _fits_strict(msgspec.json.decode(schema))
    except (msgspec.DecodeError, RecursionError):
        return False


@lru_cache(maxsize=CACHED_SCHEMAS)
def _fitted(data: bytes) -> Fitted | None:
    schema = msgspec.json.decode(data)
    if not isinstance(schema, dict):
        return None
    repaired = _with_items(schema)
    folded = any(key in schema for key in _REFUSED_ON_TOP)
    if folded:
        _fold(schema)
        repaired = True
    if schema.get("type") is None or (isinstance(schema["type"], list) and "object" in schema["type"]):
        schema["type"], repaired = "object", True
    if schema["type"] == "object" and not isinstance(schema.get("properties"), dict):
        schema["properties"], repaired = {}, True
    raw = Raw(ENCODER.encode(schema) if repaired else data)
    return Fitted(raw, "its alternatives were folded into one object" if folded else None, _fits_strict(schema))


def _fold(schema: dict[str, Any]) -> None:
    """The alternatives' properties in one object; required is what every one of them requires."""
    properties = _properties(schema)
    required = _required(schema)
    for key in _UNIONS:
        given = schema.get(key)
        branches = [branch for branch in given if isinstance(branch, dict)] if isinstance(given, list) else []
        for branch in branches:
            properties = {**_properties(branch), **properties}
        needed = [_required(branch) for branch in branches]
        if needed:
            required |= set.union(*needed) if key == "allOf" else set.intersection(*needed)
    for key in _REFUSED_ON_TOP:
        schema.pop(key, None)
    schema["type"], schema["properties"] = "object", properties
    if required:
        schema["required"] = [name for name in properties if name in required]


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    given = schema.get("properties")
    return given if isinstance(given, dict) else {}


def _required(schema: dict[str, Any]) -> set[str]:
    given = schema.get("required")
    return {name for name in given if isinstance(name, str)} if isinstance(given, list) else set()


def _with_items(schema: Any) -> bool:
    """Gives arrays without `items` empty ones, in place; whether there were any."""
    repaired = False
    for inner in nested(schema):
        repaired |= _with_items(inner)
    if isinstance(schema, dict) and schema.get("type") == "array" and not schema.keys() & {"items", "prefixItems"}:
        schema["items"] = {}
        repaired = True
    return repaired


def _fits_strict(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return True
    if any(word in schema for word in _STRICT_REFUSED):
        return False
    properties = _properties(schema)
    if schema.get("type") == "object" or properties:
        if schema.get("additionalProperties") is not False:
            return False
        if properties.keys() - _required(schema):
            return False
    return all(_fits_strict(inner) for inner in nested(schema))
