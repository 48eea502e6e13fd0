"""Arguments that come in pieces."""

import json
from typing import Any

import pytest

from translators.dialects.gemini.arguments import Arguments, BadPath, steps_of
from translators.dialects.gemini.wire import PartialArgument


def built(*pieces: tuple[str, Any]) -> Any:
    arguments = Arguments()
    for path, value in pieces:
        field = {str: "string_value", bool: "bool_value", int: "number_value", float: "number_value"}.get(type(value))
        arguments.take(PartialArgument(path, **({"null_value": "NULL_VALUE"} if field is None else {field: value})))
    return json.loads(arguments.text())


def test_each_piece_goes_where_its_path_says() -> None:
    assert built(
        ("$.a", "x"),
        ("$.b.c[0]", 1),
        ("$.b.c[1].d", True),
        ("$.b.c[1].e", None),
        ("$['a key']", 2.5),
        ('$["it\\"s"].f', "y"),
    ) == {"a": "x", "b": {"c": [1, {"d": True, "e": None}]}, "a key": 2.5, 'it"s': {"f": "y"}}


def test_pieces_of_a_string_are_joined() -> None:
    assert built(("$.a", "One"), ("$.a", " two"), ("$.a", "")) == {"a": "One two"}


def test_a_whole_number_is_written_as_one() -> None:
    assert json.dumps(built(("$.a", 3.0), ("$.b", 0.5))) == '{"a": 3, "b": 0.5}'


def test_a_later_kind_of_value_stands() -> None:
    assert built(("$.a", "x"), ("$.a.b", 1)) == {"a": {"b": 1}}
    assert built(("$.a[0]", "x"), ("$.a", 1)) == {"a": 1}


@pytest.mark.parametrize("path", ["", "a", "$", "$.", "$a", "$.a[x]", "$['a", "$.a[]", "$[*]", "$..a"])
def test_a_path_that_names_no_place_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        steps_of(path)


@pytest.mark.parametrize("path", ["$[0]", "$.a[1]", "$.a[70000]", "$.a[0][2]"])
def test_a_place_that_can_not_be_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        built((path, "x"))
