"""JSON in and out: what is refused and where, and edits that leave the rest as it is."""

import contextlib
import json
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Raw, Struct

from translators import jsonio
from translators.errors import BadRequest


class Message(Struct):
    role: Literal["user", "assistant"]
    text: str = ""


class Request(Struct):
    model: str
    messages: list[Message] = []
    limit: Annotated[int, Meta(ge=1)] = 1
    opaque: Raw = Raw(b"null")


REQUEST = msgspec.json.Decoder(Request)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"{}", "$.model: expected a value: it is required"),
        (b'{"model":5}', "$.model: expected str, got int"),
        (b'{"model":"m","messages":[{"role":"user"},{}]}', "$.messages[1].role: expected a value: it is required"),
        (b'{"model":"m","messages":[{"role":"x"}]}', "$.messages[0].role: expected a known value, not 'x'"),
        (b'{"model":"m","messages":{}}', "$.messages: expected array, got object"),
        (b'{"model":"m","limit":0}', "$.limit: expected int >= 1"),
        (b"[]", "$: expected object, got array"),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_a_complaint_names_the_path_and_what_should_stand_there(body: bytes, complaint: str) -> None:
    with pytest.raises(BadRequest) as caught:
        jsonio.read(REQUEST, body)
    assert str(caught.value) == complaint
    assert caught.value.path == complaint.partition(":")[0]


def test_a_complaint_cannot_be_forged_by_what_a_client_wrote() -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "x' - at `$.model`"}]}).encode()
    with pytest.raises(BadRequest) as caught:
        jsonio.read(REQUEST, body)
    assert caught.value.path == "$.messages[0].role"


def test_a_complaint_repeats_no_long_text() -> None:
    with pytest.raises(BadRequest) as caught:
        jsonio.read(REQUEST, json.dumps({"model": "m", "messages": [{"role": "x" * 1000}]}).encode())
    assert len(str(caught.value)) < 200


def test_a_complaint_may_stand_inside_a_larger_body() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"role":5}', type=Message)
    assert jsonio.bad_request(caught.value, "$.messages[3]").path == "$.messages[3].role"


BAD = {
    "nothing": b"",
    "half a body": b'{"model":"m"',
    "two bodies": b'{"model":"m"}{}',
    "a number that JSON does not know": b'{"model":"m","opaque":NaN}',
    "an unknown escape": b'{"model":"m","opaque":"\\q"}',
    "a control character": b'{"model":"m","opaque":"\n"}',
    "bad UTF-8": b'{"model":"\xff"}',
    "bad UTF-8 in a part that is not read": b'{"model":"m","opaque":{"a":"\xff"}}',
    "an overlong letter": b'{"model":"m","opaque":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"model":"m","opaque":"\xed\xa0\x80"}',
    "a lone high surrogate": b'{"model":"\\ud800"}',
    "a lone low surrogate": b'{"model":"\\udc00"}',
    "a lone surrogate in a part that is not read": b'{"model":"m","opaque":["\\udc00"]}',
    "a lone surrogate in a key": b'{"model":"m","opaque":{"\\ud800":1}}',
    "two high surrogates": b'{"model":"\\ud83d\\ud83d"}',
    "deep nesting": b'{"model":"m","opaque":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "UTF-16": '{"model":"m"}'.encode("utf-16"),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_is_no_json_text_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        jsonio.read(REQUEST, body)
    with pytest.raises(BadRequest):
        jsonio.top_level(body)


def test_a_pair_of_surrogates_is_a_letter() -> None:
    assert jsonio.read(REQUEST, b'{"model":"\\ud83d\\ude00"}').model == "😀"


@pytest.mark.parametrize("letter", ["é", "日", "😀"])
def test_a_letter_may_lie_across_any_two_pieces_of_a_long_body(letter: str) -> None:
    for shift in range(8):
        body = json.dumps({"model": "x" * (2**15 - 16 + shift) + letter * 10}, ensure_ascii=False).encode()
        assert jsonio.read(REQUEST, body).model.endswith(letter)
        with pytest.raises(BadRequest):
            jsonio.read(REQUEST, body.replace(letter.encode() + b'"', letter.encode()[:-1] + b'"'))


def test_the_words_of_an_escape_may_stand_in_a_text() -> None:
    assert jsonio.read(REQUEST, b'{"model":"\\\\ud800"}').model == "\\ud800"


@given(st.binary() | st.text().map(str.encode))
def test_no_body_raises_anything_else(body: bytes) -> None:
    with contextlib.suppress(BadRequest):
        jsonio.read(REQUEST, body)


def test_an_edit_leaves_the_bytes_of_every_other_value() -> None:
    body = b'{ "a" : { "b" : [1,  2.50, 1e2] }, "model":"m", "c": "\\u00e9" }'
    assert jsonio.with_fields(body, {"model": "n", "stream": True}) == (
        b'{"a":{ "b" : [1,  2.50, 1e2] },"model":"n","c":"\\u00e9","stream":true}'
    )


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b"no"])
def test_only_an_object_can_be_edited(body: bytes) -> None:
    with pytest.raises(BadRequest):
        jsonio.with_fields(body, {"model": "n"})


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_is_a_json_string(text: str) -> None:
    assert json.loads(jsonio.quoted(text)) == text
