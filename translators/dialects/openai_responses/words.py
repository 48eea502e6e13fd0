"""What the vendor's words mean."""

from collections.abc import Mapping
from typing import Final

from translators.errors import ErrorKind
from translators.events import StopReason

NAME: Final = "openai_responses"

INCOMPLETE: Final[Mapping[str, StopReason]] = {
    "max_output_tokens": StopReason.LENGTH,
    "max_tokens": StopReason.LENGTH,
    "content_filter": StopReason.REFUSAL,
    "steered": StopReason.PAUSE,
    "max_messages": StopReason.PAUSE,
}
"""Why a reply is incomplete; other reasons count as a limit that was reached."""

UNFINISHED: Final = frozenset(("queued", "in_progress"))
"""States of a whole reply that is still being made in the background."""

REQUEST_CODES: Final = frozenset(
    (
        "bio_policy",
        "context_length_exceeded",
        "context_too_large",
        "cyber_policy",
        "data_residency_mismatch",
        "invalid_encrypted_content",
        "invalid_prompt",
        "invalid_value",
        "misalignment_policy_violation",
        "previous_response_not_found",
        "string_above_max_length",
        "unknown_parameter",
        "unsupported_parameter",
        "unsupported_value",
    )
)
"""Codes that are the request's fault; those of images (`invalid_image_url`, `image_too_large`, ...) are too."""

KIND_OF_WORD: Final[Mapping[str, ErrorKind]] = {
    "invalid_request_error": ErrorKind.INVALID_REQUEST,
    "invalid_request": ErrorKind.INVALID_REQUEST,
    "bad_request_error": ErrorKind.INVALID_REQUEST,
    "authentication_error": ErrorKind.AUTHENTICATION,
    "invalid_api_key": ErrorKind.AUTHENTICATION,
    "unauthorized": ErrorKind.AUTHENTICATION,
    "token_expired": ErrorKind.AUTHENTICATION,
    "insufficient_quota": ErrorKind.BILLING,
    "billing_hard_limit_reached": ErrorKind.BILLING,
    "billing_not_active": ErrorKind.BILLING,
    "permission_error": ErrorKind.PERMISSION,
    "permission_denied": ErrorKind.PERMISSION,
    "forbidden": ErrorKind.PERMISSION,
    "not_found_error": ErrorKind.NOT_FOUND,
    "not_found": ErrorKind.NOT_FOUND,
    "model_not_found": ErrorKind.NOT_FOUND,
    "request_too_large": ErrorKind.TOO_LARGE,
    "rate_limit_error": ErrorKind.RATE_LIMIT,
    "rate_limit_exceeded": ErrorKind.RATE_LIMIT,
    "too_many_requests": ErrorKind.RATE_LIMIT,
    "usage_limit_reached": ErrorKind.RATE_LIMIT,
    "usage_not_included": ErrorKind.RATE_LIMIT,
    "tokens": ErrorKind.RATE_LIMIT,
    "requests": ErrorKind.RATE_LIMIT,
    "timeout": ErrorKind.TIMEOUT,
    "vector_store_timeout": ErrorKind.TIMEOUT,
    "overloaded": ErrorKind.OVERLOADED,
    "overloaded_error": ErrorKind.OVERLOADED,
    "server_is_overloaded": ErrorKind.OVERLOADED,
    "service_unavailable_error": ErrorKind.OVERLOADED,
    "slow_down": ErrorKind.OVERLOADED,
    "server_error": ErrorKind.SERVER,
    "internal_server_error": ErrorKind.SERVER,
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
    ErrorKind.SERVER: 502,
}
"""What HTTP would have said where a stream or a reply with status 200 holds an error."""

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

USAGE_LIMIT: Final = "usage_limit_reached"
"""The type by which Codex knows that a plan's quota is used up; it then reads when that ends."""

DISCONNECTED: Final = "stream_disconnected"
"""Our code for a stream that ended before its end."""
