"""What the Messages API refuses of JSON schemas."""

from typing import Any, Final

from tests.vendors.rules import Asked, Refusal, RuleBook

DOCS: Final = "platform.claude.com/docs/en"
SCHEMAS: Final = RuleBook()


@SCHEMAS.rule(
    "anthropic.types.ToolParam.input_schema; recorded clients: type object required, no oneOf/anyOf/allOf at the top"
)
def input_schemas_are_objects(asked: Asked) -> None:
    for index, tool in enumerate(asked.body.get("tools") or ()):
        if "input_schema" not in tool:
            continue
        schema, place = tool["input_schema"], f"tools.{index}.custom.input_schema"
        if "type" not in schema:
            raise Refusal(f"{place}.type: Field required")
        if schema["type"] != "object":
            raise Refusal(f"{place}.type: Input should be 'object'")
        if {"oneOf", "anyOf", "allOf"} & schema.keys():
            raise Refusal(f"{place}: input_schema does not support oneOf, allOf, or anyOf at the top level")


@SCHEMAS.rule("answered by the vendor: github.com/anthropics/claude-code/issues/63673; json-schema.org/draft/2020-12")
def input_schemas_are_sound(asked: Asked) -> None:
    for index, tool in enumerate(asked.body.get("tools") or ()):
        if _holds_null(tool.get("input_schema")):
            raise Refusal(
                f"tools.{index}.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 "
                "(https://json-schema.org/draft/2020-12)."
            )


@SCHEMAS.rule(f"{DOCS}/build-with-claude/structured-outputs: objects need additionalProperties false")
def output_schema_is_closed(asked: Asked) -> None:
    output = (asked.body.get("output_config") or {}).get("format") or asked.body.get("output_format")
    if output is not None and _open_object(output["schema"]):
        raise Refusal(
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
        )


def _holds_null(schema: Any) -> bool:
    """Whether a list or an object of it, or of a property of its, is null."""
    if not isinstance(schema, dict):
        return False
    if any(schema.get(word, {}) is None for word in ("properties", "required", "items", "$defs")):
        return True
    return any(map(_holds_null, [*schema.get("properties", {}).values(), schema.get("items")]))


def _open_object(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_open_object(item) for item in schema)
    if not isinstance(schema, dict):
        return False
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return True
    nested = [*(schema.get("properties") or {}).values(), *(schema.get("$defs") or {}).values()]
    return _open_object([*nested, schema.get("items"), schema.get("anyOf")])
