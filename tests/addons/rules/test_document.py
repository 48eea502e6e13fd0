"""Edits in the bytes of JSON: what they don't touch stays as it was written."""

import json
from typing import Any

import pytest
from hypothesis import given

from addons.rules import document
from tests.addons.rules.naive import written
from translators import BadRequest


def look_everywhere(value: document.Value) -> None:
    for _, inner in value.fields():
        look_everywhere(inner)
    for inner in value.items():
        look_everywhere(inner)


@given(written())
def test_what_is_only_looked_at_keeps_its_bytes(made: tuple[dict[str, Any], bytes]) -> None:
    plain, body = made
    value = document.read(body)
    look_everywhere(value)
    assert value.raw == body.strip(b" \n\t")
    assert value.plain() == plain


@given(written())
def test_every_value_is_found_where_it_stands(made: tuple[dict[str, Any], bytes]) -> None:
    plain, body = made
    assert {key: inner.plain() for key, inner in document.read(body).fields()} == plain


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda value: value.put("c", b"3"), b'{ "a" : 1.50 , "b":[ 1,\t2 ],"c":3}'),
        (lambda value: value.drop("a"), b'{ "b":[ 1,\t2 ]}'),
        (lambda value: value.drop("b"), b'{ "a" : 1.50 }'),
        (lambda value: value.get("a").replace(b'"x"'), b'{ "a" : "x" , "b":[ 1,\t2 ]}'),
        (lambda value: value.get("b").insert(0, b"0"), b'{ "a" : 1.50 , "b":[0, 1,\t2 ]}'),
        (lambda value: value.get("b").drop(1), b'{ "a" : 1.50 , "b":[ 1]}'),
    ],
)
def test_an_edit_leaves_the_rest_as_it_was_written(edit: Any, expected: bytes) -> None:
    value = document.read(b'{ "a" : 1.50 , "b":[ 1,\t2 ]}')
    edit(value)
    assert value.raw == expected


def test_an_edit_in_what_an_edit_has_made_is_seen() -> None:
    value = document.read(b'{"a": {"x": 1}}')
    value.put("b", b'{"y":[]}')
    inner = value.get("b")
    assert inner is not None
    listed = inner.get("y")
    assert listed is not None
    listed.insert(0, b"7")
    value.drop("a")
    assert value.raw == b'{"b":{"y":[7]}}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a":22}',
        b'{"a":22,"a":1,"b":3}',
        b'{"a":"_","b":2,"a":"_, x"}',
        b'{"\\u0061": 0, "a": {"b": 1}, "a": [2]}',
    ],
)
def test_of_a_key_that_comes_twice_the_last_value_counts(body: bytes) -> None:
    value = document.read(body)
    value.put("new", b"true")
    assert json.loads(value.raw) == {**json.loads(body), "new": True}


@pytest.mark.parametrize(
    "body", [b"", b" ", b"[]", b'"x"', b"{", b'{"a":}', b'{"a":1} x', b"nul", b'{"a":"\\ud800"}', b'{"\xff":1}']
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        document.read(body)


def test_what_is_nested_too_deep_is_refused_where_somebody_looks() -> None:
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(BadRequest):
        document.read(deep)


def test_what_is_no_text_passes_until_somebody_reads_it() -> None:
    value = document.read(b'{"a":"\xff","b":1}')
    value.drop("b")
    assert value.raw == b'{"a":"\xff"}'
    inner = value.get("a")
    assert inner is not None
    with pytest.raises(BadRequest):
        inner.plain()
