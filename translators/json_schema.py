"""JSON schemas as they stand: of what type one is, what it refers to, what several say in one.

By position, never by key: a property may be called `type`, `$ref` or `properties`. What is made of them for a vendor is
kept, since a client sends the same tools with every request.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.errors import BadRequest
from translators.jsonio import UNREADABLE

type Schema = dict[str, Any]

SCHEMA: Final[msgspec.json.Decoder[Schema]] = msgspec.json.Decoder(dict[str, Any])
"""Schemas may be `true` and `false` within; as a whole they are objects."""

CACHED_SCHEMAS: Final = 512
MAX_CACHED_BYTES: Final = 32 << 10
OF_TYPE: Final = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "patternProperties": "object",
    "propertyNames": "object",
    "minProperties": "object",
    "maxProperties": "object",
    "propertyOrdering": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "maxItems": "array",
    "uniqueItems": "array",
    "minLength": "string",
    "maxLength": "string",
    "pattern": "string",
}
"""Words that tell of one type only."""
TYPES: Final = ("string", "number", "integer", "boolean", "array", "object")


def kept[T](made: Callable[[bytes], T], schema: Raw, path: str) -> T:
    """What `made`, a function with a cache, makes of a schema; of a large one anew each time. Raises BadRequest."""
    data = bytes(schema)
    try:
        return made(data) if len(data) <= MAX_CACHED_BYTES else _uncached(made)(data)
    except (ValueError, *UNREADABLE) as error:
        raise BadRequest(path, "a JSON schema") from error


def _uncached[T](made: Callable[[bytes], T]) -> Callable[[bytes], T]:
    plain: Callable[[bytes], T] = getattr(made, "__wrapped__", made)
    return plain


def type_of(schema: object) -> str:
    """As JSON schema names it, "" where it is of no one type."""
    if not isinstance(schema, dict):
        return ""
    kind = schema.get("type")
    if isinstance(kind, str):
        kind = kind.lower()
        return kind if kind in TYPES else "string"
    if isinstance(kind, list):
        return next((one for one in kind if one in TYPES), "")
    if isinstance(values := schema.get("enum", [schema.get("const")]), list):
        some = [one for one in values if one is not None]
        if some and all(isinstance(one, str) for one in some):
            return "string"
        if some and all(isinstance(one, int) and not isinstance(one, bool) for one in some):
            return "integer"
    return next((OF_TYPE[word] for word in schema if word in OF_TYPE), "")


def is_null(branch: object) -> bool:
    """Whether it allows null, and nothing else."""
    if not isinstance(branch, dict):
        return False
    return branch.get("type") in ("null", "NULL", ["null"]) or ("const" in branch and branch["const"] is None)


def joined(beside: Schema, branch: object) -> Schema:
    """A branch of a union with what stands beside the union."""
    whole = dict(branch) if isinstance(branch, dict) else {}
    merge(whole, beside)
    return whole


def merge(into: Schema, other: Schema) -> None:
    """What `into` says itself stands, its properties and needs grow."""
    for word, value in other.items():
        if word == "properties" and isinstance(value, dict) and isinstance(into.get(word), dict):
            into[word] = {**value, **into[word]}
        elif word == "required" and isinstance(value, list) and isinstance(into.get(word), list):
            into[word] = [*into[word], *(name for name in value if name not in into[word])]
        else:
            into.setdefault(word, value)


def found(root: Schema, reference: str) -> object:
    """What a reference within the schema points at. Source: RFC 6901."""
    if not reference.startswith("#"):
        return None
    place: object = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        place = place.get(key) if isinstance(place, dict) else None
    return place


def followed(root: Schema, schema: Schema) -> Schema:
    """What a reference within `root` points at, with what stands beside it; only the latter where it leads nowhere."""
    seen: set[str] = set()
    while isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        target = found(root, reference)
        if not isinstance(target, dict):
            break
        schema = {**target, **{word: value for word, value in schema.items() if word != "$ref"}}
    return {word: value for word, value in schema.items() if word != "$ref"}


def listed(value: object) -> list[Any]:
    """A list as it is, what is none as an empty one: a client may have written anything."""
    return value if isinstance(value, list) else []


def nested(schema: Any) -> list[Any]:
    """The schemas within, by position: a property may be called anything."""
    if not isinstance(schema, dict):
        return []
    inner: list[Any] = []
    for key in ("properties", "$defs", "definitions", "patternProperties"):
        if isinstance(schema.get(key), dict):
            inner += schema[key].values()
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        if isinstance(schema.get(key), list):
            inner += schema[key]
    inner += [schema[key] for key in ("items", "additionalProperties", "not") if isinstance(schema.get(key), dict)]
    return inner
