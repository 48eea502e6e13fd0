"""What vendors say when they refuse, and what we say."""

import json
from typing import Any

import pytest

from translators.dialects.openai_responses import DIALECT
from translators.errors import BadRequest, ErrorKind, UpstreamError

DATE = "Thu, 09 Oct 2025 08:53:20 GMT"
"""1 760 000 000"""

REFUSALS: list[tuple[int, Any, ErrorKind, str | None, str]] = [
    (400, {"detail": "Unsupported parameter: user"}, ErrorKind.INVALID_REQUEST, None, "Unsupported parameter: user"),
    (400, {"detail": {"code": "model_not_found", "message": "no"}}, ErrorKind.NOT_FOUND, "model_not_found", "no"),
    (403, {"code": "bad-credentials", "error": "no"}, ErrorKind.PERMISSION, "bad-credentials", "no"),
    (429, {"error": {"type": "usage_limit_reached", "message": "x"}}, ErrorKind.RATE_LIMIT, "usage_limit_reached", "x"),
    (401, {"error": {"code": "invalid_api_key", "message": "x"}}, ErrorKind.AUTHENTICATION, "invalid_api_key", "x"),
    (
        400,
        {"error": {"code": "previous_response_not_found", "message": "x"}},
        ErrorKind.INVALID_REQUEST,
        "previous_response_not_found",
        "x",
    ),
    (404, {"error": {"message": "x", "type": "invalid_request_error"}}, ErrorKind.NOT_FOUND, None, "x"),
    (500, [{"error": {"message": "x"}}], ErrorKind.SERVER, None, "x"),
    (503, "busy", ErrorKind.OVERLOADED, None, "busy"),
]


@pytest.mark.parametrize(("status", "said", "kind", "code", "message"), REFUSALS)
def test_a_refusal_is_understood(status: int, said: Any, kind: ErrorKind, code: str | None, message: str) -> None:
    error = DIALECT.decode_error(status, json.dumps(said).encode(), {})
    assert (error.kind, error.status, error.code, str(error)) == (kind, status, code, message)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null", b"0", b"<html><title>502</title></html>", b"[" * 5000])
def test_anything_else_is_a_line_of_text(body: bytes) -> None:
    error = DIALECT.decode_error(502, body, {})
    assert (error.kind, error.status) == (ErrorKind.SERVER, 502)
    assert "\n" not in str(error)


LIMIT = {"type": "usage_limit_reached", "message": "x"}
HINTS: list[tuple[dict[str, Any], dict[str, str], float | None]] = [
    ({**LIMIT, "resets_at": 1_760_000_600, "resets_in_seconds": 5}, {"Date": DATE}, 600.0),
    ({**LIMIT, "resets_at": 1_760_000_600, "resets_in_seconds": 5}, {}, 5.0),
    ({**LIMIT, "resets_at": 1_700_000_000, "resets_in_seconds": 5}, {"Date": DATE}, 5.0),
    ({**LIMIT, "resets_in_seconds": 5}, {"retry-after": "1"}, 5.0),
    ({"message": "x"}, {"retry-after": "7"}, 7.0),
    ({"message": "Please try again in 320ms."}, {}, 0.32),
    ({"message": "Please try again in 6m0s."}, {}, 360.0),
    ({"message": "x", "resets_at": "soon", "resets_in_seconds": [1]}, {}, None),
]


@pytest.mark.parametrize(("said", "headers", "seconds"), HINTS)
def test_when_it_may_be_asked_again(said: dict[str, Any], headers: dict[str, str], seconds: float | None) -> None:
    assert DIALECT.decode_error(429, json.dumps({"error": said}).encode(), headers).retry_after_s == seconds


def test_an_error_of_ours_is_openais_object() -> None:
    error = json.loads(DIALECT.encode_error(BadRequest("$.input[0].role", "a known role")))
    assert error == {
        "error": {
            "type": "invalid_request_error",
            "code": None,
            "message": "$.input[0].role: expected a known role",
            "param": "input[0].role",
        }
    }


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_comes_back_as_itself(kind: ErrorKind) -> None:
    error = UpstreamError(kind, "x", status=500)
    again = DIALECT.decode_error(0, DIALECT.encode_error(error), {})
    assert again.kind is kind


def test_a_plan_that_is_used_up_keeps_its_type_and_its_end() -> None:
    """Codex tells it by the type."""
    error = UpstreamError(ErrorKind.RATE_LIMIT, "x", status=429, code="usage_limit_reached", retry_after_s=59.6)
    said = json.loads(DIALECT.encode_error(error))["error"]
    assert (said["type"], said["resets_in_seconds"]) == ("usage_limit_reached", 60)


def test_the_frame_says_it_to_sdks_and_to_codex() -> None:
    """Codex reads response.failed only: openai/codex, codex-api/src/sse/responses.rs."""
    frames = DIALECT.error_frame(UpstreamError(ErrorKind.RATE_LIMIT, "x", status=429)).decode().split("\n\n")
    assert frames[-1] == ""
    (first, first_data), (second, second_data) = (frame.split("\ndata: ") for frame in frames[:-1])
    assert (first, second) == ("event: error", "event: response.failed")
    said, failed = json.loads(first_data), json.loads(second_data)
    assert (said["type"], said["code"], said["message"], said["param"]) == ("error", "rate_limit_exceeded", "x", None)
    assert said["error"] == failed["response"]["error"]
    assert failed["response"]["status"] == "failed"
    assert [said["sequence_number"], failed["sequence_number"]] == [0, 1]
