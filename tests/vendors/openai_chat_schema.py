"""JSON schemas as OpenAI takes them, strict and not."""

from typing import Any, Final

STRICT_REFUSED: Final = ("allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else", "oneOf")


def schema_fault(schema: Any, *, strict: bool, at: tuple[str, ...] = ()) -> str | None:
    """What OpenAI says of a schema it won't take."""
    where = f"In context=({', '.join(repr(step) for step in at)}{',' if len(at) == 1 else ''})"
    if not isinstance(schema, dict):
        return None
    kind = schema.get("type")
    if not at and kind != "object":
        found = "None" if kind is None else str(kind)
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{found}\"'."
    if kind == "object" and "properties" not in schema and not at and not strict:
        return f"{where}, object schema missing properties."
    if kind == "array" and "items" not in schema and "prefixItems" not in schema:
        return f"{where}, array schema missing items."
    for word, expected in (("properties", "object"), ("required", "array")):
        if word in schema and schema[word] is None:
            return f"{where}, None is not of type '{expected}'."
    properties = schema.get("properties", {})
    if strict:
        forbidden = next((word for word in STRICT_REFUSED if word in schema), None)
        if forbidden is not None:
            return f"{where}, '{forbidden}' is not permitted."
        if kind == "object" and schema.get("additionalProperties") is not False:
            return f"{where}, 'additionalProperties' is required to be supplied and to be false."
        missing = [name for name in properties if name not in schema.get("required", ())]
        if missing:
            return (
                f"{where}, 'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{missing[0]}'."
            )
    nested: list[tuple[tuple[str, ...], Any]] = [(("properties", name), inner) for name, inner in properties.items()]
    nested += [(("items",), schema["items"])] if "items" in schema else []
    nested += [(("anyOf", str(index)), inner) for index, inner in enumerate(schema.get("anyOf", ()))]
    nested += [(("$defs", name), inner) for name, inner in schema.get("$defs", {}).items()]
    for step, inner in nested:
        fault = schema_fault(inner, strict=strict, at=(*at, *step))
        if fault is not None:
            return fault
    return None
