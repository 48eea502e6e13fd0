"""Errors, both ways: before a reply, and inside one."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators.dialects.anthropic.reply_wire import ABSENT
from translators.errors import ErrorKind, GatewayError, UpstreamError, kind_of_status
from translators.http_errors import described, retry_after_s
from translators.jsonio import ENCODER, UNREADABLE

WORDS: Final[Mapping[ErrorKind, str]] = {
    ErrorKind.INVALID_REQUEST: "invalid_request_error",
    ErrorKind.AUTHENTICATION: "authentication_error",
    ErrorKind.BILLING: "billing_error",
    ErrorKind.PERMISSION: "permission_error",
    ErrorKind.NOT_FOUND: "not_found_error",
    ErrorKind.TOO_LARGE: "request_too_large",
    ErrorKind.RATE_LIMIT: "rate_limit_error",
    ErrorKind.TIMEOUT: "timeout_error",
    ErrorKind.OVERLOADED: "overloaded_error",
    ErrorKind.SERVER: "api_error",
}
KINDS: Final[Mapping[str, ErrorKind]] = {word: kind for kind, word in WORDS.items()}
STATUSES: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID_REQUEST: 400,
    ErrorKind.AUTHENTICATION: 401,
    ErrorKind.BILLING: 402,
    ErrorKind.PERMISSION: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.RATE_LIMIT: 429,
    ErrorKind.TIMEOUT: 504,
    ErrorKind.OVERLOADED: 529,
    ErrorKind.SERVER: 500,
}


class _Error(Struct):
    type: str | None = None
    message: str | None = None


class _Body(Struct):
    """Compatibles also say `{"error": "words"}`, `{"message": …}` and `{"detail": …}`."""

    error: Raw = ABSENT
    message: Raw = ABSENT
    detail: Raw = ABSENT


_BODY: Final = msgspec.json.Decoder(_Body)
_ERROR: Final = msgspec.json.Decoder(_Error)
_TEXT: Final = msgspec.json.Decoder(str)


def decode_error(status: int, body: bytes, headers: Mapping[str, str]) -> GatewayError:
    """What the vendor said."""
    said = _said(body)
    message = (said and said.message) or described(status, body, headers)
    kind = KINDS.get((said and said.type) or "", kind_of_status(status))
    return UpstreamError(kind, message, status=status, retry_after_s=retry_after_s(headers))


def encode_error(error: GatewayError) -> bytes:
    """The body of a refusal."""
    return ENCODER.encode({"type": "error", "error": {"type": WORDS[error.kind], "message": str(error)}})


def error_frame(error: GatewayError) -> bytes:
    """The end of a stream that failed."""
    return b"event: error\ndata: " + encode_error(error) + b"\n\n"


def _said(body: bytes) -> _Error | None:
    try:
        fields = _BODY.decode(body)
    except UNREADABLE:
        return None
    for value in (fields.error, fields.message, fields.detail):
        if value is not ABSENT and (error := error_of(value)) is not None:
            return error
    return None


def error_of(value: Raw) -> _Error | None:
    """An error object, or just its words."""
    try:
        if bytes(value).startswith(b'"'):
            return _Error(message=_TEXT.decode(value))
        return _ERROR.decode(value)
    except UNREADABLE:
        return None
