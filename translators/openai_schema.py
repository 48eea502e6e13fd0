"""Tool schemas as OpenAI takes them. Results are kept: a client sends the same tools with every request."""

from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.errors import BadRequest
from translators.json_schema import CACHED_SCHEMAS, nested
from translators.jsonio import ENCODER
from translators.one_object import UNIONS, one_object

_REFUSED_ON_TOP: Final = (*UNIONS, "enum", "not")
_STRICT_REFUSED: Final = ("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas")


class Fitted(Struct, frozen=True):
    """`schema`: what to send. `rule`: what it no longer says, for the tool's description; "" for nothing. `strict`:
    whether strict mode takes it."""

    schema: Raw
    rule: str
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
    rule = ""
    if any(word in schema for word in (*_REFUSED_ON_TOP, "$ref")):
        schema, rule = one_object(schema, _REFUSED_ON_TOP)
        repaired = True
    if schema.get("type") is None or (isinstance(schema["type"], list) and "object" in schema["type"]):
        schema["type"], repaired = "object", True
    if schema["type"] == "object" and not isinstance(schema.get("properties"), dict):
        schema["properties"], repaired = {}, True
    return Fitted(Raw(ENCODER.encode(schema) if repaired else data), rule, _fits_strict(schema))


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
