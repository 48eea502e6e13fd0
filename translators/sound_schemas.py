"""Schemas without null where JSON schema knows none.

Some languages write an empty list or object as null, and vendors refuse `"properties": null` with the whole request.
Source: json-schema.org/draft/2020-12.
"""

from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Raw

from translators.conversation import Conversation, Tool
from translators.json_schema import CACHED_SCHEMAS, kept, nested
from translators.jsonio import ENCODER

_MAY_BE_NULL: Final = frozenset(("default", "const", "example"))


def with_sound_schemas(conversation: Conversation) -> Conversation:
    """Itself where all its schemas are sound. Raises BadRequest."""
    tools = tuple(map(_sound_tool, conversation.tools))
    if any(tool is not given for tool, given in zip(tools, conversation.tools, strict=True)):
        conversation = msgspec.structs.replace(conversation, tools=tools)
    form = conversation.output_format
    if form is not None and (schema := _sound(form.schema, "$.output_format.schema")) is not form.schema:
        form = msgspec.structs.replace(form, schema=schema)
        conversation = msgspec.structs.replace(conversation, output_format=form)
    return conversation


def _sound_tool(tool: Tool) -> Tool:
    schema = _sound(tool.schema, "$.tools")
    return tool if schema is tool.schema else msgspec.structs.replace(tool, schema=schema)


def _sound(schema: Raw | None, path: str) -> Raw | None:
    if schema is None or b"null" not in bytes(schema):
        return schema
    return kept(_less_nulls, schema, path) or schema


@lru_cache(maxsize=CACHED_SCHEMAS)
def _less_nulls(data: bytes) -> Raw | None:
    """None where there is nothing to take out."""
    schema = msgspec.json.decode(data)
    return Raw(ENCODER.encode(schema)) if _take_nulls(schema) else None


def _take_nulls(schema: object) -> bool:
    """In place; whether there were any."""
    if not isinstance(schema, dict):
        return False
    nulls = [word for word, value in schema.items() if value is None and word not in _MAY_BE_NULL]
    for word in nulls:
        del schema[word]
    within = [_take_nulls(inner) for inner in nested(schema)]
    return bool(nulls) or any(within)
