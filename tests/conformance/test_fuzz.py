"""Whatever a client or a vendor sends: an answer, a BadRequest with a path or an UpstreamError; nothing else."""

import contextlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.judges import targets
from tests.conformance.material import DIALECTS, REPLY_PAIRS, REQUEST_PAIRS, client_requests, name_of, recordings
from translators import BadRequest, UpstreamError, stream_of, translate_reply, translate_request
from translators.audit import audit
from translators.dialect import Context, Target
from translators.registry import dialect

SEEDS = {
    name: [json.loads(path.read_bytes()) for path in recordings(name, ".request.json")]
    + [body for _, body in client_requests(name)]
    for name in DIALECTS
}
REPLIES = {name: [json.loads(path.read_bytes()) for path in recordings(name, ".json")] for name in DIALECTS}

each_pair = pytest.mark.parametrize(("source", "other"), REQUEST_PAIRS, ids=map(name_of, REQUEST_PAIRS))
each_reply_pair = pytest.mark.parametrize(("source", "other"), REPLY_PAIRS, ids=map(name_of, REPLY_PAIRS))
each_dialect = pytest.mark.parametrize("name", DIALECTS)


def check_never_fails(body: bytes, source: str, other: str, target: Target | None = None) -> None:
    try:
        request = translate_request(body, source, other, target=target)
    except BadRequest as error:
        complaint = error.path
    else:
        complaint = "$"
        json.loads(request.body, parse_int=str)  # Python's own reader takes no number of 5000 digits.
        request.body.decode()
        assert all(loss.path.startswith("$") and loss.reason for loss in request.losses)
    assert complaint.startswith("$")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", " ", "text", "user", "auto", "\u2028"])
)
ODD: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "role", "content", "text", "name", "id", "input"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def with_value(value: Any, place: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    """The same JSON with what stands at a place changed."""
    if not place:
        return change(value)
    key, rest = place[0], place[1:]
    if isinstance(value, dict):
        return {**value, key: with_value(value[key], rest, change)}
    return [with_value(one, rest, change) if index == key else one for index, one in enumerate(value)]


@st.composite
def mutated(draw: st.DrawFn, seeds: list[Any]) -> Any:
    """A recording with some values replaced, lost or doubled."""
    value = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(value)))
        odd = draw(ODD)
        match draw(st.sampled_from(["replace", "lose", "double"])):
            case "replace":
                value = with_value(value, place, partial(_always, odd))
            case "lose":
                value = with_value(value, place, lambda old: old[1:] if isinstance(old, str | list) else None)
            case _:
                value = with_value(value, place, lambda old: [*old, *old] if isinstance(old, list) else [old])
    return value


def _always(odd: Any, _: Any) -> Any:
    return odd


@each_pair
@given(data=st.data())
@settings(max_examples=150)
def test_a_damaged_request_is_translated_or_refused_with_a_path(source: str, other: str, data: st.DataObject) -> None:
    if not SEEDS[source]:
        pytest.skip("no recordings")
    body = json.dumps(data.draw(mutated(SEEDS[source]))).encode()
    check_never_fails(body, source, other, data.draw(st.sampled_from(targets(other))))


@each_pair
@given(value=ODD)
@settings(max_examples=80)
def test_any_json_is_translated_or_refused_with_a_path(source: str, other: str, value: Any) -> None:
    check_never_fails(json.dumps(value).encode(), source, other)
    check_never_fails(json.dumps({"model": "m", "max_tokens": 5, "messages": value}).encode(), source, other)


@each_pair
@given(data=st.data())
@settings(max_examples=80)
def test_damaged_bytes_are_translated_or_refused(source: str, other: str, data: st.DataObject) -> None:
    if not SEEDS[source]:
        pytest.skip("no recordings")
    body = json.dumps(data.draw(st.sampled_from(SEEDS[source])), ensure_ascii=data.draw(st.booleans())).encode()
    at = data.draw(st.integers(0, len(body)))
    junk = data.draw(
        st.binary(max_size=3) | st.sampled_from([b"\\ud800", b'"', b"1e999", b"NaN", b"9" * 5000, b"[", b"\\u0000"])
    )
    check_never_fails(body[:at] + junk + body[at + data.draw(st.integers(0, 5)) :], source, other)


SCHEMA_WORDS = [
    "type",
    "format",
    "properties",
    "items",
    "$ref",
    "$defs",
    "enum",
    "anyOf",
    "allOf",
    "required",
    "minItems",
]
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    SCALARS | st.sampled_from(["object", "array", "string", "#/$defs/x", "#"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(SCHEMA_WORDS), inner, max_size=4),
    max_leaves=8,
)
ASKING_WITH: dict[str, Callable[[Any], dict[str, Any]]] = {
    "anthropic": lambda schema: {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "tools": [{"name": "f", "input_schema": schema, "strict": True}],
    },
    "openai_chat": lambda schema: {
        "messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema, "strict": True}}],
    },
    "gemini": lambda schema: {
        "contents": [{"parts": [{"text": "hi"}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseSchema": schema},
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": schema}]}],
    },
}


@pytest.mark.parametrize(
    ("source", "other"), [pair for pair in REQUEST_PAIRS if pair[0] in ASKING_WITH], ids=lambda name: name
)
@given(schema=SCHEMAS, data=st.data())
@settings(max_examples=150)
def test_any_json_as_a_schema_is_translated_or_refused_with_a_path(
    source: str, other: str, schema: Any, data: st.DataObject
) -> None:
    body = json.dumps({"model": "m", **ASKING_WITH[source](schema)}).encode()
    check_never_fails(body, source, other, data.draw(st.sampled_from(targets(other))))


def request_with(value: bytes, place: str) -> bytes:
    """A request that is fine but for the value put into it, as bytes."""
    fields = {"content": b'"hello"', "schema": b"{}", "extra": b"1", place: value}
    schema, content, extra = fields["schema"], fields["content"], fields["extra"]
    return (
        b'{"model":"m","max_tokens":10,"messages":[{"role":"user","content":%b}],"tools":[{"type":"function","name":"a",'
        b'"input_schema":%b,"function":{"name":"a","parameters":%b}}],"metadata":%b}'
    ) % (content, schema, schema, extra)


NO_JSON = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a lone surrogate": b'"\\ud800"',
    "a lone surrogate in a key": b'{"\\udc00":1}',
    "bad UTF-8": b'"\xff"',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "half": b'{"a":',
}


@each_pair
@pytest.mark.parametrize("place", ["content", "schema", "extra"])
@pytest.mark.parametrize("value", NO_JSON.values(), ids=NO_JSON.keys())
def test_what_is_no_json_is_refused_wherever_it_stands(source: str, other: str, place: str, value: bytes) -> None:
    with pytest.raises(BadRequest):
        translate_request(request_with(value, place), source, other)


@each_pair
@pytest.mark.parametrize("place", ["content", "schema", "extra"])
@pytest.mark.parametrize(
    "value",
    [
        b"9" * 400,
        b"-" + b"9" * 5000,
        b"1" * 5000 + b".5",
        b'"\\u0000"',
        b'""',
        b"{}",
        b"[]",
        b"null",
        b'{"anyOf":[1e999]}',
    ],
)
def test_odd_values_are_translated_or_refused(source: str, other: str, place: str, value: bytes) -> None:
    try:
        request = translate_request(request_with(value, place), source, other)
    except BadRequest as error:
        assert error.path.startswith("$")  # noqa: PT017
    else:
        assert request.body


@each_dialect
@pytest.mark.parametrize("value", NO_JSON.values(), ids=NO_JSON.keys())
def test_peeking_and_auditing_refuse_what_is_no_json(name: str, value: bytes) -> None:
    with pytest.raises(BadRequest):
        audit(value, name)
    if not dialect(name).model_in_path:
        with pytest.raises(BadRequest):
            dialect(name).peek(value)


@each_dialect
@given(value=ODD)
def test_peeking_at_any_json_gives_a_model_or_a_bad_request(name: str, value: Any) -> None:
    for body in (value, {"model": value}, {"model": "m", "stream": value}):
        with contextlib.suppress(BadRequest):
            assert isinstance(dialect(name).peek(json.dumps(body).encode()).model, str)


@each_reply_pair
@given(data=st.data())
@settings(max_examples=100)
def test_a_damaged_reply_is_translated_or_an_upstream_error(source: str, other: str, data: st.DataObject) -> None:
    if not REPLIES[source]:
        pytest.skip("no recordings")
    body = json.dumps(data.draw(mutated(REPLIES[source]) | ODD)).encode()
    with contextlib.suppress(UpstreamError):
        json.loads(translate_reply(body, source, other))
    with contextlib.suppress(UpstreamError):
        stream_of(body, source, other)


@pytest.mark.parametrize("other", [other for source, other in REPLY_PAIRS if source == "openai_chat"])
def test_bytes_of_a_token_that_are_none_break_no_reply(other: str) -> None:
    token = {"token": "é", "logprob": -0.5, "bytes": [195, -1, 256, 10**40]}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "é"}}
    body = {
        "id": "x",
        "model": "m",
        "choices": [{**choice, "logprobs": {"content": [{**token, "top_logprobs": [token]}]}}],
    }
    json.loads(translate_reply(json.dumps(body).encode(), "openai_chat", other))
    assert stream_of(json.dumps(body).encode(), "openai_chat", other)


@each_reply_pair
@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[]", *NO_JSON.values()], ids=range(4 + len(NO_JSON)))
def test_what_is_no_reply_is_an_upstream_error(source: str, other: str, body: bytes) -> None:
    for way in (translate_reply, stream_of):
        with pytest.raises(UpstreamError):
            way(body, source, other)


@each_dialect
@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[]", b'{"a":"\\ud800"}'])
def test_what_is_no_reply_cannot_be_renamed_either(name: str, body: bytes) -> None:
    with pytest.raises(UpstreamError):
        translate_reply(body, name, name, context=Context(model="n"))
