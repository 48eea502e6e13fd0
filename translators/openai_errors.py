"""Errors in the words of OpenAI and of everyone compatible: theirs in neutral words, and ours in theirs."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from translators.errors import ErrorKind, GatewayError, UpstreamError, kind_of_status
from translators.http_errors import MAX_MESSAGE, hint_s, retry_after_s, text_of
from translators.jsonio import ENCODER, UNREADABLE

KIND_OF_WORD: Final[Mapping[str, ErrorKind]] = {
    "invalid_request_error": ErrorKind.INVALID_REQUEST,
    "context_length_exceeded": ErrorKind.INVALID_REQUEST,
    "tool_use_failed": ErrorKind.INVALID_REQUEST,
    "authentication_error": ErrorKind.AUTHENTICATION,
    "invalid_api_key": ErrorKind.AUTHENTICATION,
    "insufficient_quota": ErrorKind.BILLING,
    "insufficient_balance": ErrorKind.BILLING,
    "billing_hard_limit_reached": ErrorKind.BILLING,
    "billing_not_active": ErrorKind.BILLING,
    "permission_error": ErrorKind.PERMISSION,
    "permission_denied": ErrorKind.PERMISSION,
    "not_found_error": ErrorKind.NOT_FOUND,
    "model_not_found": ErrorKind.NOT_FOUND,
    "request_too_large": ErrorKind.TOO_LARGE,
    "rate_limit_error": ErrorKind.RATE_LIMIT,
    "rate_limit_exceeded": ErrorKind.RATE_LIMIT,
    "tokens": ErrorKind.RATE_LIMIT,
    "requests": ErrorKind.RATE_LIMIT,
    "timeout": ErrorKind.TIMEOUT,
    "overloaded": ErrorKind.OVERLOADED,
    "overloaded_error": ErrorKind.OVERLOADED,
    "engine_overloaded": ErrorKind.OVERLOADED,
    "service_unavailable": ErrorKind.OVERLOADED,
    "server_error": ErrorKind.SERVER,
    "internal_server_error": ErrorKind.SERVER,
    "api_error": ErrorKind.SERVER,
}

STATUS_OF_KIND: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID_REQUEST: 400,
    ErrorKind.AUTHENTICATION: 401,
    ErrorKind.BILLING: 429,
    ErrorKind.PERMISSION: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.RATE_LIMIT: 429,
    ErrorKind.TIMEOUT: 504,
    ErrorKind.OVERLOADED: 503,
    ErrorKind.SERVER: 500,
}

WORDS: Final[Mapping[ErrorKind, tuple[str, str | None]]] = {
    ErrorKind.INVALID_REQUEST: ("invalid_request_error", None),
    ErrorKind.AUTHENTICATION: ("authentication_error", "invalid_api_key"),
    ErrorKind.BILLING: ("insufficient_quota", "insufficient_quota"),
    ErrorKind.PERMISSION: ("permission_error", None),
    ErrorKind.NOT_FOUND: ("invalid_request_error", "model_not_found"),
    ErrorKind.TOO_LARGE: ("invalid_request_error", "request_too_large"),
    ErrorKind.RATE_LIMIT: ("rate_limit_error", "rate_limit_exceeded"),
    ErrorKind.TIMEOUT: ("server_error", "timeout"),
    ErrorKind.OVERLOADED: ("server_error", "overloaded"),
    ErrorKind.SERVER: ("server_error", None),
}
"""Type and code of each kind."""


def decode_error(status: int, body: bytes, headers: Mapping[str, str]) -> GatewayError:
    """What the vendor said, in any of the forms that compatibles have been seen to use. Never raises."""
    try:
        said = msgspec.json.decode(body)
    except UNREADABLE:
        said = None
    error = read_error(said, status) if said else _plain(body, status)
    after_s = retry_after_s(headers)
    error.retry_after_s = hint_s(str(error)) if after_s is None else after_s
    return error


def read_error(said: Any, status: int = 0) -> UpstreamError:
    """An error out of any JSON: `{"error": {...}}`, `{"error": "text"}`, `{"message"}`, `{"detail"}`, lists of those.

    `status` 0: HTTP said 200, so the body must tell.
    """
    if isinstance(said, list):
        said = next((item for item in said if isinstance(item, dict)), {"message": _text(said)})
    if not isinstance(said, dict):
        said = {"message": _text(said)}
    inner = said.get("error") or said.get("errors") or said
    if isinstance(inner, list):
        inner = inner[0] if inner else {}
    fields = inner if isinstance(inner, dict) else {**said, "message": inner}
    code, word = _word(fields.get("code")), _word(fields.get("type"))
    status = status or _status(fields) or _status(said)
    kind = _kind(code, word, status)
    message = _text(fields.get("message") or fields.get("detail") or fields.get("msg") or said.get("message"))
    message += _cause(fields.get("metadata"))
    status = status or STATUS_OF_KIND[kind]
    param = fields.get("param")
    return UpstreamError(
        kind,
        message[: 10 * MAX_MESSAGE] or f"the upstream reported an error (status {status})",
        status=status,
        code=code,
        param=param if isinstance(param, str) else None,
    )


def _kind(code: str | None, word: str | None, status: int) -> ErrorKind:
    """The code says most. `invalid_request_error` is the type of nearly every 4xx and says least."""
    telling = word if not status or word != "invalid_request_error" else None
    return KIND_OF_WORD.get(code or "") or KIND_OF_WORD.get(telling or "") or kind_of_status(status or 500)


def _status(fields: Mapping[str, Any]) -> int:
    for key in ("status_code", "status", "code", "http_status"):
        value = fields.get(key)
        if isinstance(value, str) and value.isdecimal() and value.isascii():
            value = int(value[:4])
        if type(value) is int and 400 <= value < 600:
            return value
    return 0


def _word(value: object) -> str | None:
    """A code that is a word; numbers are statuses."""
    return value if isinstance(value, str) and value and not value.isdigit() else None


def _cause(metadata: object) -> str:
    """OpenRouter hands on what its own upstream said."""
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f": {raw[:MAX_MESSAGE]}" if isinstance(raw, str) and raw else ""


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else ENCODER.encode(value).decode()


def _plain(body: bytes, status: int) -> UpstreamError:
    """A proxy's HTML page, or some text: one line of it."""
    line = text_of(body)
    start = f"the upstream answered with status {status}" if status else "the upstream reported an error"
    message = start + (f": {line}" if line else "")
    return UpstreamError(kind_of_status(status or 500), message[:MAX_MESSAGE], status=status or 500)


def encode_error(error: GatewayError) -> bytes:
    """The body of an error reply."""
    word, code = WORDS[error.kind]
    said = {"message": str(error), "type": word, "param": error.param, "code": error.code or code}
    return ENCODER.encode({"error": said})


def error_frame(error: GatewayError) -> bytes:
    """The frame that ends a stream in an error: the SDKs raise on a chunk with `error`, so nothing comes after it."""
    return b"data: " + encode_error(error) + b"\n\n"
