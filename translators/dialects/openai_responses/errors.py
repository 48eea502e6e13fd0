"""Errors: what vendors of this dialect say, in neutral words; and ours, in theirs."""

import re
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz
from typing import Any, Final

import msgspec

from translators.dialects.openai_responses.words import (
    KIND_OF_WORD,
    REQUEST_CODES,
    STATUS_OF_KIND,
    USAGE_LIMIT,
    WORDS,
)
from translators.errors import ErrorKind, GatewayError, UpstreamError, kind_of_status
from translators.jsonio import ENCODER

MAX_LINE: Final = 300
MAX_MESSAGE: Final = 3000

_TAG: Final = re.compile(r"<(script|style|head)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_AT_CAPACITY: Final = re.compile(r"\bmodel is at capacity\b", re.IGNORECASE)
_CONTEXT: Final = re.compile(r"context[ _](?:window|length)|maximum context|too many tokens", re.IGNORECASE)
_TRY_AGAIN: Final = re.compile(
    r"try again in (?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m(?!s))?(?:(?P<seconds>\d+(?:\.\d+)?)\s?s(?:econds?)?)?"
    r"(?:(?P<milliseconds>\d+(?:\.\d+)?)ms)?",
    re.IGNORECASE,
)
_FAILED_ID: Final = "resp_000000000000000000000000"


def decode_error(status: int, body: bytes, headers: Mapping[str, str]) -> GatewayError:
    """What the vendor said: OpenAI's object, the Codex backend's `detail`, xAI's flat form, text. Never raises."""
    lower = {key.lower(): value for key, value in headers.items()}
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    now_s = _date_s(lower.get("date"))
    error = read_error(said, status, now_s) if said else _plain(body, status)
    told_s = _told_s(lower, now_s)
    error.retry_after_s = error.retry_after_s if told_s is None else told_s
    return error


def read_error(said: Any, status: int = 0, now_s: float | None = None) -> UpstreamError:
    """An error out of any JSON. `status` 0: HTTP said 200, so the words must tell.

    `now_s`: the vendor's clock where it is known.
    """
    fields = _fields(said)
    word, code = _word(fields.get("type")), _word(fields.get("code"))
    if word == "error":  # An event's own type.
        word = _word(fields.get("error_type"))
    message = _text(fields.get("message") or fields.get("detail") or fields.get("msg")) or code or word or ""
    status = status or _status(fields)
    kind = _kind(code, word, message, status)
    param = fields.get("param")
    return UpstreamError(
        kind,
        message[:MAX_MESSAGE] or "the upstream reported an error without saying which",
        status=status or STATUS_OF_KIND[kind],
        code=code or (word if word == USAGE_LIMIT else None),
        param=param if isinstance(param, str) else None,
        retry_after_s=_resets_s(fields, now_s) or _hint_s(message),
    )


def encode_error(error: GatewayError) -> bytes:
    """The body of an error reply."""
    return ENCODER.encode({"error": _said(error)})


def error_frame(error: GatewayError) -> bytes:
    """What ends a stream in an error, wherever it stands.

    OpenAI's API sends both events. SDKs raise at the first, whose error stands there twice because half of them read
    the documented flat form. Codex steps over that and reads the second.
    """
    said = _said(error)
    flat = {"code": said["code"], "message": said["message"], "param": said["param"]}
    event = {"type": "error", "sequence_number": 0, **flat, "error": said}
    response = {
        "id": _FAILED_ID,
        "object": "response",
        "created_at": 0,
        "status": "failed",
        "error": said,
        "incomplete_details": None,
        "model": "",
        "output": [],
        "usage": None,
    }
    failed = {"type": "response.failed", "sequence_number": 1, "response": response}
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
    """The error object in whatever wrapping: `error`, `detail`, `response.error`, a list of one, or bare text."""
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
    return said


def _kind(code: str | None, word: str | None, message: str, status: int) -> ErrorKind:
    """The code says most; `invalid_request_error` is the type of nearly every 4xx and says least."""
    if code in REQUEST_CODES or "image" in (code or ""):
        return ErrorKind.INVALID_REQUEST
    if _AT_CAPACITY.search(message):
        return ErrorKind.RATE_LIMIT
    telling = word if not status or word != "invalid_request_error" else None
    known = KIND_OF_WORD.get(code or "") or KIND_OF_WORD.get(telling or "")
    if known is None and not status and _CONTEXT.search(message):
        return ErrorKind.INVALID_REQUEST
    return known or kind_of_status(status or 502)


def _status(fields: Mapping[str, Any]) -> int:
    for key in ("status_code", "status", "code"):
        value = fields.get(key)
        if isinstance(value, str) and value.isdecimal() and value.isascii():
            value = int(value[:4])
        if type(value) is int and 400 <= value < 600:
            return value
    return 0


def _word(value: object) -> str | None:
    """A code that is a word, in lower case; numbers are statuses."""
    return value.strip().lower() if isinstance(value, str) and value and not value.isdigit() else None


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else ENCODER.encode(value).decode()


def _plain(body: bytes, status: int) -> UpstreamError:
    """A proxy's HTML page, or some text: one line of it."""
    page = body[: 64 * MAX_LINE].decode("utf-8", "replace")
    line = " ".join(_TAG.sub(" ", page).split())
    start = f"the upstream answered with status {status}" if status else "the upstream reported an error"
    message = start + (f": {line}" if line else "")
    return UpstreamError(kind_of_status(status or 502), message[:MAX_LINE], status=status or 502)


# When it may be asked again


def _told_s(headers: Mapping[str, str], now_s: float | None) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    after = headers.get("retry-after")
    seconds = _number(after)
    then_s = _date_s(after)
    if seconds is None and then_s is not None and now_s is not None:
        seconds = max(0.0, then_s - now_s)
    return seconds


def _resets_s(fields: Mapping[str, Any], now_s: float | None) -> float | None:
    """Of a usage limit: `resets_at` is a Unix time."""
    at_s, in_s = _number(fields.get("resets_at")), _number(fields.get("resets_in_seconds"))
    if at_s and now_s is not None and at_s > now_s:
        return at_s - now_s
    return in_s or None


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and 0 <= number < 1e11 else None


def _date_s(text: str | None) -> float | None:
    date = parsedate_tz(text) if text else None
    try:
        return None if date is None else float(mktime_tz(date))
    except (ValueError, OverflowError):
        return None


def _hint_s(message: str) -> float | None:
    """OpenAI says it in words: `Please try again in 6m0s`, `in 1.2s`, `in 320ms`."""
    match = _TRY_AGAIN.search(message)
    if match is None or not any(match.groups()):
        return None
    found = {unit: float(value or 0) for unit, value in match.groupdict().items()}
    return found["hours"] * 3600 + found["minutes"] * 60 + found["seconds"] + found["milliseconds"] / 1000
