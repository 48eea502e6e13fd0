"""Paths of payload rules: what they find, set and take out. Source: gjson SYNTAX.md, sjson README."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.rules import document, places
from addons.rules.path import parse, parse_for_editing, wild
from tests.addons.rules import naive

FRIENDS = {
    "name": {"first": "Tom", "last": "Anderson"},
    "age": 37,
    "children": ["Sara", "Alex", "Jack"],
    "fav.movie": "Deer Hunter",
    "friends": [
        {"first": "Dale", "last": "Murphy", "age": 44, "nets": ["ig", "fb", "tw"], "vip": True},
        {"first": "Roger", "last": "Craig", "age": 68, "nets": ["fb", "tw"], "vip": False},
        {"first": "Jane", "last": "Murphy", "age": 47, "nets": ["ig", "tw"], "note": None},
    ],
}
BODY = json.dumps(FRIENDS).encode()


def found(path: str, body: bytes = BODY) -> list[Any]:
    return [value.plain() for value in places.find(document.read(body), parse(path))]


def edited(path: str, raw: str | None, body: str) -> Any:
    value = document.read(body.encode())
    for place in reversed(places.resolve(value, parse_for_editing(path))):
        if raw is None:
            places.cut(value, place)
        else:
            places.put(value, place, raw.encode())
    return json.loads(value.raw)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name.last", ["Anderson"]),
        (" name.last ", ["Anderson"]),
        ("age", [37]),
        ("children", [["Sara", "Alex", "Jack"]]),
        ("children.1", ["Alex"]),
        ("children.7", []),
        ("children.-1", []),
        ("children.#", [3]),
        ("child*.2", ["Jack"]),
        ("c?ildren.0", ["Sara"]),
        (r"fav\.movie", ["Deer Hunter"]),
        ("friends.#.first", [["Dale", "Roger", "Jane"]]),
        ("friends.1.last", ["Craig"]),
        ("name.first.x", []),
        ("nothing.*", []),
        ('friends.#(last=="Murphy").first', ["Dale"]),
        ('friends.#(last=="Murphy")#.first', ["Dale", "Jane"]),
        ('friends.#(last="Murphy")#.first', ["Dale", "Jane"]),
        ("friends.#(age>45)#.last", ["Craig", "Murphy"]),
        ("friends.#(age>=47)#.age", [68, 47]),
        ("friends.#(age<=44).age", [44]),
        ("friends.#(age!=44).age", [68]),
        ('friends.#(first%"D*").last', ["Murphy"]),
        ('friends.#(first!%"D*").last', ["Craig"]),
        ("friends.#(vip==true).first", ["Dale"]),
        ("friends.#(vip==false).first", ["Roger"]),
        ("friends.#(note).first", ["Jane"]),
        ('friends.#(nets.#(=="fb"))#.first', ["Dale", "Roger"]),
        ('friends.#(last=="Murphy"&&age>45).first', ["Jane"]),
        ('friends.#(last=="Craig" || vip==true)#.first', ["Dale", "Roger"]),
        ('friends.#(last=="Murphy" && vip==true || age==68)#.age', [44, 68]),
        ('friends.#(last=="x||age==68||y")#.age', []),
        ('friends.#(nets.#(=="fb"||=="ig") && age<50)#.age', [44, 47]),
        ('children.#(=="Alex")', ["Alex"]),
        ('children.#(%"?a*")#', [["Sara", "Jack"]][0]),
        ('friends.#(age=="44").first', []),
        ('age.#(x=="y")', []),
    ],
)
def test_a_path_finds_what_gjson_finds(path: str, expected: list[Any]) -> None:
    assert found(path) == expected


def test_a_condition_may_hold_dots_quotes_and_parentheses() -> None:
    body = json.dumps({"tools": [{"n": {"k": 'a.b) "c"'}, "x": 1}, {"n": {"k": "z"}, "x": 2}]}).encode()
    assert found(r'tools.#(n.k=="a.b) \"c\"").x', body) == [1]


@pytest.mark.parametrize(
    ("path", "raw", "before", "after"),
    [
        ("a.b", "1", "{}", {"a": {"b": 1}}),
        ("a", "1", '{"a":{"b":2}}', {"a": 1}),
        ("a.0", "1", "{}", {"a": [1]}),
        ("a.2", "1", "{}", {"a": [None, None, 1]}),
        ("a.:0", "1", "{}", {"a": {"0": 1}}),
        ("a.0", "1", '{"a":{}}', {"a": {"0": 1}}),
        ("a.-1", "4", '{"a":[1,2]}', {"a": [1, 2, 4]}),
        ("a.-1.b", "4", "{}", {"a": [{"b": 4}]}),
        ("a.3", "4", '{"a":[1]}', {"a": [1, None, None, 4]}),
        ("a.b", "4", '{"a":[1]}', {"a": [1]}),
        ("a.b", "4", '{"a":7}', {"a": {"b": 4}}),
        (r"a\.b.c\*", "4", "{}", {"a.b": {"c*": 4}}),
        ("a.999999999", "4", '{"a":[]}', {"a": []}),
        ("a.b.999999999", "4", '{"a":{}}', {"a": {}}),
        ('t.#(k=="v").x', "1", '{"t":[{},{"k":"v"},{"k":"v"}]}', {"t": [{}, {"k": "v", "x": 1}, {"k": "v"}]}),
        ('t.#(k=="v")#.x', "1", '{"t":[{"k":"v"},{},{"k":"v"}]}', {"t": [{"k": "v", "x": 1}, {}, {"k": "v", "x": 1}]}),
        ('t.#(k=="v").x', "1", '{"t":[]}', {"t": []}),
        ('t.#(k=="v")', "1", '{"t":[{"k":"v"}]}', {"t": [1]}),
        ("a.b", None, '{"a":{"b":1,"c":2}}', {"a": {"c": 2}}),
        ("a.b.c", None, '{"a":{"c":2}}', {"a": {"c": 2}}),
        ("a.0", None, '{"a":[1,2]}', {"a": [2]}),
        ("a.-1", None, '{"a":[1,2]}', {"a": [1]}),
        ("a.-1", None, '{"a":[]}', {"a": []}),
        ('t.#(k=="v")#', None, '{"t":[{"k":"v"},{"k":"u"},{"k":"v"}]}', {"t": [{"k": "u"}]}),
        ('t.#(k=="v")#.d', None, '{"t":[{"k":"v","d":1},{"d":2}]}', {"t": [{"k": "v"}, {"d": 2}]}),
    ],
)  # fmt: skip
def test_a_path_is_set_and_taken_out_as_sjson_does_it(path: str, raw: str | None, before: str, after: Any) -> None:
    assert edited(path, raw, before) == after


@given(naive.written(), naive.PATHS, naive.VALUES)
def test_setting_agrees_with_plain_python(made: tuple[dict[str, Any], bytes], path: list[str], new: Any) -> None:
    plain, body = made
    try:
        expected = naive.put(plain, path, new)
    except ValueError:
        expected = plain
    assert edited(naive.spelled(path), json.dumps(new), body.decode()) == expected


@given(naive.written(), naive.PATHS)
def test_taking_out_agrees_with_plain_python(made: tuple[dict[str, Any], bytes], path: list[str]) -> None:
    plain, body = made
    assert edited(naive.spelled(path), None, body.decode()) == naive.cut(plain, path)


@given(naive.written(), naive.PATHS, naive.VALUES)
def test_setting_what_is_there_already_changes_no_byte(
    made: tuple[dict[str, Any], bytes], path: list[str], new: Any
) -> None:
    _, body = made
    where = parse_for_editing(naive.spelled([name for name in path if name != "-1"] or ["a"]))
    once = document.read(body)
    (place,) = places.resolve(once, where)
    raw = json.dumps(new).encode()
    places.put(once, place, raw)
    again = document.read(once.raw)
    assert places.put(again, place, raw) is False
    assert again.raw == once.raw


@given(naive.written(), naive.PATHS)
def test_other_members_keep_their_bytes(made: tuple[dict[str, Any], bytes], path: list[str]) -> None:
    _, body = made
    before = {key: value.raw for key, value in document.read(body).fields()}
    value = document.read(body)
    (place,) = places.resolve(value, parse_for_editing(naive.spelled(path)))
    places.put(value, place, b'"new"')
    after = {key: value.raw for key, value in document.read(value.raw).fields()}
    assert {key: raw for key, raw in after.items() if key != path[0]} == {
        key: raw for key, raw in before.items() if key != path[0]
    }


@pytest.mark.parametrize(
    "path",
    [
        "",
        " ",
        "a..b",
        ".a",
        "a.",
        "a.#(x",
        'a.#(x=="y")b',
        "a|b",
        "@this",
        "a.#x",
        "a.#()",
        "a.#(x==1||)",
        "a.#(x==~true)",
    ],
)
def test_a_path_that_can_not_be_read_says_so(path: str) -> None:
    with pytest.raises(ValueError, match="holds"):
        parse(path)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a*b*c", "abc", True),
        ("a*b*c", "a b b c", True),
        ("a*b*c", "acb", False),
        ("*b*b", "ab", False),
        ("*", "", True),
        ("**a", "ba", True),
        ("?*?", "ab", True),
        ("?*?", "a", False),
        ("a?c", "a\nc", True),
        (r"\**\?", "*x?", True),
        (r"\**\?", "xx?", False),
        ("a.c", "abc", False),
        ("*a*a*a*a*a*!", "a" * 20_000, False),
        ("*?a*?a*?a*", "a" * 20_000, True),
    ],
)  # fmt: skip
def test_any_text_and_any_character_are_found_soon(pattern: str, text: str, expected: bool) -> None:
    started_s = time.process_time()
    assert (wild(pattern).fullmatch(text) is not None) is expected
    assert time.process_time() - started_s < 2


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_stars_agree_with_plain_python(pattern: str, text: str) -> None:
    plain = re.compile(pattern.replace("*", ".*").replace("?", "."))
    assert (wild(pattern).fullmatch(text) is None) == (plain.fullmatch(text) is None)


@pytest.mark.parametrize("path", ["a.*", "a.b?", "a.#", "a.#.b"])
def test_a_path_that_stands_for_many_can_not_be_set(path: str) -> None:
    parse(path)
    with pytest.raises(ValueError, match="can't be set"):
        parse_for_editing(path)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (b"1", b"1.0", True),
        (b"1", b"true", False),
        (b"0", b"false", False),
        (b'{"a":1,"b":[2]}', b'{ "b" : [2.0], "a": 1 }', True),
        (b'"\\u00e9"', '"é"'.encode(), True),
        (b"[1]", b"[1,1]", False),
        (b"null", b"0", False),
    ],
)
def test_values_are_the_same_when_they_mean_the_same(left: bytes, right: bytes, same: bool) -> None:
    value = document.Value(left)
    assert places.is_same(value, right) is same


@given(st.text(st.sampled_from('ab.#()"\\*?=:-10&|~'), max_size=12))
def test_any_text_is_a_path_or_is_refused_with_a_reason(text: str) -> None:
    try:
        path = parse(text)
    except ValueError:
        return
    list(places.find(document.read(BODY), path))


def test_what_is_behind_a_place_that_is_not_there_is_not_filled_without_end() -> None:
    assert edited(f"a.{places.MOST_FILLED}", "1", "{}") == {"a": [None] * places.MOST_FILLED + [1]}
    assert edited(f"a.{places.MOST_FILLED + 1}", "1", "{}") == {}
    assert edited(f"a.b.{places.MOST_FILLED + 1}.c", "1", '{"a": 5}') == {"a": 5}
