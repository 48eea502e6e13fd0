"""Vendors' refusals in neutral words, and ours in chat's."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.dialects.openai_chat import DIALECT
from translators.errors import BadRequest, ErrorKind, GatewayError, UpstreamError


def decode(status: int, body: Any, **headers: str) -> GatewayError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DIALECT.decode_error(status, raw, {key.replace("_", "-"): value for key, value in headers.items()})


def openai_error(message: str, word: str | None = None, code: str | int | None = None, **rest: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": word, "code": code, **rest}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, openai_error("no", "invalid_request_error"), ErrorKind.INVALID_REQUEST, "no"),
        (401, openai_error("no", "invalid_request_error", "invalid_api_key"), ErrorKind.AUTHENTICATION, "no"),
        (404, openai_error("no", "invalid_request_error", "model_not_found"), ErrorKind.NOT_FOUND, "no"),
        (429, openai_error("no", "insufficient_quota", "insufficient_quota"), ErrorKind.BILLING, "no"),
        (429, openai_error("no", "tokens", "rate_limit_exceeded"), ErrorKind.RATE_LIMIT, "no"),
        (402, openai_error("no", "unknown_error"), ErrorKind.BILLING, "no"),
        (500, openai_error("no", "server_error"), ErrorKind.SERVER, "no"),
        (503, {"error": "no capacity"}, ErrorKind.OVERLOADED, "no capacity"),
        (403, {"message": "no"}, ErrorKind.PERMISSION, "no"),
        (
            422,
            {"detail": [{"loc": ["body"], "msg": "bad"}]},
            ErrorKind.INVALID_REQUEST,
            '[{"loc":["body"],"msg":"bad"}]',
        ),
        (400, [openai_error("no")], ErrorKind.INVALID_REQUEST, "no"),
        (400, {"errors": [{"message": "no"}]}, ErrorKind.INVALID_REQUEST, "no"),
        (429, {"error": "no", "code": "rate_limit_exceeded"}, ErrorKind.RATE_LIMIT, "no"),
        (400, {"error": {}}, ErrorKind.INVALID_REQUEST, "the upstream reported an error (status 400)"),
        (502, openai_error("up", code=502, metadata={"raw": "down"}), ErrorKind.SERVER, "up: down"),
        (
            502,
            b"<html><head><title>x</title></head><h1>Bad  gateway</h1>",
            ErrorKind.SERVER,
            "the upstream answered with status 502: Bad gateway",
        ),
        (524, b"", ErrorKind.SERVER, "the upstream answered with status 524"),
    ],
)
def test_every_form_of_an_error_is_understood(status: int, body: Any, kind: ErrorKind, message: str) -> None:
    error = decode(status, body)
    assert (error.kind, error.status, str(error)) == (kind, status, message)


def test_code_and_param_are_kept() -> None:
    error = decode(400, openai_error("no", "invalid_request_error", "unsupported_parameter", param="max_tokens"))
    assert (error.code, error.param) == ("unsupported_parameter", "max_tokens")


def test_a_body_that_is_no_json_gives_one_short_line() -> None:
    assert len(str(decode(500, b"x" * 100_000))) <= 300


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry_after_ms": "1500", "Retry_After": "9"}, "", 1.5),
        ({"Retry_After": "9"}, "", 9.0),
        ({"retry_after": "Fri, 20 Nov 2026 12:00:30 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, "", 30.0),
        ({"retry_after": "Fri, 20 Nov 2026 12:00:30 GMT"}, "", None),
        ({"retry_after": "soon"}, "", None),
        ({}, "Rate limit reached. Please try again in 6m0s. Visit ...", 360.0),
        ({}, "Please try again in 1.2s.", 1.2),
        ({}, "Please try again in 320ms.", 0.32),
        ({}, "Please try again in a while", None),
    ],
)
def test_retry_hints(headers: dict[str, str], message: str, seconds: float | None) -> None:
    assert decode(429, openai_error(message or "slow"), **headers).retry_after_s == pytest.approx(seconds)


@given(st.integers(400, 599), st.binary(max_size=50) | st.text(max_size=30).map(lambda text: json.dumps(text).encode()))
def test_no_body_makes_it_raise(status: int, body: bytes) -> None:
    assert decode(status, body).status == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"code": 1e400, "message": {"a": 1}}}',
        b'{"error": [[]]}',
        b"[[]]",
        b"3",
        b'{"error": {"code": "\\u0663", "metadata": 3}}',
    ],
)
def test_odd_bodies_are_errors_all_the_same(body: bytes) -> None:
    assert str(decode(500, body))


@pytest.mark.parametrize(
    ("error", "wire"),
    [
        (
            BadRequest("$.messages[0].role", "a role"),
            ("invalid_request_error", None, "messages[0].role", "$.messages[0].role: expected a role"),
        ),
        (
            UpstreamError(ErrorKind.AUTHENTICATION, "m", status=401),
            ("authentication_error", "invalid_api_key", None, "m"),
        ),
        (UpstreamError(ErrorKind.BILLING, "m", status=429), ("insufficient_quota", "insufficient_quota", None, "m")),
        (UpstreamError(ErrorKind.NOT_FOUND, "m", status=404), ("invalid_request_error", "model_not_found", None, "m")),
        (UpstreamError(ErrorKind.RATE_LIMIT, "m", status=429), ("rate_limit_error", "rate_limit_exceeded", None, "m")),
        (UpstreamError(ErrorKind.SERVER, "m", status=500, code="x"), ("server_error", "x", None, "m")),
    ],
)
def test_our_errors_in_chats_words(error: GatewayError, wire: tuple[Any, ...]) -> None:
    said = json.loads(DIALECT.encode_error(error))["error"]
    assert (said["type"], said["code"], said["param"], said["message"]) == wire


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_comes_back_as_itself(kind: ErrorKind) -> None:
    body = DIALECT.encode_error(UpstreamError(kind, "m", status=418))
    assert DIALECT.decode_error(418, body, {}).kind is kind
