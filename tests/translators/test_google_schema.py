"""JSON schemas in Google's words: what can be said is, and what can't stands in the description of its place."""

import json
from typing import Any

import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tests.vendors.gemini_shapes import SCHEMA
from translators.errors import BadRequest
from translators.google_schema import MAX_PLACES, google_schema


def fitted(schema: Any) -> Any:
    """What comes out, once the vendor's shape and its SDK have taken it."""
    value = json.loads(bytes(google_schema(raw(schema), "$").schema))
    SCHEMA(value, ())
    types.Schema.model_validate(value)
    return value


def unsaid(schema: Any) -> tuple[str, ...]:
    return google_schema(raw(schema), "$").unsaid


def raw(schema: Any) -> Raw:
    return Raw(json.dumps(schema).encode())


def within(schema: Any, **more: Any) -> Any:
    """The schema of a property `a`."""
    return fitted({"type": "object", "properties": {"a": schema}, **more})["properties"]["a"]


def test_types_are_googles_and_what_both_can_say_stays() -> None:
    said = {"title": "T", "description": "d", "minLength": 1, "maxLength": 9, "pattern": "a+", "default": "x"}
    assert within({"type": "string", **said}) == {"type": "STRING", **said}
    assert within({"type": "integer", "minimum": 1, "maximum": 2.5}) == {
        "type": "INTEGER",
        "minimum": 1,
        "maximum": 2.5,
    }
    assert within({"type": "array", "items": {"type": "boolean"}, "minItems": 1}) == {
        "type": "ARRAY",
        "items": {"type": "BOOLEAN"},
        "minItems": 1,
    }


def test_properties_named_like_keywords_survive() -> None:
    names = ["type", "$ref", "properties", "required", "format", "title", "enum", "const", "$defs", "anyOf", "x-note"]
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": names}
    assert fitted(schema) == {
        "type": "OBJECT",
        "properties": {name: {"type": "STRING"} for name in names},
        "required": names,
    }


def test_a_reference_is_put_in_its_place() -> None:
    definitions = {"Name": {"type": "string", "description": "theirs"}, "a/b~c": {"type": "integer"}}
    assert within({"$ref": "#/$defs/Name"}, **{"$defs": definitions}) == {"type": "STRING", "description": "theirs"}
    assert within({"$ref": "#/$defs/Name", "description": "ours"}, **{"$defs": definitions})["description"] == "ours"
    assert within({"$ref": "#/definitions/a~1b~0c"}, definitions=definitions) == {"type": "INTEGER"}


def test_a_reference_to_itself_ends_in_its_name() -> None:
    node = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}
    schema = {"type": "object", "properties": {"tree": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}}
    tree = fitted(schema)["properties"]["tree"]
    assert tree["properties"]["kids"]["items"] == {"type": "OBJECT", "description": "(see Node)"}
    assert "$ref" in unsaid(schema)
    assert within({"$ref": "#/$defs/Nobody"}) == {"type": "OBJECT", "description": "(see Nobody)"}
    assert within({"$ref": "https://example.com/a.json"})["description"] == "(see a.json)"


def test_references_that_multiply_are_bounded() -> None:
    definitions = {
        f"D{level}": {"type": "object", "properties": {name: {"$ref": f"#/$defs/D{level + 1}"} for name in "abcdef"}}
        for level in range(20)
    }
    definitions["D20"] = {"type": "string"}
    schema = {"$ref": "#/$defs/D0", "$defs": definitions}
    assert len(bytes(google_schema(raw(schema), "$").schema)) < 100 * MAX_PLACES
    doubled: dict[str, Any] = {f"D{level}": {"allOf": [{"$ref": f"#/$defs/D{level + 1}"}] * 3} for level in range(20)}
    assert fitted({"$ref": "#/$defs/D0", "$defs": doubled})


def test_null_among_the_types_is_nullable() -> None:
    assert within({"type": ["string", "null"]}) == {"type": "STRING", "nullable": True}
    assert within({"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]}) == {
        "type": "STRING",
        "maxLength": 3,
        "nullable": True,
    }
    assert within({"enum": ["a", None]}) == {"type": "STRING", "enum": ["a"], "nullable": True}


def test_unions_are_any_of_with_nothing_beside_it() -> None:
    union = within({"oneOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}], "description": "d"})
    assert union == {
        "anyOf": [
            {"type": "INTEGER", "description": "d"},
            {"type": "ARRAY", "items": {"type": "STRING"}, "description": "d"},
        ]
    }
    assert within({"type": ["string", "integer"], "maxLength": 3}) == {
        "anyOf": [{"type": "STRING", "maxLength": 3}, {"type": "INTEGER"}]
    }


def test_one_of_several_words_is_an_enum() -> None:
    assert within({"oneOf": [{"const": "a"}, {"const": "b"}]}) == {"type": "STRING", "enum": ["a", "b"]}
    assert within({"const": "a"}) == {"type": "STRING", "enum": ["a"]}


def test_an_enum_holds_texts_only_and_none_is_empty() -> None:
    assert within({"type": "integer", "enum": [1, 2]}) == {"type": "INTEGER", "description": "{enum: [1,2]}"}
    assert within({"type": "string", "enum": ["", "a"]}) == {
        "type": "STRING",
        "enum": ["a"],
        "description": '{enum: ["","a"]}',
    }


def test_branches_that_all_hold_are_one() -> None:
    base = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    schema = {
        "allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"b": {"type": "integer"}}, "required": ["b"]}],
        "$defs": {"Base": base},
    }
    assert fitted(schema) == {
        "type": "OBJECT",
        "properties": {"a": {"type": "STRING"}, "b": {"type": "INTEGER"}},
        "required": ["a", "b"],
    }


@pytest.mark.parametrize(
    "rule",
    [
        {"exclusiveMinimum": 0},
        {"multipleOf": 2},
        {"not": {"const": 5}},
        {"if": {"minimum": 3}, "then": {"maximum": 9}},
        {"format": "unix-time"},
    ],
    ids=lambda rule: next(iter(rule)),
)
def test_a_rule_that_can_not_be_said_stands_in_the_description(rule: dict[str, Any]) -> None:
    said = within({"type": "integer", "description": "d", **rule})
    words = ", ".join(f"{word}: {json.dumps(value, separators=(',', ':'))}" for word, value in rule.items())
    assert said == {"type": "INTEGER", "description": f"d\n\n{{{words}}}"}
    assert set(rule) <= set(unsaid({"type": "integer", **rule}))


def test_formats_that_google_knows_stay() -> None:
    assert within({"type": "string", "format": "date-time"})["format"] == "date-time"
    assert within({"type": "number", "format": "double"})["format"] == "double"
    assert within({"type": "string", "format": "uri"}) == {"type": "STRING", "description": '{format: "uri"}'}


def test_what_rules_nothing_is_left_out_and_told_of() -> None:
    schema = {"type": "object", "properties": {}, "$schema": "s", "additionalProperties": False, "x-note": 1}
    assert fitted(schema) == {"type": "OBJECT", "properties": {}}
    assert unsaid(schema) == ("$schema", "additionalProperties", "x-note")


def test_only_what_is_there_can_be_required() -> None:
    properties = {"a": {"type": "string"}}
    assert fitted({"type": "object", "properties": properties, "required": ["a", "b", 5]})["required"] == ["a"]
    assert "required" not in fitted({"type": "object", "properties": properties, "required": ["b"]})


def test_an_array_says_what_it_holds() -> None:
    scalars = {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}, {"type": "BOOLEAN"}]}
    assert within({"type": "array"})["items"] == scalars
    assert within({"type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}]})["items"] == {
        "type": "STRING"
    }
    assert within({"type": "array", "items": [{"type": "string"}, {"type": "integer"}]})["items"] == {
        "anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]
    }


def test_a_missing_type_is_seen_from_the_words() -> None:
    assert within({"properties": {"b": {"type": "string"}}})["type"] == "OBJECT"
    assert within({"items": {"type": "string"}})["type"] == "ARRAY"
    assert within({"enum": ["a"]})["type"] == "STRING"
    assert within({"minLength": 3})["type"] == "STRING"


def test_bounds_of_a_wrong_type_are_not_sent() -> None:
    assert within({"type": "string", "minLength": "many", "pattern": 5, "title": None}) == {
        "type": "STRING",
        "description": '{minLength: "many", pattern: 5, title: null}',
    }


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b'"x"', b"{", b'{"a":"\\ud800"}', b'{"a":' * 5000])
def test_what_is_no_schema_is_refused_with_its_place(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        google_schema(Raw(body), "$.tools[3].schema")
    assert caught.value.path == "$.tools[3].schema"


WORDS = st.sampled_from(
    [
        *("type", "properties", "items", "anyOf", "oneOf", "allOf", "enum", "const", "required", "$ref", "format"),
        *("prefixItems", "minLength", "nullable", "description", "examples", "default", "additionalProperties"),
    ]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["string", "object", "array", "null", "#", "#/a", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, ODD, max_size=5))
def test_any_object_becomes_a_schema_that_google_takes(schema: dict[str, Any]) -> None:
    try:
        fitted(schema)
    except BadRequest as error:
        assert "allOf" in json.dumps(schema), error  # noqa: PT017
