"""Schemas as Anthropic takes them."""

import json
import re
from typing import Any

import pytest
from anthropic import transform_schema
from msgspec import Raw

from tests.support.recordings import CLIENTS
from translators.dialects.anthropic.schema import must_stay_open, plain_schema, tool_schema
from translators.errors import BadRequest

PATH = "$.tools[0].schema"


def raw(schema: Any) -> Raw:
    return Raw(json.dumps(schema).encode())


def folded(schema: Any) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(bytes(tool_schema(raw(schema), PATH).schema))
    return result


def plain(schema: Any) -> Any:
    return json.loads(bytes(plain_schema(raw(schema), PATH)))


def test_an_object_goes_as_it_stands() -> None:
    schema = raw({"type": "object", "properties": {"type": {"type": "string"}, "anyOf": {"type": "number"}}})
    assert tool_schema(schema, PATH).schema is schema
    assert tool_schema(schema, PATH).rule == ""


@pytest.mark.parametrize(
    "schema", [{}, {"type": ["object", "null"]}, {"type": "string"}, {"type": "object", "allOf": []}]
)
def test_the_root_is_always_an_object(schema: Any) -> None:
    assert folded(schema) == {"type": "object", "properties": {}}
    assert json.loads(bytes(tool_schema(None, PATH).schema)) == {"type": "object", "properties": {}}


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_a_union_at_the_root_is_folded_and_its_rule_told(word: str) -> None:
    branches = [
        {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]},
        {"properties": {"a": {"type": "string"}, "c": {"type": "number"}}, "required": ["a", "c"]},
    ]
    schema = {"type": "object", "properties": {"d": {"type": "null"}}, "required": ["d"], word: branches}
    assert folded(schema) == {
        "type": "object",
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "string"},
            "c": {"type": "number"},
            "d": {"type": "null"},
        },
        "required": ["d", "a"],
    }
    assert json.loads(tool_schema(raw(schema), PATH).rule.partition(": ")[2]) == {word: branches}


def test_all_of_a_conjunction_holds() -> None:
    schema = {"allOf": [{"properties": {"a": {}}, "required": ["a"]}, {"$ref": "#/$defs/B"}], "$defs": {"B": {
        "properties": {"b": {}}, "required": ["b"]}}}  # fmt: skip
    result = folded(schema)
    assert (set(result["properties"]), result["required"]) == ({"a", "b"}, ["a", "b"])


def test_a_reference_at_the_root_is_followed() -> None:
    result = folded({"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"a": {}}}}})
    assert (result["type"], result["properties"]) == ("object", {"a": {}})


@pytest.mark.parametrize("named", ["$defs", "definitions"])
def test_a_union_that_the_root_refers_to_is_told_too(named: str) -> None:
    union = {"anyOf": [{"properties": {"a": {}}}, {"$ref": f"#/{named}/B"}]}
    schema = {"$ref": f"#/{named}/A", named: {"A": union, "B": {"properties": {"b": {}}}}}
    assert folded(schema)["properties"] == {"a": {}, "b": {}}
    assert json.loads(tool_schema(raw(schema), PATH).rule.partition(": ")[2]) == union


@pytest.mark.parametrize("reference", ["#", "#/$defs/A", "#/$defs/no", "other.json"])
def test_a_reference_that_leads_nowhere_leaves_what_stands_beside_it(reference: str) -> None:
    schema = {"$ref": reference, "properties": {"a": {}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}
    assert folded(schema)["properties"] == {"a": {}}


@pytest.mark.parametrize("width", [1, 2, 50])
def test_a_schema_that_refers_to_itself_ends(width: int) -> None:
    loop = {"anyOf": [{"$ref": "#/$defs/A"}] * width, "properties": {"a": {}}}
    assert folded({"$ref": "#/$defs/A", "$defs": {"A": loop}})["properties"] == {"a": {}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"format": {"type": "string"}}, "required": ["format"]},
        {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}, "minItems": 1}}},
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "boolean"}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {}}}},
    ],
)
def test_plain_schemas_are_those_of_the_sdk(schema: dict[str, Any]) -> None:
    assert plain(schema) == transform_schema(schema)


def test_what_structured_output_does_not_know_is_told_in_words() -> None:
    number = {"type": "integer", "minimum": 1, "maximum": 3, "description": "How many."}
    assert plain(number) == {"type": "integer", "description": "How many.\n\n{minimum: 1, maximum: 3}"}
    assert plain({"type": "string", "format": "regex"})["description"] == '{format: "regex"}'
    mapping = plain({"type": "object", "additionalProperties": {"type": "string"}})
    assert mapping["additionalProperties"] is False
    assert "additionalProperties" in mapping["description"]


A = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
B = {"type": "object", "properties": {"b": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "is_open"),
    [
        (A, False),
        ({"type": "object", "additionalProperties": {"type": "string"}}, True),
        ({"type": "object", "additionalProperties": False}, False),
        ({"allOf": [A, B]}, True),
        ({"allOf": [A]}, False),
        ({"allOf": [{"$ref": "#/$defs/A"}], "description": "x", "$defs": {"A": A}}, False),
        ({"allOf": [{"$ref": "#/$defs/A"}, {"allOf": [B]}], "$defs": {"A": A}}, True),
        ({"type": "object", "properties": {"c": {"allOf": [A, {"properties": {"b": {}}}]}}}, True),
        ({**A, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, False),
        ({**A, "oneOf": [B, {"type": "null"}]}, True),
        ({"anyOf": [A, B]}, False),
        ({"anyOf": [A, {"allOf": [A, B]}]}, True),
        ({"$ref": "#/$defs/A", "properties": {"b": {}}, "$defs": {"A": A}}, True),
    ],
)
def test_an_object_stays_open_that_would_lose_fields_if_it_were_closed(schema: Any, is_open: bool) -> None:
    assert must_stay_open(raw(schema), PATH) is is_open


def test_definitions_stay_beside_a_root_that_refers_to_them() -> None:
    for word in ("$defs", "definitions"):
        referring = {"$ref": f"#/{word}/A", word: {"A": {"type": "string"}}}
        assert plain(referring) == referring


@pytest.mark.parametrize(
    "schema", [b"3", b'"x"', b"[]", b'{"anyOf":[1e999]}', b'{"anyOf":' + b"[" * 200_000 + b"]" * 200_000 + b"}"]
)
def test_what_is_no_schema_is_a_bad_request(schema: bytes) -> None:
    with pytest.raises(BadRequest, match=re.escape(PATH)):
        tool_schema(Raw(schema), PATH)
    with pytest.raises(BadRequest, match=re.escape(PATH)):
        plain_schema(Raw(schema), PATH)


@pytest.mark.skipif(not CLIENTS.exists(), reason="no recorded clients")
def test_schemas_of_real_clients_go_through() -> None:
    for path in CLIENTS.glob("tools/*.json"):
        for schema in schemas_in(json.loads(path.read_text())):
            assert folded(schema)["type"] == "object"
            plain(schema)


def schemas_in(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [schema for one in value for schema in schemas_in(one)]
    if not isinstance(value, dict):
        return []
    keys = ("input_schema", "parameters", "parametersJsonSchema")
    found = [value[key] for key in keys if isinstance(value.get(key), dict)]
    return found + [
        schema for key in ("tools", "function", "functionDeclarations") for schema in schemas_in(value.get(key))
    ]


def test_a_schema_is_cleaned_once_since_a_session_sends_its_tools_with_every_request() -> None:
    data = json.dumps({"type": "object", "anyOf": [{"properties": {"once": {"minimum": 1}}}]}).encode()
    assert plain_schema(Raw(data), PATH) is plain_schema(Raw(bytes(bytearray(data))), PATH)
    assert tool_schema(Raw(data), PATH) is tool_schema(Raw(bytes(bytearray(data))), PATH)
