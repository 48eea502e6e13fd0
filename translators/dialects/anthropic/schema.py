"""JSON schemas as Anthropic takes them.

A tool's schema is one object, whose root has no union. The schema of structured output, and of strict tools, knows
fewer words: those that it does not know go into the description of the place where they stood.
Source of the second list: `lib/_parse/_transform.py` of the official SDK.
"""

from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.dialects.anthropic.wire import ABSENT
from translators.errors import BadRequest
from translators.json_schema import CACHED_SCHEMAS, SCHEMA, Schema, kept, listed
from translators.jsonio import ENCODER, UNREADABLE
from translators.one_object import UNIONS, one_object

NO_FIELDS: Final = Raw(b'{"type":"object","properties":{}}')
FORMATS: Final = frozenset(
    ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
)
_NAMED: Final = ("$defs", "definitions")
_MAX_DEPTH: Final = 100


class _Root(Struct):
    """What decides whether a schema can go as it is."""

    type: Any = None
    anyOf: Raw = ABSENT  # noqa: N815 - the words of JSON schema
    oneOf: Raw = ABSENT  # noqa: N815
    allOf: Raw = ABSENT  # noqa: N815
    ref: Raw = msgspec.field(name="$ref", default=ABSENT)


_ROOT: Final = msgspec.json.Decoder(_Root)


class ToolSchema(Struct, frozen=True):
    """`rule`: what the schema no longer says, for the description; "" for nothing."""

    schema: Raw
    rule: str = ""


def tool_schema(schema: Raw | None, path: str) -> ToolSchema:
    """A schema with an object at its root. `path`: where it stood. Raises BadRequest where it is none."""
    if schema is None:
        return ToolSchema(NO_FIELDS)
    root = _read(_ROOT, schema, path)
    plain = all(word is ABSENT for word in (root.anyOf, root.oneOf, root.allOf, root.ref))
    if plain and root.type == "object":
        return ToolSchema(schema)
    return kept(_folded, schema, path)


def plain_schema(schema: Raw, path: str) -> Raw:
    """A schema in the few words that structured output knows. Raises BadRequest where it is none."""
    return kept(_plained, schema, path).schema


def must_stay_open(schema: Raw, path: str) -> bool:
    """Whether some object in it would lose fields if it were closed, as structured output closes all: those of a map,
    or those of its other places where its fields stand in several. Raises BadRequest where it is no schema."""
    return kept(_plained, schema, path).open


class _Plain(Struct, frozen=True):
    schema: Raw
    open: bool


@lru_cache(maxsize=CACHED_SCHEMAS)
def _plained(data: bytes) -> _Plain:
    whole = SCHEMA.decode(data)
    return _Plain(Raw(ENCODER.encode(_plain(whole, 0))), _is_open(whole, 0))


@lru_cache(maxsize=CACHED_SCHEMAS)
def _folded(data: bytes) -> ToolSchema:
    whole, rule = one_object(SCHEMA.decode(data), UNIONS)
    return ToolSchema(Raw(ENCODER.encode(whole)), rule)


def is_object(schema: Raw, path: str) -> bool:
    """Whether what the schema describes may be an object. Raises BadRequest where it is no schema."""
    kind = _read(_ROOT, schema, path).type
    return kind is None or kind == "object" or "object" in listed(kind)


def _read[T](decoder: msgspec.json.Decoder[T], schema: Raw, path: str) -> T:
    """Another dialect's reader may have let anything pass as a schema."""
    try:
        return decoder.decode(schema)
    except UNREADABLE as error:
        raise BadRequest(path, "a JSON schema") from error


def _dict(value: object) -> Schema:
    return value if isinstance(value, dict) else {}


def _is_open(schema: object, depth: int) -> bool:
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return False
    is_map = _says_fields(schema) and not schema.get("properties") and schema.get("additionalProperties") is not False
    if is_map or _places(schema, depth) > 1:
        return True
    inner = [one for word in (*_NAMED, "properties") for one in _dict(schema.get(word)).values()]
    inner += [one for word in UNIONS for one in listed(schema.get(word))]
    return any(_is_open(one, depth + 1) for one in (*inner, schema.get("items")))


def _places(schema: object, depth: int) -> int:
    """In how many places the fields of one object stand: each would be closed to the fields of the others."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return 0
    either = [max(_places_each(schema, word, depth), default=0) for word in ("anyOf", "oneOf")]
    return ("$ref" in schema) + _says_fields(schema) + sum((*_places_each(schema, "allOf", depth), *either))


def _places_each(schema: Schema, word: str, depth: int) -> list[int]:
    return [_places(branch, depth + 1) for branch in listed(schema.get(word))]


def _says_fields(schema: Schema) -> bool:
    return schema.get("type") == "object" or "properties" in schema or "additionalProperties" in schema


def _plain(schema: object, depth: int) -> object:
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return schema
    if "$ref" in schema:
        named = {word: _plain_values(schema[word], depth) for word in _NAMED if word in schema}
        return {"$ref": schema["$ref"], **named}
    plain: Schema = {}
    unsaid: Schema = {}
    for word, value in schema.items():
        if not _plain_word(plain, word, value, depth):
            unsaid[word] = value
    if schema.get("type") == "object" or "properties" in schema:
        plain.setdefault("properties", {})
        plain["additionalProperties"] = False
    if unsaid:
        said = ", ".join(f"{word}: {ENCODER.encode(value).decode()}" for word, value in unsaid.items())
        plain["description"] = "\n\n".join(filter(None, (str(schema.get("description", "")), f"{{{said}}}")))
    return plain


def _plain_word(plain: Schema, word: str, value: object, depth: int) -> bool:
    """Takes one word of a schema over, if structured output knows it."""
    match word:
        case "type" | "description" | "title" | "enum" | "const" | "required":
            plain[word] = value
        case "properties" | "$defs" | "definitions":
            plain[word] = _plain_values(value, depth)
        case "items":
            plain[word] = _plain(value, depth + 1)
        case "anyOf" | "oneOf" | "allOf":
            known = "allOf" if word == "allOf" else "anyOf"
            plain[known] = [_plain(branch, depth + 1) for branch in listed(value)]
        case "additionalProperties":
            return not isinstance(value, dict)
        case "$schema" | "$id":
            return True
        case "format" if isinstance(value, str) and value in FORMATS:
            plain[word] = value
        case "minItems":
            plain.update({word: value} if value in (0, 1) else {})
            return value in (0, 1)
        case _:
            return False
    return True


def _plain_values(schemas: object, depth: int) -> object:
    if not isinstance(schemas, dict):
        return schemas
    return {name: _plain(schema, depth + 1) for name, schema in schemas.items()}
