"""Google's own schemas as JSON schemas."""

import json
from typing import Any

import pytest
from msgspec import Raw

from translators.dialects.gemini.schema import from_google
from translators.errors import BadRequest


def plain(schema: Any) -> Any:
    return json.loads(bytes(from_google(Raw(json.dumps(schema).encode()), "$")))


def test_a_json_schema_keeps_its_bytes() -> None:
    body = b'{ "type": "object", "properties": {"a": {"type": ["string", "null"], "x-note": 1}} }'
    assert bytes(from_google(Raw(body), "$")) == body


def test_types_are_written_small_wherever_they_are_types() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {"type": {"type": "STRING", "enum": ["A"]}, "b": {"type": "ARRAY", "items": {"type": "INTEGER"}}},
        "required": ["type"],
        "propertyOrdering": ["type", "b"],
    }
    assert plain(schema) == {
        "type": "object",
        "properties": {"type": {"type": "string", "enum": ["A"]}, "b": {"type": "array", "items": {"type": "integer"}}},
        "required": ["type"],
    }


def test_nullable_is_null_among_the_types() -> None:
    assert plain({"type": "STRING", "nullable": True, "enum": ["a"]}) == {
        "type": ["string", "null"],
        "enum": ["a", None],
    }
    assert plain({"anyOf": [{"type": "STRING"}], "nullable": True})["anyOf"] == [{"type": "string"}, {"type": "null"}]


def test_snake_case_and_numbers_as_text_are_understood() -> None:
    assert plain({"any_of": [{"type": "STRING", "min_length": "3"}], "example": 5}) == {
        "anyOf": [{"type": "string", "minLength": 3}],
        "examples": [5],
    }


@pytest.mark.parametrize("body", [b"[]", b"5", b"{"])
def test_what_is_no_schema_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        from_google(Raw(body), "$")
