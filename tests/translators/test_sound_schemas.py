"""Null where JSON schema knows none is taken out of schemas, on the way to whoever would refuse it."""

import json
from typing import Any

import pytest
from msgspec import Raw

from tests.conformance.judges import check_accepted, targets
from tests.conformance.material import UPSTREAM_DIALECTS
from translators import encode_conversation
from translators.conversation import Conversation, Message, OutputFormat, Role, Text, Tool
from translators.sound_schemas import with_sound_schemas

ASK = (Message(Role.USER, (Text("hi"),)),)
UNSOUND: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "object", "properties": None}, {"type": "object"}),
    ({"type": "object", "properties": {}, "required": None}, {"type": "object", "properties": {}}),
    (
        {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object", "properties": None}}}},
        {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object"}}}},
    ),
    (
        {
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/a"}},
            "$defs": {"a": {"type": "string", "enum": None}},
        },
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "string"}}},
    ),
]


def asking(schema: dict[str, Any]) -> Conversation:
    raw = Raw(json.dumps(schema).encode())
    return Conversation("m", ASK, tools=(Tool("f", schema=raw),), output_format=OutputFormat(raw))


@pytest.mark.parametrize(("given", "sound"), UNSOUND)
def test_null_is_taken_out_of_tools_and_of_the_answers_form(given: dict[str, Any], sound: dict[str, Any]) -> None:
    made = with_sound_schemas(asking(given))
    assert made.output_format is not None
    assert [json.loads(bytes(schema or b"")) for schema in (made.tools[0].schema, made.output_format.schema)] == [
        sound
    ] * 2


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": ["string", "null"], "default": None}}},
        {"type": "object", "properties": {"a": {"const": None}, "b": {"enum": [None, 1]}}},
        {"type": "object", "properties": {"a": {"default": {"properties": None}}}},
    ],
)
def test_null_that_means_something_stays_in_the_clients_own_bytes(schema: dict[str, Any]) -> None:
    asked = asking(schema)
    assert with_sound_schemas(asked) is asked


@pytest.mark.parametrize("upstream", UPSTREAM_DIALECTS)
@pytest.mark.parametrize("given", [given for given, _ in UNSOUND])
def test_no_upstream_is_sent_a_null(upstream: str, given: dict[str, Any]) -> None:
    for target in targets(upstream):
        sent = encode_conversation(asking(given), upstream, target)
        check_accepted(upstream, target, sent.body)
        assert "null" not in json.dumps(json.loads(sent.body))
