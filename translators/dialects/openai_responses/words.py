"""What the vendor's words mean."""

from collections.abc import Mapping
from typing import Final

from translators.errors import ErrorKind
from translators.events import StopReason

NAME: Final = "openai_responses"

PARAGRAPH: Final = "\n\n"
"""What stands between two pieces of a summary."""

SEAL: Final = "gAAAAA"
"""How OpenAI's encrypted content begins, until 2106: a Fernet token's version, then its time. Source: Fernet spec."""

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
    "invalid_request": ErrorKind.INVALID_REQUEST,
    "bad_request_error": ErrorKind.INVALID_REQUEST,
    "unauthorized": ErrorKind.AUTHENTICATION,
    "token_expired": ErrorKind.AUTHENTICATION,
    "forbidden": ErrorKind.PERMISSION,
    "not_found": ErrorKind.NOT_FOUND,
    "too_many_requests": ErrorKind.RATE_LIMIT,
    "usage_limit_reached": ErrorKind.RATE_LIMIT,
    "usage_not_included": ErrorKind.RATE_LIMIT,
    "vector_store_timeout": ErrorKind.TIMEOUT,
    "server_is_overloaded": ErrorKind.OVERLOADED,
    "service_unavailable_error": ErrorKind.OVERLOADED,
    "slow_down": ErrorKind.OVERLOADED,
}
"""Types and codes beyond those that chat completions have too."""

USAGE_LIMIT: Final = "usage_limit_reached"
"""The type by which Codex knows that a plan's quota is used up; it then reads when that ends."""

DISCONNECTED: Final = "stream_disconnected"
"""Our code for a stream that ended before its end."""
