"""Errors, both ways: before a reply, and inside one."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators.dialects.anthropic.reply_wire import ABSENT
from translators.errors import ErrorKind, GatewayError, UpstreamError, kind_of_status
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
MAX_MESSAGE: Final = 300
_MARKUP: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


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
    message = (said and said.message) or _described(status, body, headers)
    kind = KINDS.get((said and said.type) or "", kind_of_status(status))
    return UpstreamError(kind, message, status=status, retry_after_s=_retry_after(headers))


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


def _described(status: int, body: bytes, headers: Mapping[str, str]) -> str:
    """One line about a body that no program was meant to read."""
    kind = _header(headers, "content-type").partition(";")[0].strip()
    text = " ".join(_MARKUP.sub(" ", body[:20000].decode("utf-8", "replace")).split())
    line = f"the upstream answered {status} with {kind or 'a body of no stated type' if body else 'an empty body'}"
    return (f"{line}: {text}" if text else line)[:MAX_MESSAGE]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        seconds = float(_header(headers, "retry-after"))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
