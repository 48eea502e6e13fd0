"""Errors: what vendors of this dialect say beyond OpenAI's common words, in neutral words; and ours, in theirs."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from translators import openai_errors
from translators.dialects.openai_responses.words import KIND_OF_WORD, REQUEST_CODES, USAGE_LIMIT
from translators.errors import ErrorKind, GatewayError, UpstreamError
from translators.http_errors import date_s, header, hint_s
from translators.jsonio import ENCODER, UNREADABLE
from translators.openai_errors import STATUS_OF_KIND, WORDS

FAILED_STATUS: Final = 502
"""What HTTP would have said where a stream fails without a word that tells why."""

_AT_CAPACITY: Final = re.compile(r"\bmodel is at capacity\b", re.IGNORECASE)
_CONTEXT: Final = re.compile(r"context[ _](?:window|length)|maximum context|too many tokens", re.IGNORECASE)
_NOBODY: Final[Mapping[str, object]] = {
    "id": "resp_000000000000000000000000",
    "object": "response",
    "created_at": 0,
    "incomplete_details": None,
    "model": "",
    "output": [],
    "usage": None,
}
"""A reply that failed before it was one."""
_CODE_OF_KIND: Final[Mapping[ErrorKind, str]] = {ErrorKind.INVALID_REQUEST: "invalid_prompt"}
"""A failed reply has a code always. Source: those by which Codex knows that it is no use to ask again."""


def decode_error(status: int, body: bytes, headers: Mapping[str, str]) -> GatewayError:
    """What the vendor said: OpenAI's object, the Codex backend's `detail`, xAI's flat form, text. Never raises."""
    plain = openai_errors.decode_error(status, body, headers)
    try:
        said = msgspec.json.decode(body)
    except UNREADABLE:
        return plain
    error = read_error(said, status, date_s(header(headers, "date"))) if said else plain
    if plain.retry_after_s is not None and error.code != USAGE_LIMIT:
        error.retry_after_s = plain.retry_after_s
    return error


def read_error(said: Any, status: int = 0, now_s: float | None = None) -> UpstreamError:
    """An error out of any JSON. `status` 0: HTTP said 200, so the words must tell.

    `now_s`: the vendor's clock where it is known.
    """
    fields = _fields(said)
    error = openai_errors.read_error({"error": fields}, status)
    code, word = _word(fields.get("code")), _word(fields.get("type"))
    named = code in REQUEST_CODES or "image" in (code or "")
    known = ErrorKind.INVALID_REQUEST if named else KIND_OF_WORD.get(code or "") or KIND_OF_WORD.get(word or "")
    if known is None and not status:
        known = _kind_of_message(str(error), error.kind)
    if known is not None and known is not error.kind:
        error.kind = known
        error.status = status or STATUS_OF_KIND[known]
    if not status and error.status == STATUS_OF_KIND[ErrorKind.SERVER]:
        error.status = FAILED_STATUS
    if USAGE_LIMIT in (code, word):
        error.code = USAGE_LIMIT
    error.retry_after_s = _resets_s(fields, now_s) or hint_s(str(error))
    return error


def encode_error(error: GatewayError) -> bytes:
    """The body of an error reply."""
    return ENCODER.encode({"error": _said(error)})


def error_frame(error: GatewayError) -> bytes:
    """What ends a stream in an error, wherever it stands."""
    return failed_frames(error, 0, _NOBODY)


def failed_frames(error: GatewayError, number: int, response: Mapping[str, object]) -> bytes:
    """The frames of a stream that fails at this point; `number`: of the first. `response`: what is known of it.

    OpenAI's API sends both events. SDKs raise at the first, whose error stands there twice because half of them read
    the documented flat form. Codex steps over that and reads the second; by its code it knows whether to ask again.
    """
    said = _said(error)
    flat = {"code": said["code"], "message": said["message"], "param": said["param"]}
    event = {"type": "error", "sequence_number": number, **flat, "error": said}
    why = {**said, "code": said["code"] or _CODE_OF_KIND.get(error.kind, "server_error")}
    ended = {**response, "status": "failed", "error": why}
    failed = {"type": "response.failed", "sequence_number": number + 1, "response": ended}
    return b"event: error\ndata: %b\n\nevent: response.failed\ndata: %b\n\n" % (
        ENCODER.encode(event),
        ENCODER.encode(failed),
    )


def _said(error: GatewayError) -> dict[str, object]:
    word, code = WORDS[error.kind]
    said: dict[str, object] = {"type": word, "code": error.code or code, "message": str(error), "param": error.param}
    if error.code == USAGE_LIMIT:
        said["type"] = USAGE_LIMIT
        if error.retry_after_s is not None:
            said["resets_in_seconds"] = round(error.retry_after_s)
    return said


def _fields(said: Any) -> Mapping[str, Any]:
    """The error object in whatever wrapping: `error`, `detail`, a list of one, or bare text."""
    if isinstance(said, list):
        said = next((item for item in said if isinstance(item, dict)), said)
    if not isinstance(said, dict):
        return {"message": said}
    for key in ("error", "detail"):
        inner = said.get(key)
        if isinstance(inner, dict):
            return inner
        if isinstance(inner, str) and inner:
            return {**said, "message": inner}
    return {name: value for name, value in said.items() if value is not None}


def _word(value: object) -> str | None:
    return value.strip().lower() if isinstance(value, str) else None


def _kind_of_message(message: str, kind: ErrorKind) -> ErrorKind | None:
    """Some failures have no code, only well-known words."""
    if _AT_CAPACITY.search(message):
        return ErrorKind.RATE_LIMIT
    return ErrorKind.INVALID_REQUEST if kind is ErrorKind.SERVER and _CONTEXT.search(message) else None


# When it may be asked again


def _resets_s(fields: Mapping[str, Any], now_s: float | None) -> float | None:
    """Of a plan that is used up: `resets_at` is a Unix time."""
    at_s, in_s = _number(fields.get("resets_at")), _number(fields.get("resets_in_seconds"))
    if at_s is not None and now_s is not None and at_s > now_s:
        return at_s - now_s
    return in_s or None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e11 else None
