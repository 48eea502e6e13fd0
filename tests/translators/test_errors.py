"""Errors in neutral words."""

import pytest

from translators.errors import BadRequest, ErrorKind, UpstreamError, kind_of_status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.INVALID_REQUEST),
        (401, ErrorKind.AUTHENTICATION),
        (402, ErrorKind.BILLING),
        (403, ErrorKind.PERMISSION),
        (404, ErrorKind.NOT_FOUND),
        (413, ErrorKind.TOO_LARGE),
        (422, ErrorKind.INVALID_REQUEST),
        (429, ErrorKind.RATE_LIMIT),
        (500, ErrorKind.SERVER),
        (502, ErrorKind.SERVER),
        (503, ErrorKind.OVERLOADED),
        (529, ErrorKind.OVERLOADED),
    ],
)
def test_a_status_stands_for_a_kind(status: int, kind: ErrorKind) -> None:
    assert kind_of_status(status) is kind


def test_a_bad_request_names_the_path_for_the_client_too() -> None:
    error = BadRequest("$.messages[3].role", "user or assistant")
    assert str(error) == "$.messages[3].role: expected user or assistant"
    assert (error.status, error.kind, error.param) == (400, ErrorKind.INVALID_REQUEST, "messages[3].role")
    assert BadRequest("$", "valid JSON").param is None


def test_an_upstream_error_keeps_what_the_vendor_said() -> None:
    error = UpstreamError(ErrorKind.RATE_LIMIT, "slow down", status=429, code="rate", param="model", retry_after_s=2.5)
    assert (str(error), error.status, error.code, error.param, error.retry_after_s) == (
        "slow down",
        429,
        "rate",
        "model",
        2.5,
    )
