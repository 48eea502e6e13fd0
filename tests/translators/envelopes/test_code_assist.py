"""Gemini's words go into the envelope and come out of it unchanged, however a stream is cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import OURS
from tests.support.streams import splits
from translators.envelopes import antigravity, code_assist
from translators.errors import BadRequest

REQUEST = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}], "generationConfig": {"maxOutputTokens": 5}}
BODY = json.dumps(REQUEST).encode()
STREAM = (OURS / "gemini" / "thoughts-then-parallel-calls.sse").read_bytes().replace(b"\r", b"")


def test_a_request_comes_out_as_it_went_in() -> None:
    wrapped = code_assist.wrap_request(BODY, model="gemini-m", project="p", prompt_id="1", session_id="s")
    assert json.loads(wrapped)["request"]["session_id"] == "s"
    model, body = code_assist.unwrap_request(wrapped)
    assert (model, json.loads(body)) == ("gemini-m", REQUEST)


def test_a_count_names_the_model_within() -> None:
    model, body = code_assist.unwrap_request(code_assist.wrap_count(BODY, model="gemini-m"))
    assert (model, json.loads(body)) == ("gemini-m", {"contents": REQUEST["contents"]})


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"[]", "$"),
        (b'{"model":"m"}', "$.request"),
        (b'{"request":{"contents":[]}}', "$.model"),
        (b'{"model":"m","request":[]}', "$.request"),
        (b'{"model":7,"request":{}}', "$.model"),
    ],
)
def test_a_bad_envelope_is_complained_about_with_its_path(body: bytes, path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        code_assist.unwrap_request(body)
    assert caught.value.path == path


def test_a_reply_comes_out_as_it_went_in_and_an_error_has_no_envelope() -> None:
    reply, error = b'{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}', b'{"error":{"code":429}}'
    wrapped = code_assist.wrap_reply(reply, "t")
    assert json.loads(wrapped)["traceId"] == "t"
    assert code_assist.unwrap_reply(wrapped) == reply
    assert code_assist.wrap_reply(error, "t") == error
    for body in (error, reply, b"<html>", b'{"response":', b""):
        assert code_assist.unwrap_reply(body) == body


@given(st.data())
def test_a_stream_comes_out_as_it_went_in_whatever_the_cuts(data: st.DataObject) -> None:
    wrapper, unwrapper = code_assist.StreamWrapper("t"), code_assist.StreamUnwrapper()
    wrapped = b"".join([*map(wrapper.feed, data.draw(splits(STREAM))), wrapper.close()])
    assert wrapped.count(b'"traceId":"t"') == STREAM.count(b"data:")
    out = b"".join([*map(unwrapper.feed, data.draw(splits(wrapped))), unwrapper.close()])
    assert out == STREAM


def test_antigravity_checks_the_calls_of_claude_against_schemas_that_ask_for_something() -> None:
    functions = [
        {"name": "none"},
        {"name": "empty", "parametersJsonSchema": {"type": "object", "properties": {}}},
        {"name": "some", "parametersJsonSchema": {"type": "object", "properties": {"a": {"type": "string"}}}},
    ]
    body = json.dumps({**REQUEST, "tools": [{"functionDeclarations": functions}, {"googleSearch": {}}]}).encode()
    wrapped, losses = wrap(body, "claude-sonnet-4-5")
    request = wrapped["request"]
    assert (losses, request["toolConfig"]["functionCallingConfig"]) == ((), {"mode": "VALIDATED"})
    given = [function["parameters"].get("required") for function in request["tools"][0]["functionDeclarations"]]
    assert given == [["reason"], ["reason"], None]
    assert request["tools"][1] == {"googleSearch": {}}
    assert request["generationConfig"] == REQUEST["generationConfig"]


def test_antigravity_takes_no_limit_for_gemini_and_says_so() -> None:
    wrapped, losses = wrap(json.dumps({**REQUEST, "safetySettings": []}).encode(), "gemini-3-pro")
    assert (wrapped["model"], wrapped["project"], wrapped["userAgent"]) == ("gemini-3-pro", "p", "cliproxy")
    assert wrapped["request"] == {"contents": REQUEST["contents"], "generationConfig": {}, "sessionId": "s"}
    assert losses == ("$.safetySettings", "$.generationConfig.maxOutputTokens")


def wrap(body: bytes, model: str) -> tuple[Any, tuple[str, ...]]:
    wrapped, losses = antigravity.wrap_request(
        body, model=model, project="p", request_id="1", session_id="s", agent="cliproxy"
    )
    return json.loads(wrapped), tuple(loss.path for loss in losses)
