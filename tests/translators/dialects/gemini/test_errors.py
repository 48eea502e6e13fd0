"""Errors in Google's words, both ways."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.dialects.gemini.errors import decode_error, encode_error, error_frame
from translators.errors import BadRequest, ErrorKind, GatewayError, UpstreamError


def body(code: int, word: str, *details: Any, message: str = "m") -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": word, "details": details}}).encode()


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (400, "INVALID_ARGUMENT", ErrorKind.INVALID_REQUEST),
        (400, "FAILED_PRECONDITION", ErrorKind.INVALID_REQUEST),
        (401, "UNAUTHENTICATED", ErrorKind.AUTHENTICATION),
        (403, "PERMISSION_DENIED", ErrorKind.PERMISSION),
        (404, "NOT_FOUND", ErrorKind.NOT_FOUND),
        (409, "ABORTED", ErrorKind.INVALID_REQUEST),
        (429, "RESOURCE_EXHAUSTED", ErrorKind.RATE_LIMIT),
        (500, "INTERNAL", ErrorKind.SERVER),
        (502, "UNAVAILABLE", ErrorKind.OVERLOADED),
        (503, "UNAVAILABLE", ErrorKind.OVERLOADED),
        (504, "DEADLINE_EXCEEDED", ErrorKind.TIMEOUT),
        (418, "SOMETHING_NEW", ErrorKind.INVALID_REQUEST),
    ],
)
def test_a_refusal_has_a_kind(status: int, word: str, kind: ErrorKind) -> None:
    error = decode_error(status, body(status, word), {})
    assert (error.kind, error.status, str(error)) == (kind, status, "m")


def test_a_bad_key_is_one_though_its_status_is_400() -> None:
    error = decode_error(400, body(400, "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}), {})
    assert (error.kind, error.status, error.code) == (ErrorKind.AUTHENTICATION, 400, "API_KEY_INVALID")


@pytest.mark.parametrize(
    ("details", "headers", "seconds"),
    [
        ([{"retryDelay": "34.074824224s"}], {}, 34.074824224),
        ([{"violations": []}, {"retryDelay": "0s"}], {}, 0.0),
        ([{"retryDelay": "34s"}], {"Retry-After": "5"}, 5.0),
        ([{"retryDelay": "soon"}], {}, None),
        ([{"retryDelay": 5}, {"reason": 5}, 5], {}, None),
        ("odd", {}, None),
        ([], {"retry-after": "soon"}, None),
    ],
)
def test_when_to_come_back_is_read(details: Any, headers: dict[str, str], seconds: float | None) -> None:
    said = json.dumps({"error": {"code": 429, "message": "m", "details": details}}).encode()
    assert decode_error(429, said, headers).retry_after_s == seconds


def test_the_refusal_of_a_stream_is_a_list_of_one() -> None:
    error = decode_error(404, b"[" + body(404, "NOT_FOUND", message="no such model") + b"\n]", {})
    assert (error.kind, str(error)) == (ErrorKind.NOT_FOUND, "no such model")


def test_an_error_that_is_just_words_is_read() -> None:
    assert str(decode_error(500, b'{"error": "boom"}', {})) == "boom"


@pytest.mark.parametrize("said", [b"", b"<html><b>Bad</b> Gateway</html>", b"[]", b"[5]", b"null", b'{"error": 5}'])
def test_what_nobody_can_read_is_described(said: bytes) -> None:
    error = decode_error(502, said, {"content-type": "text/html; charset=utf-8"})
    assert str(error).startswith("the upstream answered 502 with")
    assert "<" not in str(error)


@given(st.integers(300, 599), st.binary(max_size=60))
def test_no_refusal_raises(status: int, said: bytes) -> None:
    assert str(decode_error(status, said, {}))


def test_our_errors_are_worded_as_googles() -> None:
    bad = BadRequest("$.contents[0].role", "user or model")
    assert json.loads(encode_error(bad)) == {
        "error": {
            "code": 400,
            "message": "$.contents[0].role: expected user or model",
            "status": "INVALID_ARGUMENT",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [{"field": "contents[0].role", "description": str(bad)}],
                }
            ],
        }
    }
    resting = UpstreamError(ErrorKind.RATE_LIMIT, "slow down", status=429, code="model_cooldown", retry_after_s=1.5)
    assert json.loads(encode_error(resting))["error"]["details"] == [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "model_cooldown", "domain": "cliproxy"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"},
    ]


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_has_a_word(kind: ErrorKind) -> None:
    error: GatewayError = UpstreamError(kind, "m", status=500)
    [line] = error_frame(error).split(b"\r\n\r\n")[:-1]
    assert json.loads(line.removeprefix(b"data: "))["error"]["status"].isupper()
    assert decode_error(500, encode_error(error), {}).status == 500
