"""Google's own schemas, as far as their fields must fit each other."""

from typing import Any, Final

UNIONS: Final = ("anyOf", "any_of")


def schema_fault(schema: Any, at: str) -> str | None:
    """What Google says of a schema that it won't take, and where; None of one that it takes."""
    if not isinstance(schema, dict):
        return None
    kind = str(schema.get("type") or "").upper()
    branches: list[Any] = next((schema[name] for name in UNIONS if schema.get(name)), [])
    properties = schema.get("properties") or {}
    if not kind and not branches:
        return f"{at}.type: must be specified when not using one_of, any_of or all_of fields"
    if kind == "ARRAY" and not isinstance(schema.get("items"), dict):
        return f"{at}.items: missing field."
    if kind != "ARRAY" and schema.get("items") is not None:
        return f"{at}.items: field predicate failed: $type == Type.ARRAY"
    if schema.get("enum") and kind != "STRING":
        return f"{at}.enum: only allowed for STRING type"
    if "" in (schema.get("enum") or ()):
        return f"{at}.enum[{schema['enum'].index('')}]: cannot be empty"
    if kind == "STRING" and schema.get("format") not in (None, "", "enum", "date-time"):
        return f"{at}.format: only 'enum' and 'date-time' are supported for STRING type"
    for number, name in enumerate(schema.get("required") or ()):
        if name not in properties:
            return f"{at}.required[{number}]: property is not defined"
    inner = [(f"{at}.properties[{name}]", one) for name, one in properties.items()]
    inner += [(f"{at}.items", schema["items"])] if kind == "ARRAY" else []
    inner += [(f"{at}.any_of[{number}]", one) for number, one in enumerate(branches)]
    return next((fault for place, one in inner if (fault := schema_fault(one, place)) is not None), None)
