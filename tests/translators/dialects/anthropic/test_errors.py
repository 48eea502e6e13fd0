"""Errors are read from whatever an upstream answers, and told in Anthropic's words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.dialects.anthropic import DIALECT
from translators.dialects.anthropic.errors import KINDS, STATUSES, WORDS
from translators.errors import BadRequest, ErrorKind, UpstreamError


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_comes_back_as_itself(kind: ErrorKind) -> None:
    body = DIALECT.encode_error(UpstreamError(kind, "words", status=STATUSES[kind]))
    error = DIALECT.decode_error(STATUSES[kind], body, {})
    assert (error.kind, str(error), error.status) == (kind, "words", STATUSES[kind])
    assert KINDS[WORDS[kind]] is kind


def test_a_bad_request_names_its_path() -> None:
    body = json.loads(DIALECT.encode_error(BadRequest("$.model", "string")))
    assert body == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "$.model: expected string"},
    }
    frame = DIALECT.error_frame(BadRequest("$.model", "string"))
    assert frame.startswith(b'event: error\ndata: {"type":"error"')
    assert frame.endswith(b"\n\n")


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0.5", 0.5), ("soon", None), ("-1", None), ("nan", None), ("inf", None)]
)
def test_the_hint_when_to_try_again(value: str, seconds: float | None) -> None:
    assert DIALECT.decode_error(429, b"", {"retry-after": value}).retry_after_s == seconds
    assert DIALECT.decode_error(429, b"", {"Retry-After": value}).retry_after_s == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (429, b'{"error":"slow down"}', ErrorKind.RATE_LIMIT, "slow down"),
        (400, b'{"detail":"no"}', ErrorKind.INVALID_REQUEST, "no"),
        (403, b'{"message":"no"}', ErrorKind.PERMISSION, "no"),
        (400, b'{"type":"error","error":{"type":"billing_error","message":"pay"}}', ErrorKind.BILLING, "pay"),
        (404, b'{"error":{"type":"of_next_year","message":"m"}}', ErrorKind.NOT_FOUND, "m"),
        (500, b"", ErrorKind.SERVER, "the upstream answered 500 with an empty body"),
        (503, b"busy\n now", ErrorKind.OVERLOADED, "the upstream answered 503 with text/html: busy now"),
        (
            502,
            b"<html><style>p{}</style><h1>Bad  gateway</h1></html>",
            ErrorKind.SERVER,
            "the upstream answered 502 with text/html: Bad gateway",
        ),
    ],
)
def test_every_body_gives_a_line(status: int, body: bytes, kind: ErrorKind, message: str) -> None:
    error = DIALECT.decode_error(status, body, {"content-type": "text/html; charset=utf-8"})
    assert (error.kind, str(error), error.status) == (kind, message, status)


@given(st.integers(400, 599), st.binary(max_size=400) | st.text(max_size=400).map(lambda text: f"<p>{text}".encode()))
def test_no_body_makes_it_raise(status: int, body: bytes) -> None:
    error = DIALECT.decode_error(status, body, {})
    assert len(str(error)) <= 300
    assert "\n" not in str(error) or body.startswith(b"{")
