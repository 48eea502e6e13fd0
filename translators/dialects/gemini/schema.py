"""Google's own schemas as JSON schemas: types in capitals, `nullable`, snake case, numbers as text.

Cleaned by position, as on the way there: a property may be called `type`.
"""

import re
from functools import lru_cache
from typing import Any, Final

from msgspec import Raw

from translators.google_schema import KEPT, NUMBERS
from translators.json_schema import CACHED_SCHEMAS, SCHEMA, Schema, kept
from translators.jsonio import ENCODER

_SNAKE: Final = re.compile(r"_([a-z])")
_NUMBER: Final = re.compile(r"-?\d{1,18}")


def from_google(schema: Raw, path: str) -> Raw:
    """One of Google's schemas as a JSON schema; a JSON schema comes back as it is. Raises BadRequest."""
    return kept(_plain, schema, path)


@lru_cache(maxsize=CACHED_SCHEMAS)
def _plain(data: bytes) -> Raw:
    schema = SCHEMA.decode(data)
    plain = _json_schema(schema)
    return Raw(data) if plain == schema else Raw(ENCODER.encode(plain))


def _json_schema(schema: object) -> Any:
    if not isinstance(schema, dict):
        return schema
    plain: Schema = {}
    for key, value in schema.items():
        word = _SNAKE.sub(lambda letter: letter[1].upper(), key)
        match word:
            case "type" if isinstance(value, str):
                plain[word] = value.lower()
            case "properties" | "$defs" | "definitions" if isinstance(value, dict):
                order = _order(schema) if word == "properties" else {}
                named = (
                    sorted(value.items(), key=lambda item: order.get(item[0], len(order))) if order else value.items()
                )
                plain[word] = {name: _json_schema(one) for name, one in named}
            case "items" | "not" | "additionalProperties":
                plain[word] = _json_schema(value)
            case "anyOf" | "oneOf" | "allOf" | "prefixItems" if isinstance(value, list):
                plain[word] = [_json_schema(one) for one in value]
            case "example":
                plain["examples"] = [value]
            case "propertyOrdering" | "nullable":
                pass
            case _ if word in NUMBERS and isinstance(value, str) and _NUMBER.fullmatch(value):
                plain[word] = int(value)
            case _:
                plain[key if word not in KEPT else word] = value
    if schema.get("nullable") is True:
        _allow_null(plain)
    return plain


def _order(schema: Schema) -> dict[str, int]:
    """Which property goes first: JSON schemas say it by where they stand."""
    wanted = schema.get("propertyOrdering", schema.get("property_ordering"))
    return {name: at for at, name in enumerate(wanted) if isinstance(name, str)} if isinstance(wanted, list) else {}


def _allow_null(plain: Schema) -> None:
    kind = plain.get("type")
    if isinstance(kind, str) and kind != "null":
        plain["type"] = [kind, "null"]
    if isinstance(enum := plain.get("enum"), list) and None not in enum:
        plain["enum"] = [*enum, None]
    if isinstance(branches := plain.get("anyOf"), list) and {"type": "null"} not in branches:
        plain["anyOf"] = [*branches, {"type": "null"}]
