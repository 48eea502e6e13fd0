"""JSON schemas as Anthropic takes them.

A tool's schema is an object whose root has no union: unions are folded into one object that takes whatever some branch
takes, and the true rule stands in the tool's description. The schema of structured output, and of strict tools, knows
fewer words: those that it does not know go into the description of the place where they stood.
Source of the second list: `lib/_parse/_transform.py` of the official SDK.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.dialects.anthropic.wire import ABSENT
from translators.errors import BadRequest
from translators.json_schema import CACHED_SCHEMAS, SCHEMA, Schema, kept
from translators.jsonio import ENCODER, UNREADABLE

UNIONS: Final = ("anyOf", "oneOf", "allOf")
NO_FIELDS: Final = Raw(b'{"type":"object","properties":{}}')
FORMATS: Final = frozenset(
    ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
)
_NAMED: Final = ("$defs", "definitions")
_MAX_BRANCHES: Final = 100
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


def holds_maps(schema: Raw, path: str) -> bool:
    """Whether some object in it may have fields of any name, and has none of a known one: structured output knows no
    such object, and would have it empty. Raises BadRequest where it is no schema."""
    return kept(_plained, schema, path).maps


class _Plain(Struct, frozen=True):
    schema: Raw
    maps: bool


@lru_cache(maxsize=CACHED_SCHEMAS)
def _plained(data: bytes) -> _Plain:
    whole = SCHEMA.decode(data)
    return _Plain(Raw(ENCODER.encode(_plain(whole, 0))), _is_map(whole, 0))


@lru_cache(maxsize=CACHED_SCHEMAS)
def _folded(data: bytes) -> ToolSchema:
    whole = SCHEMA.decode(data)
    rule = {word: whole[word] for word in UNIONS if word in whole}
    folded = _Folder(whole.get("$defs")).fold(whole)
    folded["type"] = "object"
    if not isinstance(folded.get("properties"), dict):
        folded["properties"] = {}
    said = f"The input must also satisfy this JSON schema: {ENCODER.encode(rule).decode()}" if rule else ""
    return ToolSchema(Raw(ENCODER.encode(folded)), said)


def is_object(schema: Raw, path: str) -> bool:
    """Whether what the schema describes may be an object. Raises BadRequest where it is no schema."""
    kind = _read(_ROOT, schema, path).type
    return kind is None or kind == "object" or "object" in _list(kind)


def _read[T](decoder: msgspec.json.Decoder[T], schema: Raw, path: str) -> T:
    """Another dialect's reader may have let anything pass as a schema."""
    try:
        return decoder.decode(schema)
    except UNREADABLE as error:
        raise BadRequest(path, "a JSON schema") from error


class _Folder:
    """Makes one object of a schema's branches: it allows what every branch allows. A schema may refer to itself, and
    to one place many times: after `_MAX_BRANCHES` the rest is left to the description."""

    def __init__(self, definitions: object) -> None:
        self._definitions = definitions if isinstance(definitions, dict) else {}
        self._left = _MAX_BRANCHES

    def fold(self, schema: Schema) -> Schema:
        folded = {key: value for key, value in schema.items() if key not in (*UNIONS, "$ref")}
        for branch in (*self._target(schema), *self._branches(schema, "allOf")):
            _merge(folded, self.fold(branch), required=True)
        for word in ("anyOf", "oneOf"):
            branches = [self.fold(branch) for branch in self._branches(schema, word)]
            for branch in branches:
                _merge(folded, branch, required=False)
            shared = [{*map(str, _list(branch.get("required")))} for branch in branches]
            if shared and (needed := set.intersection(*shared)):
                folded["required"] = _union(folded.get("required"), sorted(needed))
        return folded

    def _target(self, schema: Schema) -> list[Schema]:
        """What a `$ref` to the schema's own `$defs` points at."""
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return []
        return self._allowed([self._definitions.get(reference.removeprefix("#/$defs/"))])

    def _branches(self, schema: Schema, word: str) -> list[Schema]:
        return self._allowed(_list(schema.get(word)))

    def _allowed(self, branches: list[Any]) -> list[Schema]:
        allowed = [branch for branch in branches if isinstance(branch, dict)][: self._left]
        self._left -= len(allowed)
        return allowed


def _merge(into: Schema, branch: Mapping[str, Any], *, required: bool) -> None:
    properties = branch.get("properties")
    if isinstance(properties, dict):
        known = into.get("properties")
        into["properties"] = {**properties, **(known if isinstance(known, dict) else {})}
        if into.get("additionalProperties") is False and "additionalProperties" not in branch:
            del into["additionalProperties"]
    if required and _list(branch.get("required")):
        into["required"] = _union(into.get("required"), branch["required"])
    if "description" in branch:
        into.setdefault("description", branch["description"])


def _union(first: object, second: object) -> list[Any]:
    """Names of both, each once, in their order."""
    names = [name for name in (*_list(first), *_list(second)) if isinstance(name, str)]
    return list(dict.fromkeys(names))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> Schema:
    return value if isinstance(value, dict) else {}


def _is_map(schema: object, depth: int) -> bool:
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return False
    names = schema.get("properties")
    is_object = schema.get("type") == "object" or "additionalProperties" in schema
    if is_object and not names and schema.get("additionalProperties") is not False:
        return True
    inner = [one for word in (*_NAMED, "properties") for one in _dict(schema.get(word)).values()]
    inner += [one for word in UNIONS for one in _list(schema.get(word))]
    return any(_is_map(one, depth + 1) for one in (*inner, schema.get("items")))


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
            plain[known] = [_plain(branch, depth + 1) for branch in _list(value)]
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
