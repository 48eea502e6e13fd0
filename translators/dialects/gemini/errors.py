"""Errors, both ways: before a reply, and inside one. Source: google.rpc.Status, code.proto and error_details.proto."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.dialects.gemini.wire import ABSENT
from translators.errors import KIND_OF_STATUS, ErrorKind, GatewayError, UpstreamError, kind_of_status
from translators.http_errors import described, retry_after_s
from translators.jsonio import ENCODER, UNREADABLE

WORDS: Final[Mapping[ErrorKind, str]] = {
    ErrorKind.INVALID_REQUEST: "INVALID_ARGUMENT",
    ErrorKind.AUTHENTICATION: "UNAUTHENTICATED",
    ErrorKind.BILLING: "FAILED_PRECONDITION",
    ErrorKind.PERMISSION: "PERMISSION_DENIED",
    ErrorKind.NOT_FOUND: "NOT_FOUND",
    ErrorKind.TOO_LARGE: "INVALID_ARGUMENT",
    ErrorKind.RATE_LIMIT: "RESOURCE_EXHAUSTED",
    ErrorKind.TIMEOUT: "DEADLINE_EXCEEDED",
    ErrorKind.OVERLOADED: "UNAVAILABLE",
    ErrorKind.SERVER: "INTERNAL",
}
STATUSES: Final[Mapping[str, int]] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""What HTTP says for each word. Source: google/rpc/code.proto."""

KINDS_OF_REASONS: Final[Mapping[str, ErrorKind]] = {
    "API_KEY_INVALID": ErrorKind.AUTHENTICATION,
    "API_KEY_EXPIRED": ErrorKind.AUTHENTICATION,
    "BILLING_DISABLED": ErrorKind.BILLING,
}
"""Reasons that say more than their status. Source: google/api/error_reason.proto."""

TYPES: Final = "type.googleapis.com/google.rpc."
_SECONDS: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


class _Detail(Struct, rename="camel"):
    """Of several types, told apart by which field is there."""

    reason: str | None = None
    retry_delay: str | None = None


class ErrorBody(Struct):
    """google.rpc.Status, with HTTP's status as its code and the canonical word as its status."""

    code: Raw = ABSENT
    message: str | None = None
    status: str | None = None
    details: Raw = ABSENT


class _Body(Struct):
    error: Raw = ABSENT


_ERROR: Final = msgspec.json.Decoder(ErrorBody)
_TEXT: Final = msgspec.json.Decoder(str)
_NUMBER: Final = msgspec.json.Decoder(int)
_BODY: Final = msgspec.json.Decoder(_Body)
_BODIES: Final = msgspec.json.Decoder(list[_Body])
_DETAILS: Final = msgspec.json.Decoder(list[Raw])
_DETAIL: Final = msgspec.json.Decoder(_Detail)


def decode_error(status: int, body: bytes, headers: Mapping[str, str]) -> GatewayError:
    """What the vendor said. A stream that was asked for without alt=sse is refused with a list of one."""
    said = _said(body)
    message = (said and said.message) or described(status, body, headers)
    known = ErrorBody() if said is None else said
    after_s = retry_after_s(headers)
    return UpstreamError(
        _kind(known, status),
        message,
        status=status,
        code=_reason(known),
        retry_after_s=_retry_info(known) if after_s is None else after_s,
    )


def encode_error(error: GatewayError) -> bytes:
    """The body of a refusal."""
    status: dict[str, Any] = {"code": error.status, "message": str(error), "status": WORDS[error.kind]}
    details = _details(error)
    if details:
        status["details"] = details
    return ENCODER.encode({"error": status})


def error_frame(error: GatewayError) -> bytes:
    """The end of a stream that failed."""
    return b"data: " + encode_error(error) + b"\r\n\r\n"


def error_of(value: Raw) -> ErrorBody | None:
    """An error object, or just its words; None where there is none."""
    if value is ABSENT:
        return None
    try:
        if bytes(value).startswith(b'"'):
            return ErrorBody(message=_TEXT.decode(value))
        return _ERROR.decode(value)
    except UNREADABLE:
        return None


def upstream_error(said: ErrorBody) -> UpstreamError:
    """An error that came inside a reply, where HTTP gave no status."""
    status = _number(said.code)
    if status is None or not 400 <= status < 600:
        status = STATUSES.get(said.status or "", 500)
    message = said.message or "the upstream failed without a word"
    return UpstreamError(
        _kind(said, status), message, status=status, code=_reason(said), retry_after_s=_retry_info(said)
    )


def _said(body: bytes) -> ErrorBody | None:
    try:
        bodies = _BODIES.decode(body) if body.lstrip()[:1] == b"[" else [_BODY.decode(body)]
    except UNREADABLE:
        return None
    return error_of(bodies[0].error) if bodies else None


def _kind(said: ErrorBody, status: int) -> ErrorKind:
    """By the reason, then by HTTP's status where it is one of those with a meaning of their own, then by the word."""
    kind = KINDS_OF_REASONS.get(_reason(said) or "")
    if kind is not None:
        return kind
    return KIND_OF_STATUS.get(status) or kind_of_status(STATUSES.get(said.status or "", status))


def _reason(said: ErrorBody) -> str | None:
    """ErrorInfo's."""
    return next((detail.reason for detail in _read_details(said) if detail.reason), None)


def _retry_info(said: ErrorBody) -> float | None:
    """RetryInfo's, in seconds."""
    for detail in _read_details(said):
        match = _SECONDS.fullmatch(detail.retry_delay or "")
        if match is not None:
            return float(match[1])
    return None


def _read_details(said: ErrorBody) -> list[_Detail]:
    details: list[_Detail] = []
    try:
        raw = _DETAILS.decode(said.details)
    except UNREADABLE:
        return details
    for one in raw:
        try:
            details.append(_DETAIL.decode(one))
        except UNREADABLE:  # Of a type that says something else by these names.
            continue
    return details


def _details(error: GatewayError) -> list[dict[str, Any]]:
    """What the neutral error knows beyond its kind, in Google's types."""
    details: list[dict[str, Any]] = []
    if error.code is not None:
        details.append({"@type": f"{TYPES}ErrorInfo", "reason": error.code, "domain": "cliproxy"})
    if error.param is not None:
        violation = {"field": error.param, "description": str(error)}
        details.append({"@type": f"{TYPES}BadRequest", "fieldViolations": [violation]})
    if error.retry_after_s is not None:
        details.append({"@type": f"{TYPES}RetryInfo", "retryDelay": f"{error.retry_after_s:.9g}s"})
    return details


def _number(value: Raw) -> int | None:
    try:
        return _NUMBER.decode(value)
    except UNREADABLE:
        return None
