"""Errors: one field. The status says what kind it is."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from translators.errors import GatewayError, UpstreamError, kind_of_status
from translators.http_errors import described, retry_after_s
from translators.jsonio import ENCODER, UNREADABLE


class _Said(Struct):
    error: str


_SAID: Final = msgspec.json.Decoder(_Said)


def decode_error(status: int, body: bytes, headers: Mapping[str, str]) -> UpstreamError:
    """What a refusal says, in neutral words. Never raises."""
    try:
        message = _SAID.decode(body).error
    except UNREADABLE:
        message = described(status, body, headers)
    return UpstreamError(kind_of_status(status), message, status=status, retry_after_s=retry_after_s(headers))


def encode_error(error: GatewayError) -> bytes:
    """The body of an error reply."""
    return ENCODER.encode({"error": str(error)})


def error_frame(error: GatewayError) -> bytes:
    """The line that ends a stream in an error."""
    return encode_error(error) + b"\n"
