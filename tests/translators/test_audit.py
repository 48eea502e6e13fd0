"""The fields of a request that translation does not see."""

import json
from typing import Any

import pytest

from translators import BadRequest
from translators.audit import audit


def found(client: str, **fields: Any) -> list[str]:
    body = {"model": "m", "max_tokens": 5, "messages": [], **fields}
    return [loss.path for loss in audit(json.dumps(body).encode(), client)]


def test_a_request_of_known_fields_has_none() -> None:
    assert found("anthropic", messages=[{"role": "user", "content": "hello"}], stream=True) == []


def test_an_unknown_field_is_named_at_any_depth() -> None:
    block = {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "a", "x": 1}], "y": 2}
    messages = [{"role": "user", "content": "hello"}, {"role": "user", "content": [block], "z": 3}]
    assert sorted(found("anthropic", messages=messages, w=4)) == [
        "$.messages[1].content[0].content[0].x",
        "$.messages[1].content[0].y",
        "$.messages[1].z",
        "$.w",
    ]


def test_the_tag_of_a_part_is_no_unknown_field() -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    assert found("openai_chat", messages=messages) == []


def test_what_only_moves_is_not_looked_into() -> None:
    tools = [{"name": "a", "input_schema": {"type": "object", "x-mine": 1}, "x": 1}]
    assert found("anthropic", tools=tools) == ["$.tools[0].x"]


def test_a_part_of_an_unknown_type_is_left_to_the_decoder() -> None:
    messages = [{"role": "user", "content": [{"type": "hologram", "x": 1}]}]
    assert found("anthropic", messages=messages) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a":"\\ud800"}'])
def test_a_body_that_is_no_json_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        audit(body, "anthropic")


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b'{"messages":5,"tools":{"a":1}}'])
def test_json_of_another_shape_has_no_fields_to_name(body: bytes) -> None:
    assert audit(body, "openai_chat") == ()
